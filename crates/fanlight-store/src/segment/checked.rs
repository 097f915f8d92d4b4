//! Checksums of the Parquet files, block by block: a damaged block is an error before anybody decodes it.
//!
//! Parquet's own page checksums are optional and its writer makes none; decoders trust what they are given.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use super::draft::Draft;
use super::file::{self, Column, Mapping};

const MAGIC: [u8; 8] = *b"FANSUMS\x01";
/// Extension of the file of checksums beside each Parquet file.
pub(super) const EXTENSION: &str = "sums";
/// As much as a small page: what is read is mostly what is asked for.
const BLOCK_BYTES: usize = 4096;
/// Many blocks, which are read at once to be summed up.
const LOT_BYTES: usize = 256 * BLOCK_BYTES;

/// Writes the checksums of every Parquet file that has none.
pub(super) fn write_all(draft: Draft<'_>) -> io::Result<()> {
    for entry in fs::read_dir(draft.dir())? {
        let path = entry?.path();
        let is_parquet = path
            .extension()
            .is_some_and(|extension| extension == "parquet");
        if is_parquet && !path.with_extension(EXTENSION).exists() {
            write(draft, &path)?;
        }
    }
    Ok(())
}

/// The length, then a checksum per block.
fn write(draft: Draft<'_>, path: &Path) -> io::Result<()> {
    let mut file = fs::File::open(path)?;
    let mut body = file.metadata()?.len().to_le_bytes().to_vec();
    let mut lot = Vec::with_capacity(LOT_BYTES);
    while (&mut file).take(LOT_BYTES as u64).read_to_end(&mut lot)? > 0 {
        for block in lot.chunks(BLOCK_BYTES) {
            body.extend_from_slice(&crc32c::crc32c(block).to_le_bytes());
        }
        lot.clear();
    }
    let sums = path.with_extension(EXTENSION);
    let name = sums.file_name().unwrap_or_default().to_string_lossy();
    file::write(draft.create(&name)?, MAGIC, &body)
}

/// A mapped file whose blocks are checked whenever they are read.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    mapping: Mapping,
    bytes: Bytes,
    sums: Option<Column<4>>,
}

impl Checked {
    /// Segments of earlier versions have no checksums and are read as they are.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let mapping = Mapping::open(path)?;
        let bytes = mapping.bytes();
        let sums = path.with_extension(EXTENSION);
        if !sums.exists() {
            return Ok(Self {
                mapping,
                bytes,
                sums: None,
            });
        }
        let mut body = file::open(&sums, MAGIC)?;
        let length = Column::<8>::take(&mut body, 1)?.get(0);
        if length != bytes.len() as u64 {
            let (path, found) = (path.display(), bytes.len());
            return Err(format!("{path} has {found} bytes instead of {length}"));
        }
        let sums = Column::take(&mut body, bytes.len().div_ceil(BLOCK_BYTES))?;
        Ok(Self {
            mapping,
            bytes,
            sums: Some(sums),
        })
    }

    /// See [`Mapping::release`].
    pub(super) fn release_pages(&self) {
        self.mapping.release();
    }

    fn read(&self, start: usize, length: usize) -> Result<Bytes, String> {
        let end = start
            .checked_add(length)
            .filter(|end| *end <= self.bytes.len())
            .ok_or("a page lies outside of its file")?;
        if let Some(sums) = &self.sums {
            for block in start / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES) {
                let from = block * BLOCK_BYTES;
                let until = (from + BLOCK_BYTES).min(self.bytes.len());
                if crc32c::crc32c(&self.bytes[from..until]) != sums.get(block) {
                    return Err(format!(
                        "bytes {from} to {until} do not match their checksum"
                    ));
                }
            }
        }
        Ok(self.bytes.slice(start..end))
    }
}

impl Length for Checked {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl ChunkReader for Checked {
    type T = Sequential;

    fn get_read(&self, start: u64) -> ParquetResult<Sequential> {
        Ok(Sequential {
            file: self.clone(),
            at: usize::try_from(start)?,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let start = usize::try_from(start)?;
        self.read(start, length).map_err(ParquetError::General)
    }
}

/// From some place on, one block after the other.
#[derive(Debug)]
pub(super) struct Sequential {
    file: Checked,
    at: usize,
}

impl Read for Sequential {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.file.bytes.len().saturating_sub(self.at);
        let length = into.len().min(left).min(BLOCK_BYTES);
        let bytes = self
            .file
            .read(self.at, length)
            .map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))?;
        into[..length].copy_from_slice(&bytes);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::LocalDisk;

    #[test]
    fn a_damaged_block_is_an_error_and_the_others_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.1.parquet");
        let bytes = vec![7_u8; 10_000];
        fs::write(&path, &bytes).unwrap();
        write_all(Draft::new(&LocalDisk, dir.path())).unwrap();
        let whole = Checked::open(&path).unwrap();
        assert_eq!(whole.get_bytes(10, 9000).unwrap(), bytes[10..9010]);

        let mut changed = bytes.clone();
        changed[5000] = 8;
        fs::write(&path, changed).unwrap();
        // Checksums that are there stay: they are older than the damage.
        write_all(Draft::new(&LocalDisk, dir.path())).unwrap();
        let damaged = Checked::open(&path).unwrap();
        assert_eq!(damaged.get_bytes(0, 4096).unwrap(), bytes[..4096]);
        assert_eq!(damaged.get_bytes(8192, 1808).unwrap(), bytes[8192..]);
        assert!(damaged.get_bytes(4090, 10).is_err());
        assert!(damaged.get_bytes(9000, 2000).is_err());
        let mut rest = Vec::new();
        damaged
            .get_read(9000)
            .unwrap()
            .read_to_end(&mut rest)
            .unwrap();
        assert_eq!(rest, bytes[9000..]);
        assert!(damaged.get_read(0).unwrap().read_to_end(&mut rest).is_err());

        fs::write(&path, &bytes[1..]).unwrap();
        assert!(Checked::open(&path).is_err());
    }
}
