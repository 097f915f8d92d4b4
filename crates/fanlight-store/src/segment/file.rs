//! The frame of index files that are checked whole: magic, version, checksum, memory map.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use memmap2::{Mmap, UncheckedAdvice};

use crate::disk::DiskFile;

/// Magic (8), CRC-32C of the body (4), reserved (4).
const HEAD_BYTES: usize = 16;

/// Writes `body` behind a head and syncs it.
pub(super) fn write(mut file: Box<dyn DiskFile>, magic: [u8; 8], body: &[u8]) -> io::Result<()> {
    let mut head = [0_u8; HEAD_BYTES];
    head[..8].copy_from_slice(&magic);
    head[8..12].copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
    file.write_all(&head)?;
    file.write_all(body)?;
    file.sync()
}

/// The body of an index file, mapped and checked.
pub(super) fn open(path: &Path, magic: [u8; 8]) -> Result<Bytes, String> {
    let mapping = Mapping::open(path)?;
    let bytes = mapping.bytes();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if bytes.len() < HEAD_BYTES || bytes[..8] != magic {
        return Err(format!("{name} is not an index file of a known version"));
    }
    let expected = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
    let body = bytes.slice(HEAD_BYTES..);
    if crc32c::crc32c(&body) == expected {
        // Readers touch little of what checking touched.
        mapping.release();
        Ok(body)
    } else {
        Err(format!("{name} does not match its checksum"))
    }
}

/// A file whose pages the operating system loads when they are touched.
#[derive(Clone, Debug)]
pub(super) struct Mapping(Arc<Mmap>);

impl Mapping {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let describe =
            |cause: io::Error| format!("{} could not be opened: {cause}", path.display());
        let file = File::open(path).map_err(describe)?;
        // SAFETY: segment files are never changed after they were announced; they are only removed whole, which keeps
        // the mapping valid. Somebody else truncating them would be damage to the data directory.
        #[expect(
            unsafe_code,
            reason = "mapping a file needs it; the invariant is stated above"
        )]
        let map = unsafe { Mmap::map(&file) }.map_err(describe)?;
        Ok(Self(Arc::new(map)))
    }

    pub(super) fn bytes(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }

    /// Pages that were touched no longer count as this process's memory. They stay in the system's cache, from where
    /// they come back at the next touch.
    pub(super) fn release(&self) {
        // SAFETY: the mapping is shared with a file that does not change, so pages come back as they were.
        #[expect(
            unsafe_code,
            reason = "for private memory the advice would be destructive; this is none"
        )]
        let released = unsafe { self.0.unchecked_advise(UncheckedAdvice::DontNeed) };
        if let Err(error) = released {
            tracing::debug!(%error, "pages of a mapped file were not released");
        }
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Little-endian integers side by side, read without copying.
#[derive(Clone, Debug)]
pub(super) struct Column<const WIDTH: usize>(Bytes);

impl<const WIDTH: usize> Column<WIDTH> {
    /// Takes `count` values off the front of `body`.
    pub(super) fn take(body: &mut Bytes, count: usize) -> Result<Self, String> {
        let length = count
            .checked_mul(WIDTH)
            .filter(|length| *length <= body.len())
            .ok_or("a column is cut")?;
        Ok(Self(body.split_to(length)))
    }

    pub(super) fn bytes(&self, index: usize) -> [u8; WIDTH] {
        self.0[index * WIDTH..][..WIDTH]
            .try_into()
            .expect("the slice has this width")
    }

    pub(super) fn len(&self) -> usize {
        self.0.len() / WIDTH
    }
}

impl Column<4> {
    pub(super) fn get(&self, index: usize) -> u32 {
        u32::from_le_bytes(self.bytes(index))
    }
}

impl Column<8> {
    pub(super) fn get(&self, index: usize) -> u64 {
        u64::from_le_bytes(self.bytes(index))
    }
}
