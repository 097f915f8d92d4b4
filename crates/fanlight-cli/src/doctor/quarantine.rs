//! Damage that the store found and set aside: one finding per note.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;

const SUBJECT: &str = "damage";
/// The store's folder for damaged bytes and notes.
const QUARANTINE_DIR: &str = "quarantine";
/// Notes are a sentence or two.
const NOTE_BYTES: usize = 2000;

pub(super) fn check(data_dir: &Path) -> Vec<Finding> {
    let dir = data_dir.join(QUARANTINE_DIR);
    let Ok(entries) = fs::read_dir(&dir) else {
        return vec![Finding::ok(SUBJECT, "none was found so far")];
    };
    let mut notes: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    notes.sort_unstable();
    if notes.is_empty() {
        return vec![Finding::ok(SUBJECT, "none that is not settled")];
    }
    notes.iter().map(|note| finding(note)).collect()
}

fn finding(note: &Path) -> Finding {
    let text = fs::read(note).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[..text.len().min(NOTE_BYTES)]);
    let is_segment = note
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("segment-"));
    let advice = if is_segment {
        "check the disk and restore the folder from a backup, then restart; delete the segment's note in `quarantine` \
         only when its traces are given up"
    } else {
        "check the disk; what is missing may be sent again; delete the note in `quarantine` once it is settled"
    };
    Finding::fail(SUBJECT, text.trim(), advice)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn each_note_is_a_finding() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(check(dir.path())[0].verdict, Verdict::Ok);
        let quarantine = dir.path().join(QUARANTINE_DIR);
        fs::create_dir(&quarantine).unwrap();
        fs::write(quarantine.join("log-1-16.bytes"), "xy").unwrap();
        fs::write(quarantine.join("log-1-16.txt"), "record 1 is missing\n").unwrap();
        let findings = check(dir.path());
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].verdict, findings[0].found.as_str()),
            (Verdict::Fail, "record 1 is missing")
        );
    }
}
