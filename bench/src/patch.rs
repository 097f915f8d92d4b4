//! Places in a serialised body that change with every send.
//!
//! Ids and times are written with byte patterns that cannot occur in UTF-8 text, texts with placeholders of fixed width.
//! One scan after serialisation finds them all; sending is then a copy and some overwriting, far cheaper than building
//! messages.

/// First half of a trace id to be patched; the second half is the place of the trace in its body.
pub(crate) const TRACE_ID: [u8; 8] = [0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfc, 0xfd];
/// Upper half of a time to be patched; the lower half is microseconds after the start of the trace.
pub(crate) const TIME: u64 = 0xfbfb_fbfb_0000_0000;
/// First half of the id of a span in a trace that grows; the second half is its place in the body.
pub(crate) const SPAN_ID: [u8; 4] = [0xfe, 0xfe, 0xff, 0xff];
/// The root of such a trace.
pub(crate) const ROOT_ID: u64 = 1;
pub(crate) const SESSION: &str = "@@SSSS@@";
pub(crate) const TICKET: &str = "@@TTTT@@";
pub(crate) const USER: &str = "@UU@";
pub(crate) const RELEASE: &str = "@@RR@@";
pub(crate) const WORD: &str = "@@WORDSLOT@@";

pub(crate) const RARE_RELEASE: &str = "rarest";
pub(crate) const RARE_WORD: &str = "heliotropism";
const COMMON_RELEASE: &str = "common";
pub(crate) const COMMON_WORD: &str = "unremarkable";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    TraceId,
    SpanId { place: u32 },
    Time { micros: u32 },
    Session,
    Ticket,
    User,
    Release,
    Word,
}

/// A serialised request that can be made new.
#[derive(Debug)]
pub(crate) struct Body {
    bytes: Vec<u8>,
    /// Position, trace within the body, what goes there.
    slots: Vec<(usize, u64, Slot)>,
    pub(crate) traces: u64,
    spans: u64,
}

/// Which traces a body is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Number of the first trace.
    pub(crate) first: u64,
    /// How many bodies of the same traces came before, where that makes a difference.
    pub(crate) part: u64,
}

/// What is known of the trace with a number: the generator and the reader both derive it, so nothing has to be
/// remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceFacts {
    number: u64,
    salt: u64,
}

impl TraceFacts {
    /// `salt` makes the ids of one run differ from those of another.
    pub(crate) fn new(number: u64, salt: u64) -> Self {
        Self { number, salt }
    }

    pub(crate) fn id(self) -> [u8; 16] {
        let high = mix(self.salt ^ self.number);
        let low = mix(high ^ self.salt.rotate_left(17)) | 1;
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }

    pub(crate) fn id_text(self) -> String {
        format!("tr-{:032x}", u128::from_be_bytes(self.id()))
    }

    /// Ten traces share a session.
    pub(crate) fn session(self) -> String {
        format!("{:08}", self.number / 10 % 100_000_000)
    }

    /// One per cent of the traces belong to each user.
    pub(crate) fn user(self) -> String {
        format!("{:04}", mix(self.number) % 100)
    }

    /// No two bodies of a trace have the same.
    fn ticket(self, part: u64) -> String {
        format!("{:08}", (self.number + part * 1_009) % 100_000_000)
    }

    fn release(self) -> &'static str {
        if self.number % 10_000 == 137 {
            RARE_RELEASE
        } else {
            COMMON_RELEASE
        }
    }

    fn word(self) -> &'static str {
        if self.number % 5_000 == 42 {
            RARE_WORD
        } else {
            COMMON_WORD
        }
    }
}

impl Body {
    pub(crate) fn new(bytes: Vec<u8>, traces: u64) -> Self {
        let slots = find_slots(&bytes);
        let ids = slots.iter().filter(|(.., slot)| *slot == Slot::TraceId);
        Self {
            spans: ids.count() as u64,
            bytes,
            slots,
            traces,
        }
    }

    pub(crate) fn spans(&self) -> u64 {
        self.spans
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes the body into `buffer` with the ids and facts of the traces whose turn it is, which start at
    /// `start_nanos`, a millisecond apart.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>, turn: Turn, salt: u64, start_nanos: u64) {
        buffer.clear();
        buffer.extend_from_slice(&self.bytes);
        for &(position, trace, slot) in &self.slots {
            let facts = TraceFacts::new(turn.first + trace, salt);
            let mut put =
                |bytes: &[u8]| buffer[position..position + bytes.len()].copy_from_slice(bytes);
            match slot {
                Slot::TraceId => put(&facts.id()),
                Slot::SpanId { place } => {
                    let before = ROOT_ID + 1 + turn.part * self.spans;
                    put(&(before + u64::from(place)).to_be_bytes());
                }
                Slot::Time { micros } => {
                    put(
                        &(start_nanos + trace * 1_000_000 + u64::from(micros) * 1_000)
                            .to_le_bytes(),
                    );
                }
                Slot::Session => put(facts.session().as_bytes()),
                Slot::Ticket => put(facts.ticket(turn.part).as_bytes()),
                Slot::User => put(facts.user().as_bytes()),
                Slot::Release => put(facts.release().as_bytes()),
                Slot::Word => put(facts.word().as_bytes()),
            }
        }
    }
}

fn find_slots(bytes: &[u8]) -> Vec<(usize, u64, Slot)> {
    const TEXTS: [(&str, Slot); 5] = [
        (SESSION, Slot::Session),
        (TICKET, Slot::Ticket),
        (USER, Slot::User),
        (RELEASE, Slot::Release),
        (WORD, Slot::Word),
    ];
    let time = TIME.to_be_bytes();
    let mut slots = Vec::new();
    let mut trace = 0;
    let mut position = 0;
    while position < bytes.len() {
        let rest = &bytes[position..];
        let (found, length) = if let Some(place) = rest
            .strip_prefix(&TRACE_ID)
            .and_then(|rest| rest.first_chunk())
        {
            // The id is the first field of its span: what follows belongs to this trace.
            trace = u64::from_be_bytes(*place);
            (Slot::TraceId, 16)
        } else if let Some(place) = rest
            .strip_prefix(&SPAN_ID)
            .and_then(|rest| rest.first_chunk())
        {
            let place = u32::from_be_bytes(*place);
            (Slot::SpanId { place }, 8)
        } else if let Some((text, slot)) = TEXTS
            .iter()
            .find(|(text, _)| rest.starts_with(text.as_bytes()))
        {
            (*slot, text.len())
        } else if let (Some(micros), true) =
            (rest.first_chunk(), rest.get(4..8) == Some(&time[..4]))
        {
            (
                Slot::Time {
                    micros: u32::from_le_bytes(*micros),
                },
                8,
            )
        } else {
            position += 1;
            continue;
        };
        slots.push((position, trace, found));
        position += length;
    }
    slots
}

/// The finaliser of `SplitMix64`: neighbours become unrelated.
pub(crate) fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
