//! `fanlight traces import`: lines of files, sent to a server in lots.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value as Json;

use crate::cli::ImportArgs;
use crate::client::{Answer, Client};
use crate::failure::Failure;
use crate::printer::{Printer, plain};

const PATH: &str = "/api/v1/traces/import";
/// A lot ends when it has so many bytes or lines.
const LOT_BYTES: usize = 4 << 20;
const LOT_LINES: usize = 1_000;
/// Longer lots are compressed on their way.
const COMPRESS_FROM: usize = 1 << 20;
/// How often a server that has no room is asked again, a second apart.
const PATIENCE: usize = 120;

pub(super) fn run(
    client: &Client,
    asked: &ImportArgs,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut import = Import {
        client,
        asked,
        traces: 0,
        spans: 0,
        bad_lines: 0,
        shows_progress: io::stderr().is_terminal(),
    };
    for path in &asked.files {
        if let Err(failure) = import.file(path) {
            import.tell_what_is_there()?;
            return Err(failure);
        }
    }
    import.clear_progress()?;
    printer.line(&format!("imported {}", import.told()))?;
    match import.bad_lines {
        0 => Ok(()),
        _ => Err(Failure::Reported),
    }
}

struct Import<'a> {
    client: &'a Client,
    asked: &'a ImportArgs,
    traces: u64,
    spans: u64,
    bad_lines: u64,
    shows_progress: bool,
}

/// Lines that are sent together.
#[derive(Default)]
struct Lot {
    body: Vec<u8>,
    lines: usize,
    /// Lines of the file before it.
    before: usize,
}

impl Import<'_> {
    fn told(&self) -> String {
        let good = format!("{} traces with {} spans", self.traces, self.spans);
        match self.bad_lines {
            0 => good,
            bad => format!("{good}; {bad} lines were left out"),
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let name = path.display().to_string();
        let mut reader = open(path)?;
        let mut lot = Lot::default();
        loop {
            let start = lot.body.len();
            let read = reader.read_until(b'\n', &mut lot.body);
            let length = read
                .with_context(|| format!("reading {name}, line {}", lot.before + lot.lines + 1))?;
            if length > 0 {
                lot.lines += 1;
                if lot.body.len() == start + length && !lot.body.ends_with(b"\n") {
                    lot.body.push(b'\n');
                }
            }
            let full = lot.body.len() >= LOT_BYTES || lot.lines >= LOT_LINES;
            if lot.lines > 0 && (full || length == 0) {
                self.send(&name, &lot)?;
                lot = Lot {
                    before: lot.before + lot.lines,
                    ..Lot::default()
                };
            }
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn send(&mut self, name: &str, lot: &Lot) -> Result<(), Failure> {
        let mut query = vec![(
            "on_error",
            if self.asked.continue_on_error {
                "skip"
            } else {
                "stop"
            },
        )];
        if let Some(experiment) = &self.asked.experiment {
            query.push(("experiment", experiment));
        }
        let answer = self.ask(&query, &lot.body)?;
        if answer.status != 200 {
            return Err(refused(name, lot, &answer));
        }
        let reply = answer.json()?;
        self.traces += reply["traces"].as_u64().unwrap_or(0);
        self.spans += reply["spans"].as_u64().unwrap_or(0);
        self.note_bad_lines(name, lot, &reply)?;
        if self.shows_progress {
            let said = format!("\r{name}: {}", self.told());
            Printer::stderr().bytes(said.as_bytes())?;
        }
        Ok(())
    }

    fn ask(&self, query: &[(&str, &str)], body: &[u8]) -> Result<Answer, Failure> {
        let packed = (body.len() >= COMPRESS_FROM)
            .then(|| zstd::encode_all(body, 1))
            .transpose()
            .context("compressing lines")?;
        let (body, encoding) = match &packed {
            Some(packed) => (packed.as_slice(), Some("zstd")),
            None => (body, None),
        };
        for _ in 0..PATIENCE {
            let answer = self.client.post_lines(PATH, query, encoding, body)?;
            if !matches!(answer.status, 429 | 503) {
                return Ok(answer);
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        self.client.post_lines(PATH, query, encoding, body)
    }

    fn note_bad_lines(&mut self, name: &str, lot: &Lot, reply: &Json) -> Result<(), Failure> {
        let bad = reply["bad_lines"].as_u64().unwrap_or(0);
        if bad == 0 {
            return Ok(());
        }
        self.clear_progress()?;
        self.bad_lines += bad;
        let told: Vec<&Json> = reply["errors"].as_array().into_iter().flatten().collect();
        for error in &told {
            let line = lot.before as u64 + error["line"].as_u64().unwrap_or(0);
            let message = plain(error["message"].as_str().unwrap_or_default(), 500);
            Printer::stderr().line(&format!("{name}:{line}: {message}"))?;
        }
        match bad - told.len() as u64 {
            0 => Ok(()),
            more => Printer::stderr().line(&format!(
                "{name}: {more} more bad lines up to line {}",
                lot.before + lot.lines
            )),
        }
    }

    fn clear_progress(&self) -> Result<(), Failure> {
        if self.shows_progress {
            Printer::stderr().bytes(b"\r\x1b[K")?;
        }
        Ok(())
    }

    fn tell_what_is_there(&self) -> Result<(), Failure> {
        self.clear_progress()?;
        if self.traces == 0 {
            return Ok(());
        }
        let said = format!(
            "{} were imported before; importing them again changes nothing",
            self.told()
        );
        Printer::stderr().line(&said)
    }
}

/// Names the file and the line where the server named one.
fn refused(name: &str, lot: &Lot, answer: &Answer) -> Failure {
    let message = answer.message();
    let line = answer.json().ok().and_then(|json| {
        let field = json["error"]["field"].as_str()?;
        field.strip_prefix("line ")?.parse::<usize>().ok()
    });
    let told = match line {
        Some(line) => {
            let reason = message.strip_prefix(&format!("line {line}: "));
            let reason = reason.unwrap_or(&message);
            format!("{name}:{}: {reason}", lot.before + line)
        }
        None => format!(
            "{name}, lines {} to {}: the server answered {}: {message}",
            lot.before + 1,
            lot.before + lot.lines,
            answer.status
        ),
    };
    Failure::Other(anyhow::anyhow!(told))
}

/// The file unpacked, whatever its name says; `-` is standard input.
fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        Box::new(file)
    };
    let mut reader = BufReader::with_capacity(256 << 10, source);
    let packed = reader
        .fill_buf()
        .with_context(|| format!("reading {}", path.display()))?;
    if packed.starts_with(&[0x1f, 0x8b]) {
        let plain = flate2::bufread::MultiGzDecoder::new(reader);
        return Ok(Box::new(BufReader::with_capacity(256 << 10, plain)));
    }
    if packed.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let plain = zstd::Decoder::with_buffer(reader)
            .with_context(|| format!("reading {}", path.display()))?;
        return Ok(Box::new(BufReader::with_capacity(256 << 10, plain)));
    }
    Ok(Box::new(reader))
}
