//! All matching traces as a stream of lines.

use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Client;
use super::request::ClientError;

/// What a line of an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// OTLP/JSON of one trace, with what OTLP cannot carry beside it. Nothing is lost but uploaded files.
    #[default]
    Otlp,
    /// What `Trace.to_json()` of MLflow writes.
    Mlflow,
}

/// Which traces to write out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// By their ids.
    pub experiments: Vec<String>,
    /// In the language of MLflow's trace search; empty for everything.
    pub filter: String,
    /// What a line is.
    pub format: Format,
    /// Goes on where another stream was cut off.
    pub cursor: Option<String>,
}

/// One line of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A trace, in the format that was asked for.
    Trace(Json),
    /// A stream that is cut off after this goes on from here.
    Cursor(String),
}

#[derive(Deserialize)]
struct About {
    export: Progress,
}

#[derive(Deserialize)]
struct Progress {
    cursor: Option<String>,
    #[serde(default)]
    complete: bool,
}

impl Client {
    /// Newest first, of one moment. The last item is an error when the stream ended early
    /// ([`ClientError::Incomplete`] where nothing else says so): without one, it is complete.
    pub fn export(
        &self,
        export: &Export,
    ) -> Result<impl Iterator<Item = Result<Line, ClientError>> + use<>, ClientError> {
        let mut body = json!({
            "experiments": export.experiments,
            "filter": export.filter,
            "format": match export.format {
                Format::Otlp => "otlp",
                Format::Mlflow => "mlflow",
            },
        });
        if let Some(cursor) = &export.cursor {
            body["cursor"] = cursor.as_str().into();
        }
        let reply = self.post_for_stream("/api/v1/traces/export", &body)?;
        Ok(Lines {
            reader: Some(BufReader::new(reply.into_body().into_reader())),
        })
    }
}

struct Lines<R> {
    /// `None` after the end, and after an error.
    reader: Option<BufReader<R>>,
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<Line, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = self.reader.take()?;
        let mut text = String::new();
        match reader.read_line(&mut text) {
            Ok(0) => return Some(Err(ClientError::Incomplete)),
            Ok(_) => {}
            Err(error) => return Some(Err(ClientError::Read(error))),
        }
        let line = if text.starts_with("{\"export\":") {
            match serde_json::from_str::<About>(&text) {
                Ok(about) if about.export.complete => return None,
                Ok(about) => about.export.cursor.map(Line::Cursor),
                Err(error) => return Some(Err(ClientError::Reply(error))),
            }
        } else {
            match serde_json::from_str(&text) {
                Ok(trace) => Some(Line::Trace(trace)),
                Err(error) => return Some(Err(ClientError::Reply(error))),
            }
        };
        self.reader = Some(reader);
        // What is said about columns is of no use here.
        line.map_or_else(|| self.next(), |line| Some(Ok(line)))
    }
}
