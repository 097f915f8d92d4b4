//! The frame of an index file that is too large to be checked when it is opened: a checksum per block.

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::file::{Column, Mapping};
use crate::disk::DiskFile;

/// Bytes under one checksum.
const BLOCK_BYTES: usize = 64 << 10;
/// Magic (8), length of the body (u64), CRC-32C of the tail (u32), reserved (4).
const BLOCK_HEAD_BYTES: usize = 24;

/// Writes a file whose body is checked block by block: the head, the body, the tail. The tail has numbers that are
/// known last, then the CRC-32C of each block (u32).
pub(super) struct BlockWriter {
    file: io::BufWriter<Box<dyn DiskFile>>,
    magic: [u8; 8],
    length: u64,
    block: Vec<u8>,
    checksums: Vec<u8>,
}

impl BlockWriter {
    pub(super) fn create(file: Box<dyn DiskFile>, magic: [u8; 8]) -> io::Result<Self> {
        let mut file = io::BufWriter::with_capacity(1 << 20, file);
        file.write_all(&[0; BLOCK_HEAD_BYTES])?;
        Ok(Self {
            file,
            magic,
            length: 0,
            block: Vec::with_capacity(BLOCK_BYTES),
            checksums: Vec::new(),
        })
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> u64 {
        self.length
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = (BLOCK_BYTES - self.block.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == BLOCK_BYTES {
                self.end_block()?;
            }
        }
        Ok(())
    }

    fn end_block(&mut self) -> io::Result<()> {
        self.checksums
            .extend_from_slice(&crc32c::crc32c(&self.block).to_le_bytes());
        self.file.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }

    /// Writes the tail and syncs the file.
    pub(super) fn finish(mut self, numbers: &[u64]) -> io::Result<()> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        let mut tail: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        tail.append(&mut self.checksums);
        self.file.write_all(&tail)?;
        let mut head = [0; BLOCK_HEAD_BYTES];
        head[..8].copy_from_slice(&self.magic);
        head[8..16].copy_from_slice(&self.length.to_le_bytes());
        head[16..20].copy_from_slice(&crc32c::crc32c(&tail).to_le_bytes());
        let mut file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.overwrite(&head)?;
        file.sync()
    }
}

/// A mapped file that is checked where it is read, once.
#[derive(Debug)]
pub(super) struct BlockFile {
    name: String,
    magic: [u8; 8],
    mapping: Mapping,
    body: Bytes,
    checksums: Column<4>,
    /// One bit per block.
    checked: Box<[AtomicU64]>,
}

impl BlockFile {
    /// Opens a file of one of these versions; answers it and the `N` numbers of its tail.
    pub(super) fn open<const N: usize>(
        path: &Path,
        versions: &[[u8; 8]],
    ) -> Result<(Self, [u64; N]), String> {
        let mapping = Mapping::open(path)?;
        let mut bytes = mapping.bytes();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let known = versions.iter().find(|magic| bytes.starts_with(*magic));
        let Some(magic) = known.filter(|_| bytes.len() >= BLOCK_HEAD_BYTES) else {
            return Err(format!("{name} is not an index file of a known version"));
        };
        let mut head = bytes.split_to(BLOCK_HEAD_BYTES).slice(8..);
        let length = usize::try_from(Column::<8>::take(&mut head, 1)?.get(0)).unwrap_or(usize::MAX);
        let expected = Column::<4>::take(&mut head, 1)?.get(0);
        if length > bytes.len() {
            return Err(format!("{name} is cut"));
        }
        let body = bytes.split_to(length);
        if crc32c::crc32c(&bytes) != expected {
            return Err(format!("the tail of {name} does not match its checksum"));
        }
        let numbers = Column::<8>::take(&mut bytes, N)?;
        let blocks = length.div_ceil(BLOCK_BYTES);
        let checksums = Column::take(&mut bytes, blocks)?;
        let checked = (0..blocks.div_ceil(64))
            .map(|_| AtomicU64::new(0))
            .collect();
        let file = Self {
            name,
            magic: *magic,
            mapping,
            body,
            checksums,
            checked,
        };
        Ok((file, std::array::from_fn(|at| numbers.get(at))))
    }

    /// Which version it is of.
    pub(super) fn magic(&self) -> [u8; 8] {
        self.magic
    }

    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    /// See [`Mapping::release`].
    pub(super) fn release_pages(&self) {
        self.mapping.release();
    }

    /// These bytes, checked.
    pub(super) fn get(&self, range: Range<usize>) -> Result<&[u8], String> {
        let bytes = self
            .body
            .get(range.clone())
            .ok_or_else(|| format!("{} is cut", self.name))?;
        if !range.is_empty() {
            for block in range.start / BLOCK_BYTES..=(range.end - 1) / BLOCK_BYTES {
                self.check(block)?;
            }
        }
        Ok(bytes)
    }

    fn check(&self, block: usize) -> Result<(), String> {
        let bit = 1 << (block % 64);
        let checked = &self.checked[block / 64];
        if checked.load(Ordering::Relaxed) & bit != 0 {
            return Ok(());
        }
        let end = self.body.len().min((block + 1) * BLOCK_BYTES);
        if crc32c::crc32c(&self.body[block * BLOCK_BYTES..end]) != self.checksums.get(block) {
            return Err(format!(
                "block {block} of {} does not match its checksum",
                self.name
            ));
        }
        // Two readers may both check a block; both find the same.
        checked.fetch_or(bit, Ordering::Relaxed);
        Ok(())
    }
}
