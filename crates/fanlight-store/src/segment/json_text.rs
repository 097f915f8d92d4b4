//! Writing JSON strings. Most of what is stored are texts: they are copied in long pieces, not byte by byte.

/// Appends `text` as a JSON string, quotes included.
pub(super) fn write_string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    while let Some(at) = next_escaped(bytes, copied) {
        out.push_str(&text[copied..at]);
        push_escape(out, bytes[at]);
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

const fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The next byte from `from` on that a JSON string cannot hold as it is.
fn next_escaped(bytes: &[u8], from: usize) -> Option<usize> {
    /// So many are looked at together, which the compiler does without a branch.
    const LANES: usize = 32;
    let mut at = from;
    for lane in bytes[from..].chunks(LANES) {
        if lane
            .iter()
            .fold(false, |found, byte| found | is_escaped(*byte))
        {
            return lane
                .iter()
                .position(|byte| is_escaped(*byte))
                .map(|place| at + place);
        }
        at += lane.len();
    }
    None
}

fn push_escape(out: &mut String, byte: u8) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        0x08 => out.push_str("\\b"),
        0x0c => out.push_str("\\f"),
        control => {
            const DIGITS: [char; 16] = [
                '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
            ];
            out.push_str("\\u00");
            out.push(DIGITS[usize::from(control >> 4)]);
            out.push(DIGITS[usize::from(control & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_are_those_of_serde_json(text in "(.|[\"\\\\\n\t\u{0}-\u{1f}]|é){0,100}") {
            let mut out = String::new();
            write_string(&mut out, &text);
            prop_assert_eq!(out, serde_json::to_string(&text).unwrap());
        }
    }
}
