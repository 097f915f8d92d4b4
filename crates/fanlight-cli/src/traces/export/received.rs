//! Counting what comes, against what the server says it sent.

use std::borrow::Cow;

use anyhow::Context;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::Total;
use crate::failure::Failure;

/// What a line of the stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    #[default]
    Otlp,
    Mlflow,
    TraceRows,
    SpanRows,
}

impl Shape {
    /// As the API calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Otlp => "otlp",
            Self::Mlflow => "mlflow",
            Self::TraceRows => "traces",
            Self::SpanRows => "spans",
        }
    }
}

/// What a stream says about itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Told {
    #[serde(default)]
    pub(super) cursor: Option<String>,
    #[serde(default)]
    pub(super) columns: Option<Json>,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    traces: u64,
    #[serde(default)]
    spans: u64,
    #[serde(default)]
    pub(super) unreadable: u64,
}

#[derive(Deserialize)]
struct ToldLine {
    export: Told,
}

/// A trace's line, as far as it is counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counted<'a> {
    pub(super) trace_id: Cow<'a, str>,
    pub(super) traces: u64,
    pub(super) spans: u64,
}

#[derive(Deserialize)]
struct OtlpLine<'a> {
    #[serde(rename = "resourceSpans", default)]
    resource_spans: Vec<ResourceSpans>,
    #[serde(borrow)]
    fanlight: Named<'a>,
}

#[derive(Deserialize)]
struct ResourceSpans {
    #[serde(rename = "scopeSpans", default)]
    scope_spans: Vec<Spans>,
}

#[derive(Deserialize)]
struct Spans {
    #[serde(default)]
    spans: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    trace_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct MlflowLine<'a> {
    #[serde(borrow)]
    info: Named<'a>,
    data: Spans,
}

/// Counts a line that is no statement of the stream about itself.
pub(super) fn count(shape: Shape, line: &[u8]) -> Result<Counted<'_>, Failure> {
    let unreadable = "a line of the stream cannot be read";
    let counted = match shape {
        Shape::Otlp => {
            let line: OtlpLine<'_> = serde_json::from_slice(line).context(unreadable)?;
            let scopes = line
                .resource_spans
                .iter()
                .flat_map(|group| &group.scope_spans);
            Counted {
                trace_id: line.fanlight.trace_id,
                traces: 1,
                spans: scopes.map(|scope| scope.spans.len() as u64).sum(),
            }
        }
        Shape::Mlflow => {
            let line: MlflowLine<'_> = serde_json::from_slice(line).context(unreadable)?;
            Counted {
                trace_id: line.info.trace_id,
                traces: 1,
                spans: line.data.spans.len() as u64,
            }
        }
        Shape::TraceRows | Shape::SpanRows => {
            let cells: Vec<Json> = serde_json::from_slice(line).context(unreadable)?;
            let id = cells.into_iter().next().unwrap_or_default();
            Counted {
                trace_id: id.as_str().unwrap_or_default().to_owned().into(),
                traces: u64::from(shape == Shape::TraceRows),
                spans: u64::from(shape == Shape::SpanRows),
            }
        }
    };
    Ok(counted)
}

/// Lines of one stream.
#[derive(Debug)]
pub(super) struct Received {
    shape: Shape,
    traces: u64,
    spans: u64,
    unreadable: u64,
    complete: bool,
}

impl Received {
    pub(super) fn new(shape: Shape) -> Self {
        Self {
            shape,
            traces: 0,
            spans: 0,
            unreadable: 0,
            complete: false,
        }
    }

    /// Counts the line; answers what the stream says about itself, when it does, and fails when that is not what came.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<Option<Told>, Failure> {
        if !line.starts_with(b"{\"export\":") {
            let counted = count(self.shape, line)?;
            self.traces += counted.traces;
            self.spans += counted.spans;
            return Ok(None);
        }
        let told: ToldLine =
            serde_json::from_slice(line).context("a line of the stream cannot be read")?;
        let told = told.export;
        if told.columns.is_none() {
            self.check(&told)?;
        }
        Ok(Some(told))
    }

    fn check(&mut self, told: &Told) -> Result<(), Failure> {
        let same = match self.shape {
            Shape::Otlp | Shape::Mlflow => (told.traces, told.spans) == (self.traces, self.spans),
            Shape::TraceRows => told.traces == self.traces,
            // A trace without spans is no row.
            Shape::SpanRows => told.spans == self.spans,
        };
        if !same {
            return Err(Failure::Other(anyhow::anyhow!(
                "the server sent {} traces with {} spans, but {} with {} came",
                told.traces,
                told.spans,
                self.traces,
                self.spans
            )));
        }
        self.unreadable = told.unreadable;
        self.complete = told.complete;
        Ok(())
    }

    /// Only a stream that said so is complete.
    pub(super) fn check_end(&self) -> Result<(), Failure> {
        if self.complete {
            return Ok(());
        }
        Err(super::broken("the end is missing"))
    }

    pub(super) fn total(&self) -> Total {
        Total {
            shape: self.shape,
            traces: self.traces,
            spans: self.spans,
            unreadable: self.unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{}]}]},{}],"fanlight":{"trace_id":"tr-1","tags":{}}}"#;

    #[test]
    fn a_line_is_counted() {
        let counted = count(Shape::Otlp, LINE).unwrap();
        assert_eq!((&*counted.trace_id, counted.spans), ("tr-1", 2));
        let line = br#"{"info":{"trace_id":"x"},"data":{"spans":[{},{},{}]},"fanlight":{}}"#;
        let counted = count(Shape::Mlflow, line).unwrap();
        assert_eq!((&*counted.trace_id, counted.spans), ("x", 3));
        assert!(count(Shape::Otlp, b"{}").is_err());
    }

    #[test]
    fn a_stream_that_lacks_something_is_noticed() {
        let end = |traces: u64, spans: u64| {
            format!(r#"{{"export":{{"complete":true,"traces":{traces},"spans":{spans}}}}}"#)
        };
        let mut received = Received::new(Shape::Otlp);
        received.take(LINE).unwrap();
        assert!(received.check_end().is_err(), "no end");
        assert!(received.take(end(2, 2).as_bytes()).is_err());
        assert!(received.take(end(1, 3).as_bytes()).is_err());
        received.take(end(1, 2).as_bytes()).unwrap();
        assert!(received.check_end().is_ok());
    }
}
