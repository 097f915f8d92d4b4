//! One record of the log, as bytes.

use std::cell::RefCell;

use fanlight_model::Batch;
use lz4_flex::block::{CompressTable, compress_into_with_table};

use super::prices::Prices;
use crate::StoreError;

/// Version of the payloads this code writes. Version 1 has no prices, versions 1 and 2 are compressed with zstd.
pub(crate) const PAYLOAD_VERSION: u8 = 3;
/// Largest place in a group that a head can hold; groups end before.
pub(crate) const GROUP_RECORDS: u16 = 4096;

/// What a payload is. Numbers are part of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A postcard encoding of [`Batch`], and then of its [`Prices`], compressed: the plain length (u32) and an LZ4 block.
    /// What is written here is read only after a crash, so speed counts more than size.
    Batch = 1,
}

/// Before an LZ4 block.
const LENGTH_BYTES: usize = 4;
/// Bytes before the payload.
pub(crate) const HEAD_BYTES: usize = 20;

/// A record read back: still compressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) version: u8,
    pub(crate) kind: u8,
    pub(crate) numbers: Numbers,
    pub(crate) payload: &'a [u8],
}

/// Where a record belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) seq: u64,
    /// How many records were written and synced together with it, before it.
    pub(crate) place: u16,
}

/// A batch encoded and checksummed, to be framed once its number is known.
#[derive(Debug)]
pub(crate) struct Payload {
    bytes: Vec<u8>,
    crc: u32,
}

pub(crate) fn encode_batch(batch: &Batch) -> Result<Payload, StoreError> {
    SCRATCH.with_borrow_mut(|scratch| {
        let payload = scratch.encode(batch);
        scratch.shrink();
        payload
    })
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Memory for one record after the other: taken anew for each, the system would have to clear it every time.
#[derive(Default)]
struct Scratch {
    plain: Vec<u8>,
    compressed: Vec<u8>,
    table: CompressTable,
}

impl Scratch {
    /// More than this is given back.
    const KEPT_BYTES: usize = 8 << 20;

    fn encode(&mut self, batch: &Batch) -> Result<Payload, StoreError> {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        let plain = postcard::to_extend(batch, plain).map_err(StoreError::Encode)?;
        self.plain = postcard::to_extend(&Prices::of(batch), plain).map_err(StoreError::Encode)?;
        let room = LENGTH_BYTES + lz4_flex::block::get_maximum_output_size(self.plain.len());
        if self.compressed.len() < room {
            self.compressed.resize(room, 0);
        }
        let (length, block) = self.compressed.split_at_mut(LENGTH_BYTES);
        length.copy_from_slice(&length_of(&self.plain).to_le_bytes());
        let block_bytes = compress_into_with_table(&self.plain, block, &mut self.table)
            .expect("room for the largest output");
        let payload = &self.compressed[..LENGTH_BYTES + block_bytes];
        Ok(Payload {
            bytes: payload.to_vec(),
            crc: crc32c::crc32c(payload),
        })
    }

    fn shrink(&mut self) {
        if self.plain.capacity() > Self::KEPT_BYTES {
            *self = Self::default();
        }
    }
}

fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a batch is bounded far below 4 GiB")
}

impl Payload {
    /// Appends the whole record to `out`.
    pub(crate) fn frame(&self, numbers: Numbers, out: &mut Vec<u8>) {
        let mut head = [0; 16];
        head[..4].copy_from_slice(&length_of(&self.bytes).to_le_bytes());
        head[4] = PAYLOAD_VERSION;
        head[5] = Kind::Batch as u8;
        head[6..8].copy_from_slice(&numbers.place.to_le_bytes());
        head[8..].copy_from_slice(&numbers.seq.to_le_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(&crc32c::crc32c_append(self.crc, &head).to_le_bytes());
        out.extend_from_slice(&self.bytes);
    }
}

impl<'a> Record<'a> {
    /// The record at the start of `bytes` and its length, or why there is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Self, usize), &'static str> {
        const CUT: &str = "the record's head is cut";
        let numbers = Numbers::read(bytes).ok_or(CUT)?;
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(CUT)?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let payload = rest.get(..length).ok_or("the record is cut")?;
        let (head, stored) = head.split_at(HEAD_BYTES - 4);
        let crc = crc32c::crc32c_append(crc32c::crc32c(payload), head);
        if crc.to_le_bytes() != stored {
            return Err("the checksum does not match");
        }
        Ok((
            Self {
                version: head[4],
                kind: head[5],
                numbers,
                payload,
            },
            HEAD_BYTES + length,
        ))
    }

