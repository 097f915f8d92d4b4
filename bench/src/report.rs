//! Results for people and for programs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::Args;
use crate::ingest::Ingested;
use crate::stats::Measured;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) target: String,
    pub(crate) connections: usize,
    pub(crate) traces_per_request: usize,
    pub(crate) repetitions: usize,
    pub(crate) sizes: Vec<Size>,
}

/// Everything measured at one size. What cannot be known from outside is absent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Size {
    pub(crate) traces: u64,
    pub(crate) start_empty_ms: Option<f64>,
    pub(crate) start_full_ms: Option<f64>,
    pub(crate) idle_mb: Option<f64>,
    pub(crate) ingest_peak_mb: Option<f64>,
    /// Of it, what is no page of a mapped file.
    pub(crate) ingest_own_mb: Option<f64>,
    pub(crate) peak_mb: Option<f64>,
    pub(crate) disk_bytes_per_span: Option<f64>,
    pub(crate) disk_per_cent_of_raw: Option<f64>,
    pub(crate) ingested: Ingested,
    pub(crate) requests: Vec<Measured>,
}

impl Results {
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            target: format!("{:?}", args.target).to_lowercase(),
            connections: args.connections,
            traces_per_request: args.batch,
            repetitions: args.repetitions,
            sizes: Vec::new(),
        }
    }

    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{} does not hold results", path.display()))
    }

    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(std::fs::write(path, text)?)
    }

    /// One line for each figure both results have at the same size: how many times better the baseline is.
    pub(crate) fn compared_with(&self, baseline: &Self) -> String {
        let mut text = String::new();
        for size in &self.sizes {
            let Some(other) = baseline
                .sizes
                .iter()
                .find(|other| other.traces == size.traces)
            else {
                continue;
            };
            let head = format!("{} traces", size.traces);
            _ = writeln!(
                text,
                "\n{head:<34}{:>14}{:>14}{:>10}",
                baseline.target, self.target, "ratio"
            );
            let others = other.figures();
            for (name, value, better) in size.figures() {
                let Some((_, known, _)) = others.iter().find(|(known, _, _)| *known == name) else {
                    continue;
                };
                let ratio = match better {
                    Better::Smaller => value / known,
                    Better::Larger => known / value,
                };
                _ = writeln!(text, "{name:<34}{known:>14.2}{value:>14.2}{ratio:>9.1}x");
            }
        }
        text
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    Smaller,
    Larger,
}

impl Size {
    /// Figures by name, for the table and for comparisons.
    fn figures(&self) -> Vec<(String, f64, Better)> {
        use Better::{Larger, Smaller};
        let ingested = &self.ingested;
        let single = [
            ("start, empty, ms", self.start_empty_ms, Smaller),
            ("start, full, ms", self.start_full_ms, Smaller),
            ("memory idle, MB", self.idle_mb, Smaller),
            (
                "memory peak while ingesting, MB",
                self.ingest_peak_mb,
                Smaller,
            ),
            (
                "the same without pages of files, MB",
                self.ingest_own_mb,
                Smaller,
            ),
            ("memory peak, MB", self.peak_mb, Smaller),
            ("ingest, spans/s", Some(ingested.spans_per_second), Larger),
            ("ingest, MB/s", Some(ingested.megabytes_per_second), Larger),
            (
                "ingest request p50, ms",
                Some(ingested.request_p50_ms),
                Smaller,
            ),
            (
                "ingest request p99, ms",
                Some(ingested.request_p99_ms),
                Smaller,
            ),
            (
                "last tenth, share of the first\'s speed",
                ingested.last_tenth_of_first,
                Larger,
            ),
            (
                "CPU s per million spans",
                ingested.cpu_seconds_per_million_spans,
                Smaller,
            ),
            (
                "work left after ingest, s",
                ingested.work_left_seconds,
                Smaller,
            ),
            ("disk, bytes per span", self.disk_bytes_per_span, Smaller),
            ("disk, % of raw", self.disk_per_cent_of_raw, Smaller),
        ];
        let known = single
            .into_iter()
            .filter_map(|(name, value, better)| Some((name.to_owned(), value?, better)));
        let asked = self
            .requests
            .iter()
            .filter(|measured| measured.repetitions > measured.failed);
        let requests = asked.flat_map(|measured| {
            [
                ("p50", measured.p50_ms),
                ("p95", measured.p95_ms),
                ("p99", measured.p99_ms),
            ]
            .map(|(part, value)| (format!("{} {part}, ms", measured.name), value, Smaller))
        });
        known.chain(requests).collect()
    }

    /// The figure of this name, as [`Self::table`] shows it.
    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        let mut figures = self.figures().into_iter();
        figures.find_map(|(known, value, _)| (known == name).then_some(value))
    }

    pub(crate) fn table(&self) -> String {
        let ingested = &self.ingested;
        let mut text = format!(
            "\n{} traces, {} spans, {} raw bytes in {} requests ({} sent again), {:.1} s\n",
            self.traces,
            ingested.spans,
            ingested.raw_bytes,
            ingested.requests,
            ingested.retried,
            ingested.seconds
        );
        let single = self
            .figures()
            .into_iter()
            .take_while(|(name, _, _)| !name.starts_with("get trace"));
        for (name, value, _) in single {
            _ = writeln!(text, "{name:<40}{value:>14.2}");
        }
        _ = writeln!(
            text,
            "{:<36}{:>10}{:>10}{:>10}{:>10}{:>6}{:>6}{:>7}",
            "", "p50 ms", "p95 ms", "p99 ms", "max ms", "n", "hits", "failed"
        );
        for measured in &self.requests {
            let Measured {
                name,
                p50_ms,
                p95_ms,
                p99_ms,
                max_ms,
                repetitions,
                failed,
                hits,
            } = measured;
            let hits = hits.map_or_else(|| "-".to_owned(), |hits| hits.to_string());
            _ = writeln!(
                text,
                "{name:<36}{p50_ms:>10.2}{p95_ms:>10.2}{p99_ms:>10.2}{max_ms:>10.2}{repetitions:>6}{hits:>6}{failed:>7}"
            );
        }
        text
    }
}

/// Prints a line for the user; a closed pipe is not worth an error.
pub(crate) fn say(text: &str) {
    _ = writeln!(std::io::stdout(), "{text}");
}
