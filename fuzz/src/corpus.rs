//! Inputs that were right, or that once were findings: `corpus/<target>/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All of a target's, sorted by name. None for a target that makes its own.
pub(crate) fn load(target: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let dir = root().join(target);
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(&dir).with_context(|| format!("listing {}", dir.display()))? {
        paths.push(entry?.path());
    }
    paths.sort_unstable();
    paths
        .iter()
        .map(|path| fs::read(path).with_context(|| format!("reading {}", path.display())))
        .collect()
}

/// Keeps a finding where the next run takes it up.
pub(crate) fn keep(target: &str, seed: u64, number: u64, input: &[u8]) -> anyhow::Result<PathBuf> {
    let dir = root().join(target);
    let path = dir.join(format!("finding-{seed}-{number}"));
    fs::create_dir_all(&dir)?;
    fs::write(&path, input)?;
    Ok(path)
}