    /// The payload decoded. Its checksum held, so its size is what [`encode_batch`] was given.
    pub(crate) fn batch(&self) -> Result<Batch, String> {
        if self.kind != Kind::Batch as u8 {
            return Err(format!("record kind {} is not known", self.kind));
        }
        let plain = self.plain()?;
        let describe = |cause: postcard::Error| cause.to_string();
        let (mut batch, rest) = postcard::take_from_bytes::<Batch>(&plain).map_err(describe)?;
        if self.version > 1 {
            let prices: Prices = postcard::from_bytes(rest).map_err(describe)?;
            prices.put_into(&mut batch)?;
        }
        Ok(batch)
    }

    fn plain(&self) -> Result<Vec<u8>, String> {
        if self.version < 3 {
            return zstd::stream::decode_all(self.payload).map_err(|cause| cause.to_string());
        }
        lz4_flex::block::decompress_size_prepended(self.payload).map_err(|cause| cause.to_string())
    }
}

impl Numbers {
    /// What the head at the start of `bytes` says, whatever the rest is.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let head = bytes.first_chunk::<16>()?;
        let (_, seq) = head.split_last_chunk::<8>()?;
        Some(Self {
            seq: u64::from_le_bytes(*seq),
            place: u16::from_le_bytes([head[6], head[7]]),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fanlight_model::{Price, Priced, Rates, Repriced, SpanId, TraceId};

    use super::*;

    fn record(batch: &Batch) -> Vec<u8> {
        let mut bytes = Vec::new();
        let numbers = Numbers { seq: 7, place: 2 };
        encode_batch(batch).unwrap().frame(numbers, &mut bytes);
        bytes
    }

    #[test]
    fn a_batch_survives_the_log() {
        let batch = Batch {
            received_at: fanlight_model::UnixNanos(7),
            ..Batch::default()
        };
        let bytes = record(&batch);
        let (record, length) = Record::read(&bytes).unwrap();
        assert_eq!(length, bytes.len());
        assert_eq!(record.numbers, Numbers { seq: 7, place: 2 });
        assert_eq!(record.batch().unwrap(), batch);
    }

    fn priced(model: &str) -> Priced {
        Priced::At(Arc::new(Price {
            table: "t".to_owned(),
            version: "1".to_owned(),
            provider: None,
            model: model.to_owned(),
            from: None,
            above_input_tokens: Some(200),
            batch: None,
            rates: Rates {
                input: 0.1,
                cache_read: Some(0.01),
                ..Rates::default()
            },
        }))
    }

    #[test]
    fn prices_survive_the_log() {
        let trace_id = TraceId::from_bytes([7; 16]).unwrap();
        let span_id = SpanId::from_bytes([7; 8]).unwrap();
        let repriced = |was, price| Repriced {
            trace_id,
            span_id,
            was,
            price,
        };
        let batch = Batch {
            repriced: vec![
                repriced(Priced::Unasked, priced("a")),
                repriced(priced("a"), Priced::Unknown),
            ],
            ..Batch::default()
        };
        let bytes = record(&batch);
        let (record, _) = Record::read(&bytes).unwrap();
        assert_eq!(record.batch().unwrap(), batch);
    }

    #[test]
    fn a_payload_of_version_1_has_no_prices() {
        let batch = Batch {
            received_at: fanlight_model::UnixNanos(7),
            ..Batch::default()
        };
        let plain = postcard::to_allocvec(&batch).unwrap();
        let payload = zstd::bulk::compress(&plain, 1).unwrap();
        let record = Record {
            version: 1,
            kind: Kind::Batch as u8,
            numbers: Numbers { seq: 7, place: 0 },
            payload: &payload,
        };
        assert_eq!(record.batch().unwrap(), batch);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = record(&Batch::default());
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            assert!(Record::read(&damaged).is_err(), "byte {place}");
        }
    }
}
