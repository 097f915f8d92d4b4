//! Content encodings of request bodies, with bounded output.

use std::borrow::Cow;
use std::io::{self, Read};

use fanlight_model::ErrorKind;
use flate2::{Decompress, FlushDecompress, Status};

use crate::error::cut;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecompressError {
    #[error("body is larger than {limit} bytes after decompression")]
    TooLarge { limit: usize },
    #[error("content encoding `{name}` is not supported, expected identity, gzip, deflate or zstd")]
    Unsupported { name: String },
    #[error("body is not valid {encoding}: {detail}")]
    Corrupt {
        encoding: &'static str,
        detail: String,
    },
}

impl DecompressError {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Unsupported { .. } | Self::Corrupt { .. } => ErrorKind::InvalidInput,
        }
    }
}

/// Undoes the `Content-Encoding` named `encoding`. Stops as soon as more than `max` bytes come out, so a small body
/// cannot fill the memory.
pub fn decompress<'a>(
    encoding: &str,
    body: &'a [u8],
    max: usize,
) -> Result<Cow<'a, [u8]>, DecompressError> {
    let name = sole_coding(encoding)?;
    match name.to_ascii_lowercase().as_str() {
        "" if body.len() > max => Err(DecompressError::TooLarge { limit: max }),
        "" => Ok(Cow::Borrowed(body)),
        "gzip" | "x-gzip" => read_bounded(
            "gzip",
            flate2::bufread::MultiGzDecoder::new(body),
            body,
            max,
        ),
        "deflate" => deflate(body, max),
        "zstd" => zstd(body, max),
        _ => Err(DecompressError::Unsupported {
            name: cut(name).to_owned(),
        }),
    }
}

/// The one coding of a header that may be a list. Nobody compresses telemetry twice.
fn sole_coding(header: &str) -> Result<&str, DecompressError> {
    let mut codings = header
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
    match (codings.next(), codings.next()) {
        (Some(_), Some(_)) => Err(DecompressError::Unsupported {
            name: cut(header.trim()).to_owned(),
        }),
        (only, _) => Ok(only.unwrap_or_default()),
    }
}

/// Text compresses four to ten times; starting there saves most of the growing.
fn first_capacity(body: &[u8], max: usize) -> usize {
    body.len().saturating_mul(5).min(max)
}

fn read_bounded(
    encoding: &'static str,
    reader: impl Read,
    body: &[u8],
    max: usize,
) -> Result<Cow<'static, [u8]>, DecompressError> {
    let mut output = Vec::with_capacity(first_capacity(body, max));
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(limit)
        .read_to_end(&mut output)
        .map_err(|cause| corrupt(encoding, &cause))?;
    if output.len() > max {
        return Err(DecompressError::TooLarge { limit: max });
    }
    Ok(Cow::Owned(output))
}

fn corrupt(encoding: &'static str, cause: &io::Error) -> DecompressError {
    DecompressError::Corrupt {
        encoding,
        detail: cause.to_string(),
    }
}

fn zstd(body: &[u8], max: usize) -> Result<Cow<'static, [u8]>, DecompressError> {
    /// 8 MiB, what RFC 8878 asks every reader to support; a frame that needs more memory is refused.
    const WINDOW_LOG_MAX: u32 = 23;
    let mut reader =
        zstd::stream::read::Decoder::with_buffer(body).map_err(|cause| corrupt("zstd", &cause))?;
    reader
        .window_log_max(WINDOW_LOG_MAX)
        .map_err(|cause| corrupt("zstd", &cause))?;
    read_bounded("zstd", reader, body, max)
}

/// RFC 9110 means zlib by `deflate`; some clients send the bare stream. A bare stream can look like a zlib header, so
/// what fails as zlib is tried as bare.
fn deflate(body: &[u8], max: usize) -> Result<Cow<'static, [u8]>, DecompressError> {
    let looks_like_zlib = body.len() >= 2
        && body[0] & 0x0f == 8
        && u16::from_be_bytes([body[0], body[1]]).is_multiple_of(31);
    if looks_like_zlib {
        match inflate(body, true, max) {
            Err(DecompressError::Corrupt { encoding, detail }) => {
                inflate(body, false, max).map_err(|_| DecompressError::Corrupt { encoding, detail })
            }
            done => done,
        }
    } else {
        inflate(body, false, max)
    }
}

