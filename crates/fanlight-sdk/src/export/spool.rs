//! Batches on disk: one file each, in a folder per destination that several processes share.
//!
//! A file is a line of text (format, encoding, number of spans) and the body of the request. It is written under
//! another name and renamed, so that a file under its own name is whole. Whoever sends it holds a lock on it and removes
//! it afterwards; the lock of a process that dies goes with it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Payload;
use crate::random;
use crate::settings::SpoolSettings;

const FORMAT: &str = "fanlight-spool-1";
const SUFFIX: &str = "batch";
const UNFINISHED: &str = "part";

#[derive(Debug)]
pub(super) struct Spool {
    dir: PathBuf,
    max_bytes: u64,
    /// Names of this process's files begin with it.
    mine: String,
    made: u64,
}

/// A batch that this process alone sends, as long as it holds this.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) payload: Payload,
    path: PathBuf,
    is_mine: bool,
    _lock: File,
}

impl Claimed {
    /// The batch is settled. Answers whether this process had put it there.
    pub(super) fn remove(self) -> bool {
        // A file that cannot be removed is sent again, which receivers take as the same spans.
        drop(fs::remove_file(&self.path));
        self.is_mine
    }
}

impl Spool {
    /// Of one destination: the folder's name is made of its address.
    pub(super) fn open(settings: &SpoolSettings, url: &str) -> io::Result<Self> {
        let dir = settings.dir.join(folder_of(url));
        make_private(&dir)?;
        Ok(Self {
            dir,
            max_bytes: settings.max_bytes,
            mine: format!("{}", random::trace_id()),
            made: 0,
        })
    }

    /// Puts a batch on disk. `false` when there is no room within the bound.
    pub(super) fn put(&mut self, payload: &Payload) -> io::Result<bool> {
        let header = format!("{FORMAT} {} {}\n", encoding_of(payload), payload.spans);
        let needed = (header.len() + payload.body.len()) as u64;
        if self.held_bytes()?.saturating_add(needed) > self.max_bytes {
            return Ok(false);
        }
        self.made += 1;
        let name = format!("{}-{:010}", self.mine, self.made);
        let unfinished = self.dir.join(format!("{name}.{UNFINISHED}"));
        let written = write(&unfinished, header.as_bytes(), &payload.body)
            .and_then(|()| fs::rename(&unfinished, self.dir.join(format!("{name}.{SUFFIX}"))));
        if let Err(error) = written {
            drop(fs::remove_file(&unfinished));
            return Err(error);
        }
        Ok(true)
    }

    /// The oldest batch that nobody else sends. What is broken is removed and passed over; the answer says how many
    /// files that were.
    pub(super) fn claim(&self) -> io::Result<(Option<Claimed>, usize)> {
        let mut broken = 0;
        for (_, path) in self.batches()? {
            let Ok(file) = File::open(&path) else {
                continue;
            };
            // Gone between opening and locking: another process has sent it.
            if file.try_lock().is_err() || !path.exists() {
                continue;
            }
            match read(&file) {
                Ok(payload) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let is_mine = name.starts_with(&self.mine);
                    let claimed = Claimed {
                        payload,
                        path,
                        is_mine,
                        _lock: file,
                    };
                    return Ok((Some(claimed), broken));
                }
                Err(_) => {
                    drop(fs::remove_file(&path));
                    broken += 1;
                }
            }
        }
        Ok((None, broken))
    }

    fn held_bytes(&self) -> io::Result<u64> {
        let mut bytes = 0;
        for entry in fs::read_dir(&self.dir)? {
            // Another process may remove it meanwhile.
            bytes += entry?.metadata().map_or(0, |metadata| metadata.len());
        }
        Ok(bytes)
    }

    fn batches(&self) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let mut batches = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == SUFFIX)
                && let Ok(modified) = fs::metadata(&path).and_then(|metadata| metadata.modified())
            {
                batches.push((modified, path));
            }
        }
        batches.sort_unstable();
        Ok(batches)
    }
}

fn encoding_of(payload: &Payload) -> &'static str {
    if payload.is_gzip { "gzip" } else { "identity" }
}

