//! Finding log files, reading them back, and dropping those that are no longer needed.

use std::path::{Path, PathBuf};

use super::file::{LogFile, UNFINISHED};
use super::record::{PAYLOAD_VERSION, Record};
use super::survey::{Hole, survey};
use crate::StoreError;
use crate::damage::{Damage, Part, Quarantine};
use crate::disk::Disk;

/// Log files with the numbers of their first records, oldest first.
fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let paths = disk.list(dir).map_err(StoreError::io("listing", dir))?;
    let mut files: Vec<(u64, PathBuf)> = paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .filter_map(|path| {
            let first_seq = u64::from_str_radix(path.file_stem()?.to_str()?, 16).ok()?;
            Some((first_seq, path))
        })
        .collect();
    files.sort_unstable();
    Ok(files)
}

/// Deletes the files that hold only records before `position`.
pub(crate) fn remove_below(disk: &dyn Disk, dir: &Path, position: u64) -> Result<(), StoreError> {
    let files = list(disk, dir)?;
    for pair in files.windows(2) {
        let (_, path) = &pair[0];
        let (next_first, _) = pair[1];
        if next_first <= position {
            disk.remove(path)
                .map_err(StoreError::io("deleting", path))?;
        }
    }
    Ok(())
}

/// The last group, which is not known to be durable.
struct Tail {
    first_seq: u64,
    bytes: Vec<u8>,
}

/// What a replay found.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// The file to go on with. Absent when there is none yet, or when the disk does not work.
    pub(crate) file: Option<LogFile>,
    /// The number the next record gets.
    pub(crate) next_seq: u64,
    /// Bytes of a last write that was never acknowledged; they are passed over.
    pub(crate) unfinished_bytes: u64,
    pub(crate) damage: Vec<Damage>,
}