/// Runs the stream by hand: flate2's readers take a stream that ends too early for a complete one.
fn inflate(body: &[u8], zlib: bool, max: usize) -> Result<Cow<'static, [u8]>, DecompressError> {
    const STEP: usize = 64 * 1024;
    let corrupt = |detail: &str| DecompressError::Corrupt {
        encoding: "deflate",
        detail: detail.to_owned(),
    };
    let mut stream = Decompress::new(zlib);
    let mut output = Vec::with_capacity(first_capacity(body, max).max(STEP));
    loop {
        let read = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        let input = body.get(read..).unwrap_or_default();
        let before = (stream.total_in(), stream.total_out());
        let status = stream
            .decompress_vec(input, &mut output, FlushDecompress::None)
            .map_err(|cause| corrupt(&cause.to_string()))?;
        if output.len() > max {
            return Err(DecompressError::TooLarge { limit: max });
        }
        let stuck = before == (stream.total_in(), stream.total_out());
        match status {
            Status::StreamEnd => return Ok(Cow::Owned(output)),
            Status::Ok | Status::BufError if output.len() == output.capacity() => {
                output.reserve(STEP.max(output.len() / 2));
            }
            Status::Ok | Status::BufError if stuck => {
                return Err(corrupt("unexpected end of data"));
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"what is the weather in Paris? what is the weather in Rome?";

    fn written<W>(
        mut encoder: W,
        text: &[u8],
        finish: impl FnOnce(W) -> io::Result<Vec<u8>>,
    ) -> Vec<u8>
    where
        W: Write,
    {
        encoder.write_all(text).unwrap();
        finish(encoder).unwrap()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        written(
            GzEncoder::new(Vec::new(), Compression::default()),
            text,
            GzEncoder::finish,
        )
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        written(
            ZlibEncoder::new(Vec::new(), Compression::default()),
            text,
            ZlibEncoder::finish,
        )
    }

    fn raw_deflate(text: &[u8]) -> Vec<u8> {
        written(
            DeflateEncoder::new(Vec::new(), Compression::default()),
            text,
            DeflateEncoder::finish,
        )
    }

    fn zstd_frame(text: &[u8]) -> Vec<u8> {
        ::zstd::encode_all(text, 1).unwrap()
    }

    #[test]
    fn every_encoding_is_undone() {
        for (name, body) in [
            ("", TEXT.to_vec()),
            ("identity", TEXT.to_vec()),
            ("gzip", gzip(TEXT)),
            ("X-GZip", gzip(TEXT)),
            (" gzip, identity ", gzip(TEXT)),
            ("deflate", zlib(TEXT)),
            ("deflate", raw_deflate(TEXT)),
            ("ZSTD", zstd_frame(TEXT)),
        ] {
            assert_eq!(decompress(name, &body, TEXT.len()).unwrap(), TEXT, "{name}");
        }
    }

    #[test]
    fn gzip_members_follow_each_other() {
        let body = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(decompress("gzip", &body, 100).unwrap(), &b"one two"[..]);
    }

    #[test]
    fn output_one_byte_over_the_limit_is_too_large() {
        let limit = TEXT.len() - 1;
        let bodies = [
            ("", TEXT.to_vec()),
            ("gzip", gzip(TEXT)),
            ("deflate", zlib(TEXT)),
            ("zstd", zstd_frame(TEXT)),
        ];
        for (name, body) in bodies {
            assert_eq!(
                decompress(name, &body, limit),
                Err(DecompressError::TooLarge { limit }),
                "{name}"
            );
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let zeros = vec![0; 64 << 20];
        let limit = 1 << 20;
        for (name, body) in [
            ("gzip", gzip(&zeros)),
            ("deflate", raw_deflate(&zeros)),
            ("zstd", zstd_frame(&zeros)),
        ] {
            assert!(body.len() < 100_000, "{name} is {} bytes", body.len());
            assert_eq!(
                decompress(name, &body, limit),
                Err(DecompressError::TooLarge { limit }),
                "{name}"
            );
        }
    }

    #[test]
    fn every_truncation_is_noticed() {
        for (name, body) in [
            ("gzip", gzip(TEXT)),
            ("deflate", zlib(TEXT)),
            ("deflate", raw_deflate(TEXT)),
            ("zstd", zstd_frame(TEXT)),
        ] {
            for length in 1..body.len() {
                let found = decompress(name, &body[..length], 1000);
                assert!(
                    matches!(found, Err(DecompressError::Corrupt { .. })),
                    "{name} {length}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn other_encodings_are_named() {
        let found = decompress("br", TEXT, 1000).unwrap_err();
        assert_eq!(
            found.to_string(),
            "content encoding `br` is not supported, expected identity, gzip, deflate or zstd"
        );
        let found = decompress("gzip, gzip", TEXT, 1000).unwrap_err();
        assert_eq!(
            found,
            DecompressError::Unsupported {
                name: "gzip, gzip".into()
            }
        );
    }
}
