//! Files of the store, read by opening it: whatever is in them, it opens and answers.
//!
//! What is behind a checksum is trusted: the libraries that read it panic on bytes that nobody damaged by accident.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use fanlight_model::{
    Attributes, Batch, Clock, ExperimentId, FixedClock, Span, SpanGroup, SpanId, TraceId, UnixNanos,
};
use fanlight_store::{MemoryRegistry, Property, Registry, Settings, Store};
use tempfile::TempDir;

use crate::driver::Feed;

/// One file of a store is replaced by each input.
struct FileOfStore {
    dir: TempDir,
    registry: Arc<MemoryRegistry>,
    /// Files as they were. The first byte of an input chooses, the rest replaces.
    files: Vec<(PathBuf, Vec<u8>)>,
}

fn open(dir: &Path, registry: &Arc<MemoryRegistry>) -> anyhow::Result<Store> {
    let registry = Arc::clone(registry) as Arc<dyn Registry>;
    let clock = Arc::new(FixedClock::at(UnixNanos(1))) as Arc<dyn Clock>;
    Ok(Store::open(dir, Settings::default(), registry, clock)?)
}

fn span(trace: u8, number: u8) -> Option<Span> {
    let attributes = [
        ("llm.model_name".to_owned(), "gpt-4o".into()),
        (
            "input.value".to_owned(),
            format!("question {number}").into(),
        ),
    ];
    Some(Span {
        parent_id: (number > 1).then(|| SpanId::from_bytes([1; 8])).flatten(),
        kind: 1.into(),
        start: UnixNanos(u64::from(trace)),
        end: Some(UnixNanos(900)),
        attributes: attributes.into_iter().collect::<Attributes>(),
        ..Span::new(
            TraceId::from_bytes([trace; 16])?,
            SpanId::from_bytes([number; 8])?,
            format!("span {number}"),
        )
    })
}

fn filled(seal: bool) -> anyhow::Result<(TempDir, Arc<MemoryRegistry>)> {
    let dir = tempfile::tempdir()?;
    let registry = Arc::new(MemoryRegistry::default());
    let store = open(dir.path(), &registry)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for trace in 1..=20 {
        let group = SpanGroup {
            experiment: ExperimentId(1),
            spans: (1..=4).filter_map(|number| span(trace, number)).collect(),
        };
        runtime.block_on(store.append(Batch {
            groups: vec![group],
            ..Batch::default()
        }))?;
    }
    if seal {
        store.seal_all()?;
    }
    store.close();
    Ok((dir, registry))
}

fn files_in(dir: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("listing {}", dir.display()))? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        files.push((path, bytes));
    }
    files.sort_unstable();
    Ok(files)
}

pub(super) fn log_file() -> anyhow::Result<Box<dyn Feed>> {
    let (dir, registry) = filled(false)?;
    let files = files_in(&dir.path().join("log"))?;
    Ok(Box::new(FileOfStore {
        dir,
        registry,
        files,
    }))
}

pub(super) fn segment() -> anyhow::Result<Box<dyn Feed>> {
    let (dir, registry) = filled(true)?;
    let segment = fs::read_dir(dir.path().join("segments"))?
        .next()
        .context("a sealed store has a segment")??;
    let files = files_in(&segment.path())?;
    Ok(Box::new(FileOfStore {
        dir,
        registry,
        files,
    }))
}

impl Feed for FileOfStore {
    fn feed(&mut self, input: &[u8]) {
        let Some((choice, bytes)) = input.split_first() else {
            return;
        };
        let (path, _) = &self.files[usize::from(*choice) % self.files.len()];
        fs::write(path, bytes).expect("the temporary directory takes a file");
        let opened = open(self.dir.path(), &self.registry);
        match opened {
            Ok(store) => read_everything(&store),
            Err(error) => {
                let newer = error.to_string().contains("newer than this version");
                assert!(newer, "only a newer format may stop the start: {error:#}");
            }
        }
        // As it was: a start writes the log's end again and keeps damaged bytes.
        drop(fs::remove_dir_all(self.dir.path().join("quarantine")));
        drop(fs::remove_dir_all(self.dir.path().join("log")));
        drop(fs::create_dir(self.dir.path().join("log")));
        for (path, bytes) in &self.files {
            fs::write(path, bytes).expect("the temporary directory takes a file");
        }
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let files = (0_u8..).zip(&self.files);
        files
            .map(|(choice, (_, bytes))| [&[choice], bytes.as_slice()].concat())
            .collect()
    }
}

/// Errors are fine, panics are not.
fn read_everything(store: &Store) {
    let snapshot = store.snapshot();
    for trace in &snapshot.hot {
        let _ = store.find(trace.key()).map(|found| found.spans());
    }
    for view in &snapshot.segments {
        let segment = &view.segment;
        for row in view.live() {
            drop(segment.trace(row));
            let key = segment.rows().key(row);
            let _ = key
                .and_then(|key| store.find(key))
                .map(|found| found.stored());
        }
        for property in [
            Property::Name,
            Property::Session,
            Property::Attribute("llm.model_name"),
        ] {
            for term in segment.facets().values(property) {
                drop(term.rows());
            }
            drop(segment.facets().unlisted(property));
        }
    }
    store.close();
}
