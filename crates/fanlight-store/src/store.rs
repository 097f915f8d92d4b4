//! The store as its users see it.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use fanlight_model::{Batch, Clock, TraceKey};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use crate::compact::Effort;
use crate::damage::{Damage, QUARANTINE_DIR};
use crate::disk::{Disk, LocalDisk};
use crate::log;
use crate::recovery::{Directories, Recovered, recover};
use crate::registry::Registry;
use crate::seal::{Scope, Sealer};
use crate::segment::StoredTrace;
use crate::spill::{Overflow, Spill};
use crate::state::{Found, Snapshot, State};
use crate::writer::{Job, Writer};
use crate::{Settings, StoreError};

/// Batches handed to the writer thread and not yet durable.
const QUEUE_LENGTH: usize = 1024;
/// How long a caller waits for room before it is refused.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
/// Above this a batch is encoded away from the threads that serve requests.
const ENCODE_INLINE_BYTES: usize = 512 << 10;

/// Keeps batches and hands out what is kept.
#[derive(Debug)]
pub struct Store {
    state: Arc<RwLock<State>>,
    sealer: Arc<Sealer>,
    settings: Settings,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    waiting_bytes: Arc<AtomicUsize>,
    applied: Arc<Notify>,
    /// Large batches that are encoded at one time, one per core: more would not be done earlier, only hold memory.
    encoding: Semaphore,
    /// Told after each seal.
    room: Notify,
    writer: Mutex<Option<JoinHandle<()>>>,
    damage: Vec<Damage>,
    /// Held as long as the store is open.
    _lock: File,
}

impl Store {
    /// Opens the store in `dir`, creating it when empty, and brings back everything acknowledged.
    ///
    /// Fails with [`StoreError::Locked`] while another process has it open. Blocks: call it off the async threads.
    pub fn open(
        dir: &Path,
        settings: Settings,
        registry: Arc<dyn Registry>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        Self::open_on(Arc::new(LocalDisk), dir, settings, registry, clock)
    }

