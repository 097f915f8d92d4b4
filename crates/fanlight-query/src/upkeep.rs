//! What goes on in the background: sealing and merging, on threads that let requests go first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_store::{Effort, Store};

/// After a failure, so that a full disk is not asked again at once.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How often it is looked whether segments can be merged.
const MERGE_EVERY: Duration = Duration::from_secs(2);
/// Of background work: a tenth of the processor's time when requests want all of it.
const NICENESS: i32 = 10;
/// Rest after a merge, in times of what it took: requests come first.
const REST: u32 = 3;

/// Looks whether sealing is due: once a second, and after writes while there is much in memory.
pub(crate) async fn seal_when_due(store: Arc<Store>) {
    loop {
        let tick = tokio::time::sleep(Duration::from_secs(1));
        tokio::select! {
            () = store.applied() => if !store.sealing_may_be_due() { continue },
            () = tick => {}
        }
        let sealing = Arc::clone(&store);
        match aside("seal", move || sealing.seal_due()).await {
            // Looking at every trace after every write would cost more than it finds.
            Ok(Ok(0)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::error!(error = %chain(&error), "sealing failed; trying again");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
            Err(Broken) => tokio::time::sleep(PAUSE_AFTER_FAILURE).await,
        }
    }
}

/// Merges segments, one merge at a time, with rests in between.
pub(crate) async fn compact_when_due(store: Arc<Store>) {
    loop {
        let began = Instant::now();
        let merging = Arc::clone(&store);
        match aside("merge", move || merging.compact(Effort::Due)).await {
            Ok(Ok(0)) => tokio::time::sleep(MERGE_EVERY).await,
            Ok(Ok(_)) => tokio::time::sleep(began.elapsed() * REST).await,
            Ok(Err(error)) => {
                tracing::error!(error = %chain(&error), "merging segments failed; trying again");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
            Err(Broken) => tokio::time::sleep(PAUSE_AFTER_FAILURE).await,
        }
    }
}

/// A thread that did not start, or ended by a panic. The log says which.
#[derive(Debug)]
pub(crate) struct Broken;

/// Runs `work` on a thread of its own that yields to requests, as do those it starts: sealing uses all cores for a
/// second, and whoever searches meanwhile should not notice.
pub(crate) async fn aside<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Broken> {
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(move || {
        // On Linux this is of the calling thread alone.
        if let Err(error) = rustix::process::nice(NICENESS) {
            tracing::debug!(%error, "background work has the priority of requests");
        }
        // Nobody waits any more when the server is stopping.
        let _ = done.send(work());
    });
    if let Err(error) = started {
        tracing::error!(%error, "a thread for background work did not start");
        return Err(Broken);
    }
    result.await.map_err(|_| {
        tracing::error!("background work ended by a panic");
        Broken
    })
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
