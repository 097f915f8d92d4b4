//! For tests of traced programs: spans stay in memory.

use std::sync::Arc;
use std::time::Duration;

use crate::global;
use crate::record::SpanRecord;
use crate::settings::{Processor, Settings};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::tracer::Tracer;

/// The tracer of a process is one: tests that use it wait for each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Everything that is traced in this process while it lives, in memory.
///
/// ```
/// let collector = fanlight::testing::Collector::install();
/// drop(fanlight::span!("work"));
/// assert_eq!(collector.spans()[0].name, "work");
/// ```
#[derive(Debug)]
pub struct Collector {
    tracer: Tracer,
    spans: Arc<Mutex<Vec<SpanRecord>>>,
    _alone: MutexGuard<'static, ()>,
}

impl Collector {
    /// Makes it the tracer of this process. Waits until no other one lives.
    ///
    /// # Panics
    ///
    /// When the system gives no thread.
    pub fn install() -> Self {
        Self::install_with(Settings::default())
    }

    /// As [`install`](Self::install), with these settings but for the destinations. Spans are as they are after the
    /// processors.
    ///
    /// # Panics
    ///
    /// When the system gives no thread.
    pub fn install_with(mut settings: Settings) -> Self {
        let alone = lock(&ONE_AT_A_TIME);
        let spans = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&spans);
        settings.destinations = Vec::new();
        settings.spool = None;
        settings.processors.push(Processor::new(move |span| {
            lock(&kept).push(span.clone());
        }));
        let tracer = Tracer::start(settings).expect("the system gives threads");
        global::set_tracer(Some(tracer.clone()));
        Self {
            tracer,
            spans,
            _alone: alone,
        }
    }

    /// The tracer of this process as long as this lives.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Those that have ended so far, in the order of their ends.
    ///
    /// # Panics
    ///
    /// When they do not arrive within a minute.
    pub fn spans(&self) -> Vec<SpanRecord> {
        self.tracer
            .flush(Duration::from_mins(1))
            .expect("nothing is sent anywhere");
        lock(&self.spans).clone()
    }

    /// The one that has this name and has ended.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    pub fn span(&self, name: &str) -> SpanRecord {
        let mut named = self.spans();
        named.retain(|span| span.name == name);
        assert_eq!(named.len(), 1, "spans called {name}");
        named.swap_remove(0)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        global::remove_tracer(&self.tracer);
        self.tracer.shut_down(Duration::from_secs(1));
    }
}
