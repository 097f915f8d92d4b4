//! What can go wrong with a query.

use std::fmt::Write;
use std::time::Duration;

use datafusion::common::DataFusionError;
use fanlight_model::ErrorKind;
use fanlight_query::QueryError;

/// Longer messages of the query engine are cut: they may quote the whole statement.
const MESSAGE_CHARS: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// What is wrong and, where known, at which line and column.
    #[error("{0}")]
    Statement(String),
    #[error(
        "only one SELECT, EXPLAIN, SHOW TABLES or DESCRIBE can be run, not {found}: this API reads and never writes"
    )]
    ReadOnly { found: String },
    #[error("the statement has {bytes} bytes; the limit is {limit}")]
    TooLong { bytes: usize, limit: usize },
    #[error(
        "the statement has {operators} operators (a SELECT or JOIN counts as ten); the limit is {limit}: write many \
         alternatives as `IN (…)`"
    )]
    TooManyOperators { operators: usize, limit: usize },
    #[error(
        "the query took longer than {} ms (`sql_timeout`) and was given up: ask for fewer traces, or for fewer columns \
         with texts",
        limit.as_millis()
    )]
    OutOfTime { limit: Duration },
    #[error(
        "the query needs more memory than {limit} bytes (`sql_memory_bytes`): sort, group or join fewer rows or shorter \
         texts"
    )]
    OutOfMemory { limit: usize },
    #[error("the answer has more than {limit} rows (`sql_max_rows`): add a LIMIT, or group")]
    TooManyRows { limit: usize },
    #[error("{limit} queries are running already (`sql_concurrency`); send it again in a moment")]
    Busy { limit: usize },
    #[error("the server is shutting down")]
    ShuttingDown,
    #[error("the query failed unexpectedly")]
    Defect,
    #[error(transparent)]
    Query(QueryError),
}

impl SqlError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Statement(_)
            | Self::ReadOnly { .. }
            | Self::TooLong { .. }
            | Self::TooManyOperators { .. }
            | Self::OutOfTime { .. }
            | Self::OutOfMemory { .. }
            | Self::TooManyRows { .. } => ErrorKind::InvalidInput,
            Self::Busy { .. } => ErrorKind::Overloaded,
            Self::ShuttingDown => ErrorKind::Unavailable,
            Self::Defect => ErrorKind::Internal,
            Self::Query(cause) => cause.kind(),
        }
    }

    /// `memory_bytes`: the limit of the query that failed.
    pub(crate) fn from_engine(error: DataFusionError, memory_bytes: usize) -> Self {
        if error.iter().any(is_exhausted) {
            return Self::OutOfMemory {
                limit: memory_bytes,
            };
        }
        match query_error(error) {
            Ok(cause) => Self::Query(cause),
            Err(error) => Self::Statement(message(&error)),
        }
    }
}

fn is_exhausted(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

/// Takes out what the tables failed with.
fn query_error(error: DataFusionError) -> Result<QueryError, DataFusionError> {
    match error {
        DataFusionError::External(cause) => cause
            .downcast::<QueryError>()
            .map(|cause| *cause)
            .map_err(DataFusionError::External),
        DataFusionError::Context(text, inner) => {
            query_error(*inner).map_err(|inner| DataFusionError::Context(text, Box::new(inner)))
        }
        DataFusionError::ArrowError(inner, text) => match *inner {
            datafusion::arrow::error::ArrowError::ExternalError(cause) => cause
                .downcast::<DataFusionError>()
                .map_err(DataFusionError::External)
                .and_then(|inner| query_error(*inner)),
            inner => Err(DataFusionError::ArrowError(Box::new(inner), text)),
        },
        other => Err(other),
    }
}

/// What is wrong and where, without the words of the library's authors to each other.
fn message(error: &DataFusionError) -> String {
    let root = error.find_root();
    let mut text = match root {
        DataFusionError::SQL(cause, _) => cause.to_string(),
        DataFusionError::SchemaError(cause, _) => cause.to_string(),
        DataFusionError::ArrowError(cause, _) => cause.to_string(),
        other => other.message().into_owned(),
    };
    for end in [
        "\nThis issue was likely caused",
        "\n\nbacktrace:",
        "\nbacktrace:",
        // `DESCRIBE` lists them better.
        "Valid fields are ",
    ] {
        if let Some(at) = text.find(end) {
            text.truncate(at);
        }
    }
    let mut text = text
        .trim_start_matches("sql parser error: ")
        .trim_end()
        .trim_end_matches('.')
        .to_owned();
    if text.chars().count() > MESSAGE_CHARS {
        text = text.chars().take(MESSAGE_CHARS - 1).collect();
        text.push('…');
    }
    let place = error.diagnostic().and_then(|found| found.span);
    if let Some(place) = place
        && place.start.line > 0
        && !text.contains("Line: ")
    {
        write!(
            text,
            " at Line: {}, Column: {}",
            place.start.line, place.start.column
        )
        .expect("writing to text does not fail");
    }
    text
}
