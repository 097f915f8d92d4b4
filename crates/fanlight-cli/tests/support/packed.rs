//! Compressed bodies by hand: small, exact, and able to lie.

/// RFC 1951 without compression.
pub(crate) fn stored(content: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut chunks = content.chunks(0xffff).peekable();
    while let Some(chunk) = chunks.next() {
        let length = u16::try_from(chunk.len()).unwrap();
        stream.push(u8::from(chunks.peek().is_none()));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(chunk);
    }
    stream
}

pub(crate) fn zlib(content: &[u8]) -> Vec<u8> {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in content {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    [
        &[0x78, 0x01][..],
        &stored(content),
        &(high << 16 | low).to_be_bytes(),
    ]
    .concat()
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [
        GZIP_HEADER,
        &stored(content),
        &crc32(content).to_le_bytes(),
        &length.to_le_bytes(),
    ]
    .concat()
}

const GZIP_HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

fn crc32(content: &[u8]) -> u32 {
    !content.iter().fold(!0, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
        crc
    })
}

pub(crate) fn zstd(content: &[u8]) -> Vec<u8> {
    let mut frame = ZSTD_HEADER.to_vec();
    let mut chunks = content.chunks(ZSTD_BLOCK).peekable();
    while let Some(chunk) = chunks.next() {
        frame.extend(zstd_block(chunks.peek().is_none(), 0, chunk.len()));
        frame.extend_from_slice(chunk);
    }
    frame
}

/// No checksum, no content size, a window of 128 KiB.
const ZSTD_HEADER: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
const ZSTD_BLOCK: usize = 128 << 10;

/// Kind 0 is the content as it is, kind 1 one byte repeated.
fn zstd_block(last: bool, kind: u32, length: usize) -> Vec<u8> {
    let header = u32::from(last) | kind << 1 | u32::try_from(length).unwrap() << 3;
    header.to_le_bytes()[..3].to_vec()
}

/// Four bytes for every 128 KiB of zeros.
pub(crate) fn zstd_bomb(bytes: usize) -> Vec<u8> {
    let mut frame = ZSTD_HEADER.to_vec();
    for _ in 0..bytes.div_ceil(ZSTD_BLOCK) {
        frame.extend(zstd_block(false, 1, ZSTD_BLOCK));
        frame.push(0);
    }
    frame
}

/// Asks its reader for a window of two gigabytes.
pub(crate) fn zstd_with_huge_window() -> Vec<u8> {
    let mut frame = zstd(b"x");
    frame[5] = 21 << 3;
    frame
}

/// Thirteen bits for every 258 zeros: one literal, then matches at distance 1, in the fixed code of RFC 1951.
pub(crate) fn gzip_bomb(bytes: usize) -> Vec<u8> {
    let mut bits = Bits {
        bytes: GZIP_HEADER.to_vec(),
        free: 0,
    };
    bits.push(0b110, 3);
    bits.push(0b0011_0000, 8);
    for _ in 0..bytes.div_ceil(258) {
        bits.push(0b1_1000_1010_0000, 13);
    }
    bits.push(0, 7);
    bits.bytes
}

/// Codes, most significant bit first, filled into bytes from the least significant bit.
struct Bits {
    bytes: Vec<u8>,
    free: u32,
}

impl Bits {
    fn push(&mut self, code: u32, length: u32) {
        for place in (0..length).rev() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let bit = u8::from(code >> place & 1 == 1);
            *self.bytes.last_mut().unwrap() |= bit << (8 - self.free);
            self.free -= 1;
        }
    }
}
