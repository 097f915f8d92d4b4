//! `fanlight traces …`: a client of the REST API, in nothing different from others.

mod before;
mod delete;
mod export;
mod find;
mod import;
mod table;
mod tree;

use serde_json::Value as Json;

use crate::cli::{GetArgs, Output, SearchArgs, ServerArg, TracesCommand};
use crate::client::{Client, Url};
use crate::failure::Failure;
use crate::printer::Printer;

pub(crate) use before::Before;

/// Variables that name the server, in the order they count.
pub(crate) const URL_VARIABLES: [&str; 2] = ["FANLIGHT_URL", "MLFLOW_TRACKING_URI"];

pub(crate) fn run(command: TracesCommand, printer: &mut Printer) -> Result<(), Failure> {
    match command {
        TracesCommand::Search(asked) => search(&asked, printer),
        TracesCommand::Get(asked) => get(&asked, printer),
        TracesCommand::Delete(asked) => delete::run(&client(&asked.server)?, &asked, printer),
        TracesCommand::Export(asked) => export::run(&client(&asked.server)?, &asked, printer),
        TracesCommand::Import(asked) => import::run(&client(&asked.server)?, &asked, printer),
    }
}

fn client(server: &ServerArg) -> Result<Client, Failure> {
    let environment = |name: &str| std::env::var(name).ok();
    Ok(Client::new(Url::choose(
        server.url.as_ref(),
        &URL_VARIABLES,
        &environment,
    )?))
}

fn search(asked: &SearchArgs, printer: &mut Printer) -> Result<(), Failure> {
    let client = client(&asked.server)?;
    let mut left = asked.limit;
    let mut kept = Vec::new();
    let mut pages = find::Pages::start(&client, &asked.selection)?;
    while left > 0 {
        let Some(page) = pages.next(left)? else { break };
        left -= page.len().min(left);
        match asked.output {
            Output::Jsonl => print_lines(&page, printer)?,
            Output::Json | Output::Table => kept.extend(page),
        }
    }
    match asked.output {
        Output::Jsonl => Ok(()),
        Output::Json => printer.line(&format!("{:#}", Json::Array(kept))),
        Output::Table => table::print(&kept, printer),
    }
}

fn print_lines(traces: &[Json], printer: &mut Printer) -> Result<(), Failure> {
    traces
        .iter()
        .try_for_each(|trace| printer.line(&trace.to_string()))
}

fn get(asked: &GetArgs, printer: &mut Printer) -> Result<(), Failure> {
    let query = [("trace_id", asked.id.as_str()), ("allow_partial", "true")];
    let mut reply = client(&asked.server)?.get("/api/3.0/mlflow/traces/get", &query)?;
    let trace = reply["trace"].take();
    match asked.output {
        Output::Table => tree::print(&trace, printer),
        Output::Json => printer.line(&format!("{trace:#}")),
        Output::Jsonl => printer.line(&trace.to_string()),
    }
}
