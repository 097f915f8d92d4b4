//! The `fanlight` program: reads the command line, builds the parts, and ends with an exit code.
//!
//! Owns configuration, wiring and the command line as a client. It refuses to know routes, queries and files of the
//! store: those are the libraries'. Start reading at [`cli`] (what can be asked), then `server` (wiring) and `traces`
//! (the client).

mod cli;
mod client;
mod config;
mod demo;
mod doctor;
mod failure;
mod maintenance;
mod open_files;
mod prices;
mod printer;
mod send_demo;
mod server;
mod sql;
mod traces;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::printer::Printer;

/// Spans are made of many small strings that one thread allocates and another frees; with the system's allocator a fifth
/// of the time of ingest went there, and memory that was freed did not come back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut printer = Printer::stdout();
    match run(cli.command, &mut printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.text() {
                Printer::stderr().line(&format!("fanlight: {text}")).ok();
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(command: Command, printer: &mut Printer) -> Result<(), Failure> {
    match command {
        Command::Server(flags) => server::run(&flags, printer),
        Command::Demo(asked) => send_demo::run(&asked, printer),
        Command::Traces(asked) => traces::run(asked, printer),
        Command::Sql(asked) => sql::run(&asked, printer),
        Command::Prices(asked) => prices::run(&asked, printer),
        Command::Doctor(flags) => doctor::run(&flags, printer),
        Command::Compact(flags) => maintenance::compact(&flags, printer),
        Command::Verify(flags) => maintenance::verify(&flags, printer),
        Command::Retention(asked) => maintenance::retention(&asked, printer),
        Command::Version => printer.line(&format!("fanlight {}", env!("CARGO_PKG_VERSION"))),
        Command::Completions { shell } => printer.bytes(&cli::completions(shell)),
    }
}
