//! Writing Protocol Buffers by hand: a span is encoded straight from what was collected, without a tree of messages
//! built first. Source: the encoding guide of Protocol Buffers.

/// A message that grows at its end.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

impl Writer {
    fn tag(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    fn varint(&mut self, mut number: u64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low seven bits are meant"
        )]
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "less than 0x80 by now")]
        self.0.push(number as u8);
    }

    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LENGTH_DELIMITED);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Leaves an empty text out, as proto3 does.
    pub(super) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    pub(super) fn unsigned(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.varint(number);
    }

    pub(super) fn signed(&mut self, field: u32, number: i64) {
        self.unsigned(field, number.cast_unsigned());
    }

    pub(super) fn fixed64(&mut self, field: u32, number: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, field: u32, number: u32) {
        self.tag(field, FIXED32);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn double(&mut self, field: u32, number: f64) {
        self.fixed64(field, number.to_bits());
    }

    /// Writes a message within this one. Its length is known only afterwards: one byte is kept for it, and what was
    /// written moves when more are needed, which costs less than measuring everything first.
    pub(super) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.tag(field, LENGTH_DELIMITED);
        let length_at = self.0.len();
        self.0.push(0);
        write(self);
        let length = self.0.len() - length_at - 1;
        if let Ok(short @ 0..0x80) = u8::try_from(length) {
            self.0[length_at] = short;
            return;
        }
        let end = self.0.len();
        self.varint(length as u64);
        let width = self.0.len() - end;
        let (written, mut digits) = (end - length_at - 1, [0; 10]);
        digits[..width].copy_from_slice(&self.0[end..]);
        let content = length_at + 1;
        self.0
            .copy_within(content..content + written, length_at + width);
        self.0[length_at..length_at + width].copy_from_slice(&digits[..width]);
        self.0.truncate(length_at + width + written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_any_width_stands_before_what_it_measures() {
        for length in [0, 1, 127, 128, 300, 16_383, 16_384, 70_000, 2_097_152] {
            let content = vec![7; length];
            let mut nested = Writer::default();
            nested.message(1, |inner| inner.0.extend_from_slice(&content));
            let mut plain = Writer::default();
            plain.bytes(1, &content);
            assert_eq!(nested.0, plain.0, "{length}");
        }
    }
}
