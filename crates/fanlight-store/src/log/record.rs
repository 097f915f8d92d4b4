//! One record of the log, as bytes.

use std::cell::RefCell;

use fanlight_model::Batch;

use crate::StoreError;

/// Version of the payloads this code writes.
pub(crate) const PAYLOAD_VERSION: u8 = 1;
pub(crate) const HEAD_BYTES: usize = 12;
/// zstd 1 halves the bytes to sync six times over at about 700 MB/s; higher levels cost more than they save here.
const COMPRESSION_LEVEL: i32 = 1;

/// What a payload is. Numbers are part of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A zstd-compressed postcard encoding of [`Batch`].
    Batch = 1,
}

/// A record read back: still compressed.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) version: u8,
    pub(crate) kind: u8,
    pub(crate) payload: &'a [u8],
}

/// The whole record of `batch`, head included.
pub(crate) fn encode_batch(batch: &Batch) -> Result<Vec<u8>, StoreError> {
    SCRATCH.with_borrow_mut(|scratch| {
        let record = scratch.encode(batch);
        scratch.shrink();
        record
    })
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Memory for one record after the other: taken anew for each, the system would have to clear it every time.
#[derive(Default)]
struct Scratch {
    plain: Vec<u8>,
    payload: Vec<u8>,
    compressor: Option<zstd::bulk::Compressor<'static>>,
}

impl Scratch {
    /// More than this is given back.
    const KEPT_BYTES: usize = 8 << 20;

    fn encode(&mut self, batch: &Batch) -> Result<Vec<u8>, StoreError> {
        let failed = StoreError::io("compressing", "batch");
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        self.plain = postcard::to_extend(batch, plain).map_err(StoreError::Encode)?;
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            slot => match zstd::bulk::Compressor::new(COMPRESSION_LEVEL) {
                Ok(compressor) => slot.insert(compressor),
                Err(cause) => return Err(failed(cause)),
            },
        };
        self.payload.clear();
        self.payload
            .reserve(zstd::zstd_safe::compress_bound(self.plain.len()));
        match compressor.compress_to_buffer(&self.plain, &mut self.payload) {
            Ok(_) => Ok(frame(Kind::Batch, &self.payload)),
            Err(cause) => Err(failed(cause)),
        }
    }

    fn shrink(&mut self) {
        if self.plain.capacity() > Self::KEPT_BYTES {
            *self = Self::default();
        }
    }
}

fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a batch is bounded far below 4 GiB");
    let head = [PAYLOAD_VERSION, kind as u8, 0, 0];
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    let mut bytes = Vec::with_capacity(HEAD_BYTES + payload.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

impl<'a> Record<'a> {
    /// The record at the start of `bytes` and its length, or why there is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Self, usize), &'static str> {
        let head = bytes
            .first_chunk::<HEAD_BYTES>()
            .ok_or("the record's head is cut")?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let payload = bytes
            .get(HEAD_BYTES..HEAD_BYTES + length)
            .ok_or("the record is cut")?;
        let expected = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
        if crc32c::crc32c_append(crc32c::crc32c(&head[4..8]), payload) != expected {
            return Err("the checksum does not match");
        }
        Ok((
            Self {
                version: head[4],
                kind: head[5],
                payload,
            },
            HEAD_BYTES + length,
        ))
    }

    /// The length the head at the start of `bytes` announces, whatever the rest is.
    pub(crate) fn announced_length(bytes: &[u8]) -> Option<usize> {
        let head = bytes.first_chunk::<4>()?;
        Some(HEAD_BYTES + u32::from_le_bytes(*head) as usize)
    }

    /// The payload decoded. Its checksum held, so its size is what [`encode_batch`] was given.
    pub(crate) fn batch(&self) -> Result<Batch, String> {
        if self.version > PAYLOAD_VERSION || self.kind != Kind::Batch as u8 {
            return Err(format!(
                "record version {}, kind {} is not known",
                self.version, self.kind
            ));
        }
        let plain = zstd::stream::decode_all(self.payload).map_err(|cause| cause.to_string())?;
        postcard::from_bytes(&plain).map_err(|cause| cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_survives_the_log() {
        let batch = Batch {
            received_at: fanlight_model::UnixNanos(7),
            ..Batch::default()
        };
        let bytes = encode_batch(&batch).unwrap();
        let (record, length) = Record::read(&bytes).unwrap();
        assert_eq!(length, bytes.len());
        assert_eq!(record.batch().unwrap(), batch);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = encode_batch(&Batch::default()).unwrap();
        for place in 0..bytes.len() {
            // Bytes 6 and 7 are inside the checksum as well.
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            assert!(Record::read(&damaged).is_err(), "byte {place}");
        }
    }
}
