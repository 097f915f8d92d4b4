//! One record of the log, as bytes.

use std::cell::RefCell;

use fanlight_model::Batch;

use super::prices::Prices;
use crate::StoreError;

/// Version of the payloads this code writes. Version 1 has no prices.
pub(crate) const PAYLOAD_VERSION: u8 = 2;
/// Fast and light: what is compressed here is read only after a crash, and gone once its traces are sealed.
const COMPRESSION_LEVEL: i32 = -1;
/// Largest place in a group that a head can hold; groups end before.
pub(crate) const GROUP_RECORDS: u16 = 4096;

/// What a payload is. Numbers are part of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A zstd-compressed postcard encoding of [`Batch`], and then of its [`Prices`].
    Batch = 1,
}

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
    compressor: Option<zstd::bulk::Compressor<'static>>,
}

impl Scratch {
    /// More than this is given back.
    const KEPT_BYTES: usize = 8 << 20;

    fn encode(&mut self, batch: &Batch) -> Result<Payload, StoreError> {
        let failed = StoreError::io("compressing", "batch");
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        let plain = postcard::to_extend(batch, plain).map_err(StoreError::Encode)?;
        self.plain = postcard::to_extend(&Prices::of(batch), plain).map_err(StoreError::Encode)?;
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            slot => match zstd::bulk::Compressor::new(COMPRESSION_LEVEL) {
                Ok(compressor) => slot.insert(compressor),
                Err(cause) => return Err(failed(cause)),
            },
        };
        self.compressed.clear();
        self.compressed
            .reserve(zstd::zstd_safe::compress_bound(self.plain.len()));
        match compressor.compress_to_buffer(&self.plain, &mut self.compressed) {
            Ok(_) => Ok(Payload {
                bytes: self.compressed.clone(),
                crc: crc32c::crc32c(&self.compressed),
            }),
            Err(cause) => Err(failed(cause)),
        }
    }

    fn shrink(&mut self) {
        if self.plain.capacity() > Self::KEPT_BYTES {
            *self = Self::default();
        }
    }
}

impl Payload {
    /// Appends the whole record to `out`.
    pub(crate) fn frame(&self, numbers: Numbers, out: &mut Vec<u8>) {
        let length = u32::try_from(self.bytes.len()).expect("a batch is bounded far below 4 GiB");
        let mut head = [0; 16];
        head[..4].copy_from_slice(&length.to_le_bytes());
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
        let plain = zstd::stream::decode_all(self.payload).map_err(|cause| cause.to_string())?;
        let describe = |cause: postcard::Error| cause.to_string();
        let (mut batch, rest) = postcard::take_from_bytes::<Batch>(&plain).map_err(describe)?;
        if self.version > 1 {
            let prices: Prices = postcard::from_bytes(rest).map_err(describe)?;
            prices.put_into(&mut batch)?;
        }
        Ok(batch)
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
