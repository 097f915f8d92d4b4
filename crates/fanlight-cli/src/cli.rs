//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::client::Url;
use crate::config::SettingFlags;
use crate::traces::Before;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  it failed
  2  the command line was wrong
  3  what was asked for does not exist
  4  the server cannot be reached";

const URL_HELP: &str = "Address of the server [env: FANLIGHT_URL, MLFLOW_TRACKING_URI] [default: http://127.0.0.1:5000]";

/// Keeps traces of LLM applications: a drop-in for MLflow Tracing and OpenTelemetry
#[derive(Debug, Parser)]
#[command(name = "fanlight", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Server(SettingFlags),
    /// Send example traces to a running server
    Demo(DemoArgs),
    /// Search, show, delete and export traces of a running server
    #[command(subcommand)]
    Traces(TracesCommand),
    /// Ask a running server in SQL
    Sql(SqlArgs),
    /// Show, test and change what models cost
    #[command(subcommand)]
    Prices(PricesCommand),
    /// Check configuration, data directory, ports and clock
    Doctor(SettingFlags),
    /// Merge the segments of a data directory that no server has open
    Compact(SettingFlags),
    /// Read everything sealed in a data directory that no server has open
    Verify(SettingFlags),
    /// Show or delete what a data directory holds beyond its retention
    Retention(RetentionArgs),
    /// Print the version
    Version,
    /// Print a completion script for a shell
    Completions { shell: Shell },
}

#[derive(Args, Debug)]
pub(crate) struct RetentionArgs {
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
    /// Delete it; a running server does so by itself
    #[arg(long)]
    pub(crate) delete: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// The same number makes the same traces
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Args, Debug)]
pub(crate) struct ServerArg {
    #[arg(long, help = URL_HELP)]
    pub(crate) url: Option<Url>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TracesCommand {
    /// List traces, newest first
    Search(SearchArgs),
    /// Print one trace with its spans
    Get(GetArgs),
    /// Delete traces
    Delete(DeleteArgs),
    /// Write traces with their spans to a file
    Export(ExportArgs),
    /// Read traces from files that were exported, here or by MLflow
    Import(ImportArgs),
}

#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Name or id of an experiment; all of them when left out
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Option<String>,
    /// MLflow filter, such as "trace.status = 'ERROR' AND tag.team = 'blue'"
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    #[arg(
        long,
        value_name = "KEY [ASC|DESC]",
        help = "Order, such as \"execution_time DESC\"; may be repeated"
    )]
    pub(crate) order_by: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How many at most
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Columns for people
    Table,
    /// One JSON array
    Json,
    /// One JSON document per line
    Jsonl,
}

#[derive(Args, Debug)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Id of the trace, such as tr-0af7651916cd43dd8448eb211c80319c
    pub(crate) id: String,
    /// As a tree of its spans (table), or everything as JSON
    #[arg(long, value_enum, default_value_t = Output::Table, hide_possible_values = true, value_name = "table|json|jsonl")]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Id of a trace; may be repeated
    #[arg(long = "id", group = "which", value_name = "ID", num_args = 1..)]
    pub(crate) ids: Vec<String>,
    /// All that started longer ago than this, such as 30d
    #[arg(long, group = "which", requires = "experiment", value_name = "TIME", value_parser = Before::parse_age)]
    pub(crate) older_than: Option<Before>,
    /// All that started until then: 2026-01-31 or 2026-01-31T12:00:00Z
    #[arg(long, group = "which", requires = "experiment", value_name = "TIME", value_parser = Before::parse_time)]
    pub(crate) until: Option<Before>,
    /// Name or id of the experiment to delete from by time
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Name or id of an experiment; may be repeated; all of them when left out
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Vec<String>,
    /// MLflow filter, such as "trace.status = 'ERROR' AND tag.team = 'blue'"
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    /// File to write; standard output when left out or `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = ExportFormat::Otlp)]
    pub(crate) format: ExportFormat,
    /// A row per span instead of one per trace (csv, parquet)
    #[arg(long)]
    pub(crate) spans: bool,
    /// Go on with the file of an export that was interrupted
    #[arg(long)]
    pub(crate) resume: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One trace per line, as OTLP/JSON; nothing is lost
    #[value(alias = "jsonl")]
    Otlp,
    /// One trace per line, as `Trace.to_json()` of MLflow writes it
    Mlflow,
    /// A table with a row per trace
    Csv,
    /// A table with a row per trace
    Parquet,
}

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Files with a trace per line, as exported here or by MLflow's `Trace.to_json()`, plain, gzip or zstd; `-` is
    /// standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Name or id of the experiment to import to, instead of the ones the files name
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Option<String>,
    /// Tell bad lines and leave them out, instead of stopping at the first
    #[arg(long)]
    pub(crate) continue_on_error: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SqlArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Statement, such as "SELECT name, count(*) FROM traces GROUP BY name"; `-` reads it from standard input
    pub(crate) statement: String,
    /// [default: table, or csv into a file]
    #[arg(long, value_enum)]
    pub(crate) format: Option<SqlFormat>,
    /// File to write; standard output when left out or `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// List prices: those that come with the program, of a file, or of a running server
    List {
        #[command(flatten)]
        tables: TableArgs,
        /// Only of models whose name has this in it
        model: Option<String>,
    },
    /// Show what a call costs, and why
    Test(CallArgs),
    /// Make a file the price table of a running server, for what arrives from now on
    Import {
        #[command(flatten)]
        server: ServerArg,
        /// JSON, or TOML when its name ends so
        file: PathBuf,
    },
    /// Remove the price table that was imported
    Remove(ServerArg),
    /// Give the traces that a running server keeps the prices that hold now
    Reprice(ServerArg),
}

#[derive(Args, Debug)]
pub(crate) struct TableArgs {
    /// Tables of this server; without it, only those that come with the program
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// A price table that is asked first
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct CallArgs {
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    /// Name of the model, as clients write it
    pub(crate) model: String,
    /// Who serves it, where tables tell providers apart
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// All input tokens, those of caches and sound included
    #[arg(long, value_name = "TOKENS")]
    pub(crate) input: u64,
    /// All output tokens, thoughts and sound included
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub(crate) output: u64,
    #[arg(long, value_name = "TOKENS")]
    pub(crate) cache_read: Option<u64>,
    #[arg(long, value_name = "TOKENS")]
    pub(crate) cache_write: Option<u64>,
    /// Of those, what is kept for an hour
    #[arg(long = "cache-write-1h", value_name = "TOKENS")]
    pub(crate) cache_write_1h: Option<u64>,
    #[arg(long, value_name = "TOKENS")]
    pub(crate) audio_input: Option<u64>,
    #[arg(long, value_name = "TOKENS")]
    pub(crate) image_input: Option<u64>,
    #[arg(long, value_name = "TOKENS")]
    pub(crate) audio_output: Option<u64>,
    #[arg(long, value_name = "TOKENS")]
    pub(crate) reasoning: Option<u64>,
    /// It was a batch
    #[arg(long)]
    pub(crate) batch: bool,
    /// The day of the call, such as 2026-01-31; now when left out
    #[arg(long, value_name = "DAY")]
    pub(crate) on: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SqlFormat {
    /// Columns for people, long texts cut
    Table,
    /// A line of names, then a line per row
    Csv,
    /// One object with columns and rows
    Json,
    /// One object per row and line
    Jsonl,
    /// Arrow's streaming format
    Arrow,
    Parquet,
}

impl SqlFormat {
    /// As the API calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }
}

pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "fanlight", &mut script);
    script
}

#[cfg(test)]
mod tests;
