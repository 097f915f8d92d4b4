//! `fanlight traces export`: everything a search finds, as one stream into one file.
//!
//! Lines go to `FILE.partial` as they come, and beside it stands how far the export is. The file gets its name when the
//! server has said how many traces there are and that many are written.

mod received;
mod spool;
mod table;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde_json::{Value as Json, json};

use super::find;
use crate::cli::{ExportArgs, ExportFormat};
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::Printer;
use received::{Received, Shape};
use spool::Spool;
use table::CsvWriter;

const PATH: &str = "/api/v1/traces/export";

pub(super) fn run(
    client: &Client,
    asked: &ExportArgs,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let shape = shape(asked)?;
    let request = json!({
        "experiments": find::experiments(client, &asked.experiment)?,
        "filter": asked.filter,
        "format": shape.name(),
    });
    let file = asked.output.as_deref();
    let total = match file.filter(|path| path.as_os_str() != "-") {
        Some(path) => to_file(client, &request, shape, asked, path)?,
        None => to_stdout(client, &request, shape, asked, printer)?,
    };
    Printer::stderr().line(&total.told())?;
    match total.unreadable {
        0 => Ok(()),
        _ => Err(Failure::Reported),
    }
}

fn shape(asked: &ExportArgs) -> Result<Shape, Failure> {
    match (asked.format, asked.spans) {
        (ExportFormat::Otlp, false) => Ok(Shape::Otlp),
        (ExportFormat::Mlflow, false) => Ok(Shape::Mlflow),
        (ExportFormat::Csv | ExportFormat::Parquet, false) => Ok(Shape::TraceRows),
        (ExportFormat::Csv | ExportFormat::Parquet, true) => Ok(Shape::SpanRows),
        (ExportFormat::Otlp | ExportFormat::Mlflow, true) => Err(Failure::Usage(
            "--spans is for csv and parquet; the other formats have the spans in their trace"
                .to_owned(),
        )),
    }
}

/// What an export came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Total {
    shape: Shape,
    traces: u64,
    spans: u64,
    unreadable: u64,
}

impl Total {
    fn told(&self) -> String {
        let written = match self.shape {
            Shape::Otlp | Shape::Mlflow => {
                format!("exported {} traces with {} spans", self.traces, self.spans)
            }
            Shape::TraceRows => format!("exported {} traces", self.traces),
            Shape::SpanRows => format!("exported {} spans", self.spans),
        };
        match self.unreadable {
            0 => written,
            lost => format!(
                "{written}; {lost} more traces cannot be read, because their files are damaged: the log of the server \
                 says where"
            ),
        }
    }
}

fn to_file(
    client: &Client,
    request: &Json,
    shape: Shape,
    asked: &ExportArgs,
    path: &Path,
) -> Result<Total, Failure> {
    let mut spool = if asked.resume {
        Spool::resume(path, request, shape)?
    } else {
        Spool::create(path, request, shape)?
    };
    if let Err(failure) = fill(client, request, shape, &mut spool) {
        if spool.is_new() {
            spool.discard()?;
            return Err(failure);
        }
        spool.keep()?;
        return Err(interrupted(failure, &spool));
    }
    let total = spool.total();
    match asked.format {
        ExportFormat::Otlp | ExportFormat::Mlflow => spool.finish(path)?,
        ExportFormat::Csv => spool.finish_as(path, |rows, columns, file| {
            let mut writer = CsvWriter::start(file, columns)?;
            table::copy(rows, &mut writer)
        })?,
        ExportFormat::Parquet => spool.finish_as(path, |rows, columns, file| {
            let mut writer = table::ParquetWriter::start(file, columns)?;
            table::copy(rows, &mut writer)
        })?,
    }
    Ok(total)
}

fn interrupted(failure: Failure, spool: &Spool) -> Failure {
    match failure.text() {
        Some(text) => Failure::Other(anyhow::anyhow!(
            "{text}\nthe export is not complete: what came so far is in {}; go on with --resume",
            spool.path().display()
        )),
        None => failure,
    }
}

/// Reads the stream to its end, and fails when it has none.
fn fill(client: &Client, request: &Json, shape: Shape, spool: &mut Spool) -> Result<(), Failure> {
    let mut request = request.clone();
    if let Some(cursor) = spool.cursor() {
        request["cursor"] = cursor.into();
    }
    let mut received = Received::new(shape);
    each_line(client, &request, |line| {
        let Some(told) = received.take(line)? else {
            return spool.push(line);
        };
        spool.told(&told)
    })?;
    received.check_end()
}

fn each_line(
    client: &Client,
    request: &Json,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut reader = BufReader::with_capacity(256 << 10, client.stream(PATH, request)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        let length = read.map_err(|error| broken(&error.to_string()))?;
        match line.pop() {
            None if length == 0 => return Ok(()),
            Some(b'\n') => take(&line)?,
            _ => return Err(broken("it ends in the middle of a line")),
        }
    }
}

fn broken(reason: &str) -> Failure {
    Failure::Other(anyhow::anyhow!(
        "the stream from the server broke off: {reason}"
    ))
}

/// Straight through: what was printed cannot be taken back, so only the exit code says whether it is complete.
fn to_stdout(
    client: &Client,
    request: &Json,
    shape: Shape,
    asked: &ExportArgs,
    printer: &mut Printer,
) -> Result<Total, Failure> {
    if asked.resume || asked.format == ExportFormat::Parquet {
        return Err(Failure::Usage(
            "--resume and --format parquet need a file: name it with --output".to_owned(),
        ));
    }
    let mut received = Received::new(shape);
    let mut out = BufWriter::with_capacity(256 << 10, printer.writer());
    each_line(client, request, |line| {
        match (received.take(line)?, asked.format) {
            (None, ExportFormat::Csv) => table::csv_row(&mut out, table::cells(line)?)?,
            (None, _) => {
                out.write_all(line)?;
                out.write_all(b"\n")?;
            }
            (Some(told), _) => {
                if let Some(columns) = told.columns {
                    table::csv_row(&mut out, table::names(&columns))?;
                }
                out.flush()?;
            }
        }
        Ok(())
    })?;
    received.check_end()?;
    Ok(received.total())
}
