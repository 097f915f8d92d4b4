//! Events of Amazon's services, cut out of the bytes of a stream. Source: Amazon Transcribe's developer guide, "Event
//! stream encoding", which is that of all of them.

/// Lengths of frame and headers, and a checksum.
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
/// Longer ones do not exist.
const MAX_FRAME: usize = 24 << 20;

/// One event. Checksums are left to the client, which reads the same bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// What it is called, for events.
    pub(super) event: String,
    /// What it is called, for errors.
    pub(super) exception: Option<String>,
    pub(super) payload: Vec<u8>,
}

/// Takes the first frame off, once all of it is there. What is no frame is thrown away, and all that follows.
pub(super) fn take(bytes: &mut Vec<u8>) -> Option<Frame> {
    let length = number(bytes, 0)?;
    if !(PRELUDE + CHECKSUM..=MAX_FRAME).contains(&length) {
        bytes.clear();
        return None;
    }
    if bytes.len() < length {
        return None;
    }
    let frame = read(&bytes[..length]);
    match frame {
        Some(_) => drop(bytes.drain(..length)),
        None => bytes.clear(),
    }
    frame
}

fn read(bytes: &[u8]) -> Option<Frame> {
    let headers_end = PRELUDE.checked_add(number(bytes, 4)?)?;
    let mut frame = Frame::default();
    let mut headers = bytes.get(PRELUDE..headers_end)?;
    while !headers.is_empty() {
        let name_length = usize::from(cut(&mut headers, 1)?[0]);
        let name = cut(&mut headers, name_length)?;
        let value = value(&mut headers)?;
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b":event-type" => frame.event = text(),
            b":exception-type" | b":error-code" => frame.exception = Some(text()),
            _ => {}
        }
    }
    let payload_end = bytes.len().checked_sub(CHECKSUM)?;
    bytes
        .get(headers_end..payload_end)?
        .clone_into(&mut frame.payload);
    Some(frame)
}

/// The value of a header, of whatever type.
fn value<'a>(headers: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = match cut(headers, 1)?[0] {
        // True, and false.
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        // A long, and a time.
        5 | 8 => 8,
        // Bytes, and text.
        6 | 7 => {
            let length = cut(headers, 2)?;
            usize::from(u16::from_be_bytes([length[0], length[1]]))
        }
        // A UUID.
        9 => 16,
        _ => return None,
    };
    cut(headers, length)
}

fn cut<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (cut, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(cut)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(name: &str, value: &str, payload: &[u8]) -> Vec<u8> {
        let mut headers = vec![b'\x02', b'n', b'o', 1];
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
        let length = PRELUDE + headers.len() + payload.len() + CHECKSUM;
        let mut bytes = Vec::new();
        for number in [length, headers.len(), 0] {
            bytes.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
        }
        bytes.extend_from_slice(&headers);
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(&[0; CHECKSUM]);
        bytes
    }

    #[test]
    fn frames_are_cut_wherever_the_bytes_are() {
        let mut all = frame(":event-type", "messageStart", b"{}");
        all.extend(frame(":exception-type", "throttlingException", b"no"));
        let mut pending = Vec::new();
        let mut frames = Vec::new();
        for byte in all {
            pending.push(byte);
            frames.extend(take(&mut pending));
        }
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].event, "messageStart");
        assert_eq!(frames[0].payload, b"{}");
        let exception = frames[1].exception.as_deref();
        assert_eq!(exception, Some("throttlingException"));
        assert!(pending.is_empty());
    }

    #[test]
    fn what_is_no_frame_is_thrown_away() {
        for mut bytes in [vec![0; 40], vec![0xff; 40], {
            let mut broken = frame(":event-type", "x", b"");
            broken[7] = 200;
            broken
        }] {
            assert_eq!(take(&mut bytes), None);
            assert!(bytes.is_empty());
        }
    }
}
