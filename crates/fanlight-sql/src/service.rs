//! Running queries: on threads of their own, so many at a time, within limits, and no longer than somebody waits.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::prelude::{DataFrame, SQLOptions};
use fanlight_model::WorkspaceId;
use fanlight_query::Engine;
use futures_util::{FutureExt, StreamExt};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;

use crate::output::{Encoder, Format};
use crate::session::session;
use crate::statement::parse;
use crate::{SqlError, SqlSettings};

/// More threads would take what other requests need.
const MAX_THREADS: usize = 4;
/// Planning and evaluating nested expressions calls itself; the memory is taken only as far as it is used.
const STACK_BYTES: usize = 64 << 20;
/// An answer up to this size fails as a whole when it fails; of a larger one, the beginning is on its way by then.
const HELD_BACK_BYTES: usize = 4 << 20;
/// What is sent at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// The way to ask in SQL. Cheap to share behind an [`Arc`].
#[derive(Debug)]
pub struct Sql {
    engine: Arc<Engine>,
    settings: SqlSettings,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    threads: usize,
    turns: Arc<Semaphore>,
}

/// An answer while it is made. Dropping it gives the query up.
#[derive(Debug)]
pub struct Answer {
    parts: mpsc::Receiver<Result<Vec<u8>, SqlError>>,
    first: Option<Vec<u8>>,
    is_complete: bool,
    _running: Running,
}

#[derive(Debug)]
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Sql {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Sql {
    /// Starts the threads queries run on. Fails when the system gives none.
    pub fn new(engine: Arc<Engine>, settings: SqlSettings) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = cores.min(MAX_THREADS);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(threads)
            .thread_name("fanlight-sql")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()?;
        Ok(Self {
            engine,
            turns: Arc::new(Semaphore::new(settings.concurrency)),
            settings,
            runtime: Some(runtime),
            threads,
        })
    }

    /// Runs one statement and returns when its answer has begun. Everything that goes wrong until then is the error here,
    /// and an answer that is not large is complete by then.
    pub async fn run(&self, statement: &str, format: Format) -> Result<Answer, SqlError> {
        let busy = |_| SqlError::Busy {
            limit: self.settings.concurrency,
        };
        let turn = Arc::clone(&self.turns).try_acquire_owned().map_err(busy)?;
        let runtime = self.runtime.as_ref().ok_or(SqlError::ShuttingDown)?;
        let (to, parts) = mpsc::channel(2);
        let query = Query {
            engine: Arc::clone(&self.engine),
            settings: self.settings.clone(),
            threads: self.threads,
            statement: statement.to_owned(),
            format,
            to,
        };
        let task = runtime.spawn(query.run(turn));
        let mut answer = Answer {
            parts,
            first: None,
            is_complete: false,
            _running: Running(task.abort_handle()),
        };
        answer.first = answer.next().await?;
        Ok(answer)
    }

    /// How many queries are running.
    pub fn running(&self) -> usize {
        self.settings
            .concurrency
            .saturating_sub(self.turns.available_permits())
    }
}

impl Answer {
    /// The next bytes, `None` when the answer is complete. After an error it is not, and never will be.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, SqlError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if self.is_complete {
            return Ok(None);
        }
        match self.parts.recv().await {
            Some(Ok(part)) if part.is_empty() => {
                self.is_complete = true;
                Ok(None)
            }
            Some(result) => result.map(Some),
            // A complete answer ends with an empty part.
            None => Err(SqlError::ShuttingDown),
        }
    }
}

/// One query on its way.
struct Query {
    engine: Arc<Engine>,
    settings: SqlSettings,
    threads: usize,
    statement: String,
    format: Format,
    to: mpsc::Sender<Result<Vec<u8>, SqlError>>,
}

impl Query {
    /// The turn ends with the work, which may be a moment after nobody waits for it any more.
    async fn run(self, turn: OwnedSemaphorePermit) {
        let limit = self.settings.timeout;
        let answered = AssertUnwindSafe(tokio::time::timeout(limit, self.answer()));
        let result = match answered.catch_unwind().await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(SqlError::OutOfTime { limit }),
            Err(_) => Err(SqlError::Defect),
        };
        let last = result.map(|()| Vec::new());
        // Others may have the turn while the end is read.
        drop(turn);
        self.to.send(last).await.ok();
    }

    async fn answer(&self) -> Result<(), SqlError> {
        let memory_bytes = self.settings.memory_bytes;
        let failed = |error: DataFusionError| SqlError::from_engine(error, memory_bytes);
        let statement = parse(&self.statement, memory_bytes)?;
        let moment = Arc::new(self.engine.moment(WorkspaceId::DEFAULT));
        let context = session(&moment, memory_bytes, self.threads).map_err(failed)?;
        let state = context.state();
        let plan = state.statement_to_plan(statement).await.map_err(failed)?;
        SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false)
            .verify_plan(&plan)
            .map_err(failed)?;
        crate::growth::check(&plan)?;
        let frame = DataFrame::new(state, plan);
        let mut batches = frame.execute_stream().await.map_err(failed)?;
        let mut encoder = Encoder::new(self.format, &batches.schema()).map_err(failed)?;
        let mut rows = 0;
        let mut has_begun = false;
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(failed)?;
            rows += batch.num_rows();
            if rows > self.settings.max_rows {
                let limit = self.settings.max_rows;
                return Err(SqlError::TooManyRows { limit });
            }
            encoder.push(&batch).map_err(failed)?;
            let enough = if has_begun {
                CHUNK_BYTES
            } else {
                HELD_BACK_BYTES
            };
            if encoder.len() >= enough {
                has_begun = true;
                self.send(encoder.take()).await?;
            }
        }
        encoder.finish().map_err(failed)?;
        self.send(encoder.take()).await
    }

    async fn send(&self, part: Vec<u8>) -> Result<(), SqlError> {
        if part.is_empty() {
            return Ok(());
        }
        let sent = self.to.send(Ok(part)).await;
        sent.map_err(|_| SqlError::ShuttingDown)
    }
}
