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
mod memory;
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

fn main() -> ExitCode {
    memory::keep_freed_for_a_moment();
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