/// Hands every record from `position` on to `apply`, in order.
///
/// A crash may leave an unfinished write at the end of the newest file: it was never acknowledged and is passed over.
/// Damage anywhere else is isolated: its bytes go to quarantine and what follows is read. No file is
/// changed: the next one says by its first record where this one ends.
pub(crate) fn replay(
    disk: &dyn Disk,
    dir: &Path,
    quarantine: &Quarantine<'_>,
    position: u64,
    apply: &mut dyn FnMut(u64, &Record<'_>) -> Result<(), String>,
) -> Result<Replay, StoreError> {
    remove_unfinished(disk, dir);
    let files = list(disk, dir)?;
    let mut outcome = Replay {
        next_seq: position,
        ..Replay::default()
    };
    let mut tail = None;
    if let Some((first, _)) = files.first()
        && *first > position
    {
        outcome.damage.push(quarantine.note(
            Part::Log,
            &format!("log-before-{first:016x}"),
            &format!("records {position} to {first} are missing: their log file is gone"),
        ));
    }
    for (index, (first_seq, path)) in files.iter().enumerate() {
        let end = files.get(index + 1).map(|(next_first, _)| *next_first);
        if end.is_some_and(|end| end <= position) {
            continue;
        }
        let name = format!("log-{first_seq:016x}");
        let bytes = match disk.read(path) {
            Ok(bytes) => bytes,
            // It may be readable on another day, and its name must not be taken by a new file.
            Err(cause) => {
                let reason = format!("{} cannot be read: {cause}", path.display());
                outcome
                    .damage
                    .push(quarantine.move_there(Part::Log, &name, path, &reason)?);
                outcome.next_seq = outcome.next_seq.max(end.unwrap_or(*first_seq));
                continue;
            }
        };
        let survey = survey(&bytes, *first_seq, end)?;
        outcome.next_seq = outcome.next_seq.max(survey.next_seq);
        outcome.unfinished_bytes = survey.unfinished_bytes as u64;
        if end.is_none() {
            let (first_seq, place) = survey.last_group();
            tail = Some(Tail {
                first_seq,
                bytes: bytes[place].to_vec(),
            });
        }
        for hole in &survey.holes {
            if hole.records.end > position {
                outcome
                    .damage
                    .push(keep(quarantine, &name, path, hole, &bytes));
            }
        }
        for found in survey.records {
            if found.seq < position {
                continue;
            }
            if found.record.version > PAYLOAD_VERSION {
                return Err(StoreError::NewerLog {
                    found: found.record.version,
                    known: PAYLOAD_VERSION,
                });
            }
            if let Err(reason) = apply(found.seq, &found.record) {
                let note = format!(
                    "record {} in {} at byte {} cannot be decoded: {reason}",
                    found.seq,
                    path.display(),
                    found.bytes.start
                );
                let name = format!("{name}-{}", found.bytes.start);
                outcome
                    .damage
                    .push(quarantine.keep(Part::Log, &name, &bytes[found.bytes], &note));
            }
        }
    }
    outcome.file = tail.and_then(|tail| write_again(disk, dir, &tail));
    Ok(outcome)
}

/// Writes the last group again, as the beginning of a new file.
///
/// It is about to be shown, but whoever wrote it may have been killed before it was synced, or may have been told that
/// the sync failed, and asking for another sync would not tell. Groups before it were synced before it was written.
/// When this does not work now, no more is at stake than what was never acknowledged.
fn write_again(disk: &dyn Disk, dir: &Path, tail: &Tail) -> Option<LogFile> {
    let written =
        LogFile::create(disk, dir, tail.first_seq).and_then(|file| match tail.bytes.as_slice() {
            [] => Ok(file),
            bytes => file.append(bytes),
        });
    written
        .inspect_err(|error| tracing::error!("the end of the log cannot be written again: {error}"))
        .ok()
}

fn keep(quarantine: &Quarantine<'_>, name: &str, path: &Path, hole: &Hole, bytes: &[u8]) -> Damage {
    let note = format!(
        "{} is damaged at bytes {} to {}: {}; records {} to {} of it are missing",
        path.display(),
        hole.bytes.start,
        hole.bytes.end,
        hole.reason,
        hole.records.start,
        hole.records.end
    );
    let name = format!("{name}-{}", hole.bytes.start);
    quarantine.keep(Part::Log, &name, &bytes[hole.bytes.clone()], &note)
}

/// Files that a crash left before they had their name: empty but for a head.
fn remove_unfinished(disk: &dyn Disk, dir: &Path) {
    for path in disk.list(dir).unwrap_or_default() {
        if path
            .extension()
            .is_some_and(|extension| extension == UNFINISHED)
            && let Err(error) = disk.remove(&path)
        {
            tracing::debug!("{} could not be removed: {error}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fanlight_model::{Batch, UnixNanos};

    use super::*;
    use crate::disk::LocalDisk;
    use crate::log::{FILE_HEAD_BYTES, Numbers, encode_batch};

    fn batch(number: u64) -> Vec<u8> {
        let batch = Batch {
            received_at: UnixNanos(number),
            ..Batch::default()
        };
        let mut bytes = Vec::new();
        let numbers = Numbers {
            seq: number,
            place: 0,
        };
        encode_batch(&batch).unwrap().frame(numbers, &mut bytes);
        bytes
    }

    fn read_all(dir: &Path, position: u64) -> (Vec<u64>, Replay) {
        let mut seen = Vec::new();
        let quarantine_dir = dir.join("quarantine");
        let quarantine = Quarantine::new(&LocalDisk, &quarantine_dir);
        let outcome = replay(
            &LocalDisk,
            dir,
            &quarantine,
            position,
            &mut |seq, record| {
                let batch = record.batch()?;
                assert_eq!(batch.received_at.0, seq);
                seen.push(seq);
                Ok(())
            },
        );
        (seen, outcome.unwrap())
    }

    fn two_files(dir: &Path) {
        let file = LogFile::create(&LocalDisk, dir, 0).unwrap();
        file.append(&[batch(0), batch(1)].concat()).unwrap();
        let file = LogFile::create(&LocalDisk, dir, 2).unwrap();
        file.append(&batch(2)).unwrap().append(&batch(3)).unwrap();
    }

    fn path(dir: &Path, index: usize) -> PathBuf {
        list(&LocalDisk, dir).unwrap()[index].1.clone()
    }

    #[test]
    fn records_come_back_in_order_from_a_position() {
        let dir = tempfile::tempdir().unwrap();
        two_files(dir.path());
        let (seen, outcome) = read_all(dir.path(), 1);
        assert_eq!((seen, outcome.next_seq), (vec![1, 2, 3], 4));
        assert!(outcome.damage.is_empty());
        // The last group was written again, into a file of its own.
        let starts = || {
            let files = list(&LocalDisk, dir.path()).unwrap();
            files.iter().map(|(first, _)| *first).collect::<Vec<_>>()
        };
        assert_eq!(starts(), [0, 2, 3]);
        remove_below(&LocalDisk, dir.path(), 2).unwrap();
        assert_eq!(starts(), [2, 3]);
        assert_eq!(read_all(dir.path(), 2).0, [2, 3]);
    }

    #[test]
    fn an_unfinished_last_write_is_passed_over_now_and_when_a_new_file_follows() {
        let whole = batch(4);
        for kept in 1..whole.len() {
            let dir = tempfile::tempdir().unwrap();
            two_files(dir.path());
            let newest = path(dir.path(), 1);
            let mut bytes = fs::read(&newest).unwrap();
            bytes.extend_from_slice(&whole[..kept]);
            fs::write(&newest, bytes).unwrap();
            let (seen, outcome) = read_all(dir.path(), 0);
            assert_eq!((seen, outcome.next_seq), (vec![0, 1, 2, 3], 4));
            assert_eq!(outcome.unfinished_bytes, kept as u64);

            let file = LogFile::create(&LocalDisk, dir.path(), 4).unwrap();
            file.append(&whole).unwrap();
            let (seen, outcome) = read_all(dir.path(), 0);
            assert_eq!((seen, outcome.next_seq), (vec![0, 1, 2, 3, 4], 5));
            assert!(outcome.damage.is_empty());
        }
    }

    #[test]
    fn damage_before_acknowledged_records_is_named_and_its_bytes_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        two_files(dir.path());
        let oldest = path(dir.path(), 0);
        let mut bytes = fs::read(&oldest).unwrap();
        bytes[FILE_HEAD_BYTES + 21] ^= 1;
        fs::write(&oldest, &bytes).unwrap();
        for _ in 0..2 {
            let (seen, outcome) = read_all(dir.path(), 0);
            assert_eq!((seen, outcome.next_seq), (vec![1, 2, 3], 4));
            let [damage] = &outcome.damage[..] else {
                panic!("{:?}", outcome.damage)
            };
            let end = FILE_HEAD_BYTES + batch(0).len();
            let place =
                format!("at bytes 16 to {end}: the checksum does not match; records 0 to 1");
            assert!(damage.reason.contains(&place), "{}", damage.reason);
            let kept = dir.path().join("quarantine/log-0000000000000000-16.bytes");
            assert_eq!(fs::read(kept).unwrap(), bytes[16..end]);
        }
        // What is in segments already does not matter any more.
        assert!(read_all(dir.path(), 1).1.damage.is_empty());
    }

    #[test]
    fn a_file_that_is_gone_is_named() {
        let dir = tempfile::tempdir().unwrap();
        two_files(dir.path());
        fs::remove_file(path(dir.path(), 0)).unwrap();
        let (seen, outcome) = read_all(dir.path(), 0);
        assert_eq!((seen, outcome.damage.len()), (vec![2, 3], 1));
        assert!(read_all(dir.path(), 2).1.damage.is_empty());
    }
}
