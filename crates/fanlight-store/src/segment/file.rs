//! The frame of index files that are checked whole: magic, version, checksum, memory map.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;

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
    let bytes = map(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if bytes.len() < HEAD_BYTES || bytes[..8] != magic {
        return Err(format!("{name} is not an index file of a known version"));
    }
    let expected = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
    let body = bytes.slice(HEAD_BYTES..);
    if crc32c::crc32c(&body) == expected {
        Ok(body)
    } else {
        Err(format!("{name} does not match its checksum"))
    }
}

/// The file as bytes that the operating system loads when touched.
pub(super) fn map(path: &Path) -> Result<Bytes, String> {
    let describe = |cause: io::Error| format!("{} could not be opened: {cause}", path.display());
    let file = File::open(path).map_err(describe)?;
    // SAFETY: segment files are never changed after they were announced; they are only removed whole, which keeps the
    // mapping valid. Somebody else truncating them would be damage to the data directory.
    #[expect(
        unsafe_code,
        reason = "mapping a file needs it; the invariant is stated above"
    )]
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(describe)?;
    Ok(Bytes::from_owner(map))
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