    /// The same on a disk of another kind. Segments are still read from the local one.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        settings: Settings,
        registry: Arc<dyn Registry>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let (log_dir, segments_dir) = (dir.join("log"), dir.join("segments"));
        for dir in [&log_dir, &segments_dir] {
            disk.create_dir(dir)
                .map_err(StoreError::io("creating", dir))?;
        }
        let lock = lock(dir)?;
        let spill = Spill::new(dir.to_owned());
        let Recovered {
            state,
            next_segment,
            log_position,
            damage,
            log_file,
        } = recover(
            &*disk,
            &Directories {
                log: &log_dir,
                segments: &segments_dir,
                quarantine: &dir.join(QUARANTINE_DIR),
            },
            &*registry,
            &*clock,
            &Overflow {
                spill: &spill,
                limit_bytes: settings.hot_limit_bytes,
            },
        )?;
        let state = Arc::new(state);
        let (jobs, receiver) = mpsc::channel(QUEUE_LENGTH);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let applied = Arc::new(Notify::new());
        let sealer = Arc::new(Sealer {
            disk: Arc::clone(&disk),
            log_dir: log_dir.clone(),
            segments_dir,
            settings: settings.clone(),
            state: Arc::clone(&state),
            registry: Arc::clone(&registry),
            clock: Arc::clone(&clock),
            spill,
            next_id: Mutex::new(next_segment),
            unannounced: Mutex::new(None),
            log_position: Mutex::new(log_position),
            compacting: Mutex::default(),
        });
        let writer = Writer {
            disk,
            dir: log_dir,
            file_bytes: settings.log_file_bytes,
            reserve_bytes: settings.disk_reserve_bytes,
            file: log_file,
            state: Arc::clone(&state),
            registry,
            sealer: Arc::clone(&sealer),
            clock,
            waiting_bytes: Arc::clone(&waiting_bytes),
            applied: Arc::clone(&applied),
            refusing: false,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(receiver))
            .map_err(StoreError::io("starting", "the writer thread"))?;
        Ok(Self {
            state,
            sealer,
            settings,
            jobs: Mutex::new(Some(jobs)),
            waiting_bytes,
            applied,
            encoding: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)),
            room: Notify::new(),
            writer: Mutex::new(Some(thread)),
            damage,
            _lock: lock,
        })
    }

    /// Appends `batch` and returns once it would survive a power cut and every read shows it.
    ///
    /// Appending the same facts twice is harmless. Fails with [`StoreError::Overloaded`] when too much waits to be
    /// written or sealed, with [`StoreError::DiskFull`] or [`StoreError::LogFailed`] when it could not be written. The
    /// caller may retry the whole batch; writing works again as soon as the disk does.
    pub async fn append(&self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let batch_bytes = size_of_batch(&batch);
        self.check_room(batch_bytes)?;
        let jobs = self.jobs.lock().clone().ok_or(StoreError::Closed)?;
        let (batch, payload) = if batch_bytes > ENCODE_INLINE_BYTES {
            // The semaphore is never closed.
            let _permit = self.encoding.acquire().await;
            let encode = move || (log::encode_batch(&batch), batch);
            let (payload, batch) = tokio::task::spawn_blocking(encode)
                .await
                .map_err(|_| StoreError::Closed)?;
            (batch, payload?)
        } else {
            let payload = log::encode_batch(&batch)?;
            (batch, payload)
        };
        let (done, answer) = oneshot::channel();
        self.waiting_bytes.fetch_add(batch_bytes, Ordering::Relaxed);
        let job = Job::Append {
            payload,
            batch,
            batch_bytes,
            done,
        };
        if jobs.send(job).await.is_err() {
            self.waiting_bytes.fetch_sub(batch_bytes, Ordering::Relaxed);
            return Err(StoreError::Closed);
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    fn check_room(&self, batch_bytes: usize) -> Result<(), StoreError> {
        let limit = self.settings.max_batch_bytes;
        if batch_bytes > limit {
            return Err(StoreError::BatchTooLarge {
                bytes: batch_bytes,
                limit,
            });
        }
        // Work that was let in by `wait_for_room` is not thrown away when others were let in with it.
        let limit = self.settings.hot_limit_bytes + self.settings.hot_limit_bytes / 2;
        match self.held_bytes() {
            waiting_bytes if waiting_bytes > limit => {
                self.applied.notify_one();
                Err(StoreError::Overloaded {
                    waiting_bytes,
                    limit: self.settings.hot_limit_bytes,
                })
            }
            _ => Ok(()),
        }
    }

    fn held_bytes(&self) -> usize {
        self.state.read().hot_bytes + self.waiting_bytes.load(Ordering::Relaxed)
    }

    /// Returns when there is room for more, at once unless the store is overloaded.
    ///
    /// Ask before doing the work of decoding a request: refusing it afterwards wastes that work just when there is too
    /// much of it. Fails with [`StoreError::Overloaded`] when sealing makes no room for a second.
    pub async fn wait_for_room(&self) -> Result<(), StoreError> {
        let limit = self.settings.hot_limit_bytes;
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            let made = self.room.notified();
            let waiting_bytes = self.held_bytes();
            if waiting_bytes <= limit {
                return Ok(());
            }
            self.applied.notify_one();
            tokio::select! {
                () = made => {}
                () = &mut patience => return Err(StoreError::Overloaded { waiting_bytes, limit }),
            }
        }
    }

    /// Removes traces; answers those that existed. Durable and invisible to every read when it returns.
    pub async fn delete(&self, keys: Vec<TraceKey>) -> Result<Vec<TraceKey>, StoreError> {
        let jobs = self.jobs.lock().clone().ok_or(StoreError::Closed)?;
        let (done, answer) = oneshot::channel();
        jobs.send(Job::Delete { keys, done })
            .await
            .map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Everything kept at this moment.
    pub fn snapshot(&self) -> Snapshot {
        self.state.read().snapshot()
    }

    /// Where a trace is now.
    pub fn find(&self, key: TraceKey) -> Option<Found> {
        self.state.read().find(key)
    }

    /// What could not be read when the store was opened.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Bytes of traces in memory, and how many traces.
    pub fn hot_size(&self) -> (usize, usize) {
        let state = self.state.read();
        (state.hot_bytes, state.hot.len())
    }

    /// Returns when something was applied, so that the caller may look whether sealing is due.
    pub async fn applied(&self) {
        self.applied.notified().await;
    }

    /// Whether enough is in memory that [`Self::seal_due`] might find work before its traces grow old.
    pub fn sealing_may_be_due(&self) -> bool {
        let state = self.state.read();
        state.hot_bytes
            >= self
                .settings
                .seal_bytes
                .min(self.settings.hot_limit_bytes / 2)
            || state.hot.len() >= self.settings.seal_traces
    }

    /// Seals what is due by the settings. Blocks; answers how many traces were sealed.
    pub fn seal_due(&self) -> Result<usize, StoreError> {
        let sealed = self.sealer.seal(Scope::Due);
        self.room.notify_waiters();
        sealed
    }

    /// Seals everything in memory, running traces too. Blocks.
    pub fn seal_all(&self) -> Result<usize, StoreError> {
        let (_, wanted) = self.hot_size();
        let mut sealed = self.sealer.seal(Scope::All)?;
        // One segment does not take all of them when they are large.
        while sealed < wanted {
            match self.sealer.seal(Scope::All)? {
                0 => break,
                more => sealed += more,
            }
        }
        Ok(sealed)
    }

    /// Makes one segment of several where that pays off; answers how many there were, 0 when there was nothing to do.
    /// Blocks, for seconds with large segments; reads and writes go on.
    pub fn compact(&self, effort: Effort) -> Result<usize, StoreError> {
        self.sealer.compact(effort)
    }

    /// Refuses further writes, waits until accepted ones are durable. Blocks.
    pub fn close(&self) {
        self.jobs.lock().take();
        if let Some(writer) = self.writer.lock().take()
            && writer.join().is_err()
        {
            tracing::error!("the writer thread ended by a panic");
        }
    }
}

impl Found {
    /// The trace without spans.
    pub fn stored(&self) -> Result<StoredTrace, StoreError> {
        match self {
            Self::Hot(trace) => Ok(StoredTrace {
                summary: trace.summary().clone(),
                facts: trace.facts().cloned(),
                edits: trace.folded().cloned(),
            }),
            Self::Sealed(segment, row) => {
                let traces = segment.traces(&[*row])?;
                traces
                    .into_iter()
                    .next()
                    .ok_or_else(|| StoreError::CorruptSegment {
                        segment: segment.id(),
                        reason: format!("row {row} is missing"),
                    })
            }
        }
    }

    /// Roots first, then by start.
    pub fn spans(&self) -> Result<Vec<Arc<fanlight_model::Span>>, StoreError> {
        match self {
            Self::Hot(trace) => Ok(trace.whole().spans().to_vec()),
            Self::Sealed(segment, row) => Ok(segment.spans(&[*row])?.pop().unwrap_or_default()),
        }
    }
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(StoreError::io("creating", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
            path: dir.to_owned(),
        }),
        Err(TryLockError::Error(cause)) => Err(StoreError::io("locking", &path)(cause)),
    }
}

fn size_of_batch(batch: &Batch) -> usize {
    let spans = batch
        .groups
        .iter()
        .flat_map(|group| &group.spans)
        .map(fanlight_model::Span::size_bytes);
    let traces = batch.traces.iter().map(|facts| {
        let texts = facts
            .tags
            .iter()
            .chain(&facts.metadata)
            .map(|(key, value)| key.len() + value.len() + 64);
        256 + texts.sum::<usize>()
    });
    let additions = batch
        .additions
        .iter()
        .map(|addition| 128 + addition.event.attributes.size_bytes());
    let repriced = batch.repriced.len() * size_of::<fanlight_model::Repriced>();
    spans.chain(traces).chain(additions).sum::<usize>() + repriced
}