/// The address in letters every file system takes, and a digest, because different addresses may look the same then.
fn folder_of(url: &str) -> String {
    let readable: String = url
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() || char == '.' {
                char
            } else {
                '_'
            }
        })
        .take(60)
        .collect();
    // FNV-1a: the name must be the same in every process and version.
    let digest = url.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{readable}-{digest:016x}")
}

/// Captured text lies here: nobody but its owner reads it.
fn make_private(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn write(path: &Path, header: &[u8], body: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(header)?;
    file.write_all(body)
}

fn read(mut file: &File) -> io::Result<Payload> {
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.read_to_end(&mut bytes)?;
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(broken)?;
    let header = std::str::from_utf8(&bytes[..end]).map_err(|_| broken())?;
    let mut words = header.split(' ');
    let (format, encoding, spans) = (words.next(), words.next(), words.next());
    let is_gzip = match (format, encoding) {
        (Some(FORMAT), Some("gzip")) => true,
        (Some(FORMAT), Some("identity")) => false,
        _ => return Err(broken()),
    };
    let spans = spans
        .and_then(|spans| spans.parse().ok())
        .ok_or_else(broken)?;
    drop(bytes.drain(..=end));
    Ok(Payload {
        body: bytes,
        spans,
        is_gzip,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://traces.example/v1/traces";

    fn payload(text: &str) -> Payload {
        Payload {
            body: text.into(),
            spans: text.len(),
            is_gzip: false,
        }
    }

    fn open(dir: &Path, max_bytes: u64) -> Spool {
        let settings = SpoolSettings {
            dir: dir.to_owned(),
            max_bytes,
        };
        Spool::open(&settings, URL).unwrap()
    }

    #[test]
    fn what_one_process_puts_another_takes_once() {
        let home = tempfile::tempdir().unwrap();
        let mut first = open(home.path(), 1_000);
        assert!(first.put(&payload("one")).unwrap());
        let second = open(home.path(), 1_000);
        let (claimed, _) = second.claim().unwrap();
        let claimed = claimed.unwrap();
        assert_eq!(
            (&claimed.payload.body[..], claimed.payload.spans),
            (&b"one"[..], 3)
        );
        assert!(first.claim().unwrap().0.is_none(), "it is being sent");
        assert!(!claimed.remove(), "another process had put it there");
        assert!(first.claim().unwrap().0.is_none());
    }

    #[test]
    fn a_batch_whose_sender_died_is_taken_by_the_next() {
        let home = tempfile::tempdir().unwrap();
        let mut spool = open(home.path(), 1_000);
        spool.put(&payload("one")).unwrap();
        drop(spool.claim().unwrap());
        assert!(spool.claim().unwrap().0.unwrap().remove());
    }

    #[test]
    fn the_bound_holds_over_all_processes() {
        let home = tempfile::tempdir().unwrap();
        let mut first = open(home.path(), 200);
        assert!(first.put(&payload(&"a".repeat(120))).unwrap());
        assert!(
            !open(home.path(), 200)
                .put(&payload(&"b".repeat(120)))
                .unwrap()
        );
        first.claim().unwrap().0.unwrap().remove();
        assert!(first.put(&payload(&"c".repeat(120))).unwrap());
    }

    #[test]
    fn destinations_do_not_meet() {
        let home = tempfile::tempdir().unwrap();
        open(home.path(), 1_000).put(&payload("one")).unwrap();
        let other =
            Spool::open(&SpoolSettings::new(home.path()), "https://other/v1/traces").unwrap();
        assert!(other.claim().unwrap().0.is_none());
    }

    #[test]
    fn what_is_broken_is_removed_and_counted() {
        let home = tempfile::tempdir().unwrap();
        let spool = open(home.path(), 1_000);
        fs::write(spool.dir.join("x.batch"), "nonsense").unwrap();
        assert!(matches!(spool.claim().unwrap(), (None, 1)));
        assert!(matches!(spool.claim().unwrap(), (None, 0)));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let mut spool = open(&home.path().join("made"), 1_000);
        spool.put(&payload("one")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&spool.dir), 0o700);
        assert_eq!(mode(&spool.batches().unwrap()[0].1), 0o600);
    }
}
