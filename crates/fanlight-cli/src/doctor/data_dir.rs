//! The directory everything is kept in: there, writable, with room, and whether a server has it open.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Finding;

const SUBJECT: &str = "data directory";

/// Below this, warn: about a day of a busy small server.
const LOW_BYTES: u64 = 2 << 30;

/// The file the store locks while it is open.
const LOCK_FILE: &str = "lock";

/// What identifies a SQLite database, which the catalog is.
const SQLITE_START: &[u8] = b"SQLite format 3\0";

pub(super) fn check(dir: &Path) -> Vec<Finding> {
    let existing = nearest_existing(dir);
    if !existing.is_dir() {
        let found = format!("{} is not a directory", existing.display());
        return vec![Finding::fail(
            SUBJECT,
            found,
            "choose another with `data_dir`, or move that file away",
        )];
    }
    let mut findings = vec![writable(dir, &existing), room(&existing)];
    if existing == dir {
        findings.extend(lock(dir));
        findings.extend(store(dir));
    }
    findings
}

/// `dir`, or the closest of its parents that is there.
fn nearest_existing(dir: &Path) -> PathBuf {
    let there = dir
        .ancestors()
        .find(|path| !path.as_os_str().is_empty() && path.exists());
    there.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

fn writable(dir: &Path, existing: &Path) -> Finding {
    let probe = existing.join(format!(".fanlight-doctor-{}", std::process::id()));
    let written = File::create_new(&probe).and_then(|file| file.sync_all());
    // Nothing depends on the probe being gone.
    fs::remove_file(&probe).ok();
    match written {
        Ok(()) if existing == dir => Finding::ok(SUBJECT, format!("{} is writable", dir.display())),
        Ok(()) => Finding::ok(SUBJECT, format!("{} will be made", dir.display())),
        Err(error) => Finding::fail(
            SUBJECT,
            format!("{} is not writable: {error}", existing.display()),
            "give the user that runs the server write permission, or choose another with `data_dir`",
        ),
    }
}

fn room(existing: &Path) -> Finding {
    match free_bytes(existing) {
        Some(free) if free < LOW_BYTES => Finding::warn(
            "disk",
            format!("{} MiB are free", free >> 20),
            "free some space; when the disk is full, the server refuses traces",
        ),
        Some(free) => Finding::ok("disk", format!("{} GiB are free", free >> 30)),
        None => Finding::warn(
            "disk",
            "free space could not be found out",
            "look with `df`",
        ),
    }
}

/// Asks `df`: the standard library cannot tell, and no other part needs it.
fn free_bytes(path: &Path) -> Option<u64> {
    let output = Command::new("df")
        .arg("-Pk")
        .arg(path)
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    free_in_df(&String::from_utf8(output.stdout).ok()?)
}

/// The column "Available" of `df -Pk`, the fourth; names of file systems may hold spaces, so it is counted from "%".
fn free_in_df(table: &str) -> Option<u64> {
    let words: Vec<&str> = table.lines().nth(1)?.split_whitespace().collect();
    let percent = words.iter().position(|word| word.ends_with('%'))?;
    words
        .get(percent.checked_sub(1)?)?
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

fn lock(dir: &Path) -> Option<Finding> {
    let file = File::open(dir.join(LOCK_FILE)).ok()?;
    match file.try_lock() {
        Ok(()) => Some(Finding::ok("lock", "no server has the data directory open")),
        Err(TryLockError::WouldBlock) => {
            Some(Finding::ok("lock", "a server has the data directory open"))
        }
        Err(TryLockError::Error(error)) => Some(Finding::warn(
            "lock",
            format!("locking does not work here: {error}"),
            "make sure that only one server uses the data directory, or put it on a local disk",
        )),
    }
}

/// As much of the store as can be judged from outside while a server may be using it.
fn store(dir: &Path) -> Option<Finding> {
    const SUBJECT: &str = "store";
    let catalog = dir.join("catalog.sqlite");
    match beginning(&catalog) {
        // An empty file is a database that nothing was written to.
        Ok(start) if start.is_empty() || start == SQLITE_START => {
            Some(Finding::ok(SUBJECT, "the catalog is a readable database"))
        }
        Ok(_) => {
            let found = format!("{} is not a database", catalog.display());
            Some(Finding::fail(
                SUBJECT,
                found,
                "restore the file from a backup",
            ))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let found = format!("{} cannot be read: {error}", catalog.display());
            let advice = "give the user that runs the server read permission";
            Some(Finding::fail(SUBJECT, found, advice))
        }
    }
}

fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?
        .take(SQLITE_START.len() as u64)
        .read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_directory_that_can_be_made_is_fine() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/b");
        let findings = check(&dir);
        assert_eq!(
            findings[0],
            Finding::ok(SUBJECT, format!("{} will be made", dir.display()))
        );
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_its_place_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("data");
        fs::write(&file, "x").unwrap();
        assert_eq!(check(&file)[0].verdict, Verdict::Fail);
    }

    #[test]
    fn a_lock_that_is_held_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let held = File::create(dir.path().join(LOCK_FILE)).unwrap();
        assert_eq!(
            lock(dir.path()).unwrap().found,
            "no server has the data directory open"
        );
        held.lock().unwrap();
        assert_eq!(
            lock(dir.path()).unwrap().found,
            "a server has the data directory open"
        );
    }

    #[test]
    fn a_catalog_that_is_no_database_fails() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(store(dir.path()), None);
        fs::write(
            dir.path().join("catalog.sqlite"),
            "hello, this is not SQLite",
        )
        .unwrap();
        assert_eq!(store(dir.path()).unwrap().verdict, Verdict::Fail);
    }

    #[test]
    fn free_space_is_read_from_df() {
        let table = "Filesystem 1024-blocks Used Available Capacity Mounted on\nmy disk 100 40 60 40% /data\n";
        assert_eq!(free_in_df(table), Some(60 * 1024));
        assert_eq!(free_in_df(""), None);
    }
}
