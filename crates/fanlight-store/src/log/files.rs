//! Log files: writing one, finding them, replaying them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::FILE_MAGIC;
use super::record::{HEAD_BYTES, Record};
use crate::StoreError;

const FILE_HEAD_BYTES: usize = 16;

/// The file records are appended to.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    path: PathBuf,
    bytes: u64,
}

impl LogFile {
    /// Starts the file whose first record will be `first_seq`; its name is durable when this returns.
    pub(crate) fn create(dir: &Path, first_seq: u64) -> Result<Self, StoreError> {
        let path = dir.join(format!("{first_seq:016x}.log"));
        // A file of this name can only hold records that were cut off at recovery: nothing in it was acknowledged.
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(StoreError::io("creating", &path))?;
        let mut head = [0_u8; FILE_HEAD_BYTES];
        head[..8].copy_from_slice(&FILE_MAGIC);
        head[8..].copy_from_slice(&first_seq.to_le_bytes());
        file.write_all(&head)
            .and_then(|()| file.sync_all())
            .map_err(StoreError::io("writing", &path))?;
        sync_dir(dir)?;
        Ok(Self {
            file,
            path,
            bytes: FILE_HEAD_BYTES as u64,
        })
    }

    /// Appends whole records and returns once they would survive a power cut.
    pub(crate) fn append(&mut self, records: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(records)
            .and_then(|()| self.file.sync_data())
            .map_err(StoreError::io("appending to", &self.path))?;
        self.bytes += records.len() as u64;
        Ok(())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Makes the names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(StoreError::io("syncing", dir))
}

/// Log files with their first sequence numbers, oldest first.
pub(crate) fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(StoreError::io("listing", dir))? {
        let path = entry.map_err(StoreError::io("listing", dir))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|extension| extension == "log")
            && let Some(first_seq) = stem.and_then(|stem| u64::from_str_radix(stem, 16).ok())
        {
            files.push((first_seq, path));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Deletes the files that hold only records before `position`.
pub(crate) fn remove_below(dir: &Path, position: u64) -> Result<(), StoreError> {
    let files = list(dir)?;
    for pair in files.windows(2) {
        let (_, path) = &pair[0];
        let (next_first, _) = pair[1];
        if next_first <= position {
            fs::remove_file(path).map_err(StoreError::io("deleting", path))?;
        }
    }
    Ok(())
}

/// What a replay found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Replay {
    /// The number the next record gets.
    pub(crate) next_seq: u64,
    /// Bytes of an unfinished last write that were cut.
    pub(crate) cut_bytes: u64,
}

/// Hands every record from `position` on to `apply`, in order.
///
/// The end of the newest file may hold a write that was never acknowledged: it is cut. Damage anywhere else stops with
/// [`StoreError::CorruptLog`], because what follows was acknowledged.
pub(crate) fn replay(
    dir: &Path,
    position: u64,
    apply: &mut dyn FnMut(u64, &Record<'_>) -> Result<(), String>,
) -> Result<Replay, StoreError> {
    let files = list(dir)?;
    let mut outcome = Replay {
        next_seq: position,
        cut_bytes: 0,
    };
    for (index, (first_seq, path)) in files.iter().enumerate() {
        let is_newest = index + 1 == files.len();
        if files
            .get(index + 1)
            .is_some_and(|(next_first, _)| *next_first <= position)
        {
            continue;
        }
        let bytes = fs::read(path).map_err(StoreError::io("reading", path))?;
        let corrupt = |offset: usize, reason: String| StoreError::CorruptLog {
            path: path.clone(),
            offset: offset as u64,
            reason,
        };
        if bytes.len() < FILE_HEAD_BYTES && is_newest {
            // The crash came between creating the file and syncing its head: nothing in it was acknowledged.
            fs::remove_file(path).map_err(StoreError::io("deleting", path))?;
            outcome.next_seq = outcome.next_seq.max(*first_seq);
            continue;
        }
        if bytes.get(..8) != Some(FILE_MAGIC.as_slice()) {
            return Err(corrupt(0, "not a log file of a known version".to_owned()));
        }
        let mut seq = *first_seq;
        let mut offset = FILE_HEAD_BYTES;
        while offset < bytes.len() {
            match Record::read(&bytes[offset..]) {
                Ok((record, length)) => {
                    if seq >= position {
                        apply(seq, &record).map_err(|reason| corrupt(offset, reason))?;
                    }
                    seq += 1;
                    offset += length;
                }
                Err(_) if is_newest && is_torn(&bytes[offset..]) => {
                    outcome.cut_bytes = (bytes.len() - offset) as u64;
                    cut(path, offset as u64).map_err(StoreError::io("cutting", path))?;
                    break;
                }
                Err(reason) => return Err(corrupt(offset, reason.to_owned())),
            }
        }
        outcome.next_seq = outcome.next_seq.max(seq);
    }
    Ok(outcome)
}

/// True when no whole record follows the damage, so it is the unfinished last write and not a hole in the middle.
fn is_torn(tail: &[u8]) -> bool {
    let follows = Record::announced_length(tail).and_then(|length| tail.get(length..));
    match follows {
        Some(rest) if rest.len() >= HEAD_BYTES => Record::read(rest).is_err(),
        _ => true,
    }
}

fn cut(path: &Path, length: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use fanlight_model::{Batch, UnixNanos};

    use super::*;
    use crate::log::encode_batch;

    fn batch(number: u64) -> Vec<u8> {
        encode_batch(&Batch {
            received_at: UnixNanos(number),
            ..Batch::default()
        })
        .unwrap()
    }

    fn read_all(dir: &Path, position: u64) -> Result<(Vec<u64>, Replay), StoreError> {
        let mut seen = Vec::new();
        let outcome = replay(dir, position, &mut |seq, record| {
            let batch = record.batch()?;
            assert_eq!(batch.received_at.0, seq);
            seen.push(seq);
            Ok(())
        })?;
        Ok((seen, outcome))
    }

    fn two_files(dir: &Path) {
        let mut file = LogFile::create(dir, 0).unwrap();
        file.append(&[batch(0), batch(1)].concat()).unwrap();
        let mut file = LogFile::create(dir, 2).unwrap();
        file.append(&batch(2)).unwrap();
        file.append(&batch(3)).unwrap();
    }

    #[test]
    fn records_come_back_in_order_from_a_position() {
        let dir = tempfile::tempdir().unwrap();
        two_files(dir.path());
        assert_eq!(
            read_all(dir.path(), 1).unwrap(),
            (
                vec![1, 2, 3],
                Replay {
                    next_seq: 4,
                    cut_bytes: 0
                }
            )
        );
        remove_below(dir.path(), 2).unwrap();
        assert_eq!(list(dir.path()).unwrap().len(), 1);
        assert_eq!(read_all(dir.path(), 2).unwrap().0, [2, 3]);
    }

    #[test]
    fn an_unfinished_last_write_is_cut_at_every_length() {
        let whole = batch(4);
        for kept in 1..whole.len() {
            let dir = tempfile::tempdir().unwrap();
            two_files(dir.path());
            let newest = list(dir.path()).unwrap()[1].1.clone();
            let mut file = OpenOptions::new().append(true).open(&newest).unwrap();
            file.write_all(&whole[..kept]).unwrap();
            let (seen, outcome) = read_all(dir.path(), 0).unwrap();
            assert_eq!((seen, outcome.cut_bytes), (vec![0, 1, 2, 3], kept as u64));
            // What was cut is gone for good.
            assert_eq!(
                read_all(dir.path(), 0).unwrap().1,
                Replay {
                    next_seq: 4,
                    cut_bytes: 0
                }
            );
        }
    }

    #[test]
    fn damage_before_acknowledged_records_stops_with_the_place() {
        let dir = tempfile::tempdir().unwrap();
        two_files(dir.path());
        let oldest = list(dir.path()).unwrap()[0].1.clone();
        let mut bytes = fs::read(&oldest).unwrap();
        bytes[FILE_HEAD_BYTES + 13] ^= 1;
        fs::write(&oldest, bytes).unwrap();
        let error = read_all(dir.path(), 0).unwrap_err().to_string();
        assert!(
            error.contains("at byte 16: the checksum does not match"),
            "{error}"
        );
    }
}
