//! From payload to decoded telemetry, within the memory budget and off the async threads when it takes long.

use fanlight_ingest::{DecodeError, DecompressError, Encoding, Limits, decompress};

use super::{Intake, IntakeError, Payload};
use crate::budget::Reservation;

/// Bodies above this are decoded on a thread of their own: a megabyte takes about two milliseconds, and other
/// requests should not wait for it.
const INLINE_BYTES: usize = 256 * 1024;

/// Room given to a compressed body at first, as a multiple of it. LLM traces compress five to fifteen times.
const FIRST_ROOM: usize = 32;

type Decoder<T> = fn(&[u8], Encoding, &Limits) -> Result<T, DecodeError>;

impl Intake {
    /// Also hands back the reservation, to be held until the decoded values are gone.
    pub(super) async fn decode<T: Send + 'static>(
        &self,
        payload: Payload,
        decoder: Decoder<T>,
    ) -> Result<(T, Reservation), IntakeError> {
        let (limits, max) = (self.limits, self.max_decompressed_bytes);
        if payload.bytes.len() <= INLINE_BYTES && payload.compression.is_empty() {
            return decode(payload, decoder, &limits, max);
        }
        // The semaphore is never closed.
        let _permit = self.decoding.acquire().await;
        let work = tokio::task::spawn_blocking(move || decode(payload, decoder, &limits, max));
        work.await.map_err(IntakeError::DecoderDied)?
    }
}

fn decode<T>(
    payload: Payload,
    decoder: Decoder<T>,
    limits: &Limits,
    max: usize,
) -> Result<(T, Reservation), IntakeError> {
    let Payload {
        bytes,
        encoding,
        compression,
        mut reservation,
    } = payload;
    if compression.is_empty() {
        return Ok((decoder(&bytes, encoding, limits)?, reservation));
    }
    let first_room = bytes
        .len()
        .saturating_mul(FIRST_ROOM)
        .clamp(64 * 1024, max.max(64 * 1024))
        .min(max);
    reservation.grow_to(first_room)?;
    let plain = match decompress(&compression, &bytes, first_room) {
        // Rare enough that starting over is cheaper than holding the largest size for everybody.
        Err(DecompressError::TooLarge { .. }) if first_room < max => {
            reservation.grow_to(max)?;
            decompress(&compression, &bytes, max)?
        }
        done => done?,
    };
    reservation.shrink_to(plain.len());
    Ok((decoder(&plain, encoding, limits)?, reservation))
}
