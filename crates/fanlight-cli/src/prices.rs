//! `fanlight prices`: what models cost, and what a call would have cost.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use fanlight_model::{Clock, Price, Rates, SystemClock, TokenUsage};
use fanlight_normalize::{
    Call, CostLine, PriceRow, PriceSheet, PriceTable, Prices, Served, cost_lines, day_start,
};
use serde_json::Value as Json;

use crate::cli::{CallArgs, PricesCommand, ServerArg};
use crate::client::{Client, Url};
use crate::failure::Failure;
use crate::printer::{Printer, plain};
use crate::traces::URL_VARIABLES;

const PATH: &str = "/api/v1/prices";
const REPRICE: &str = "/api/v1/prices/reprice";
/// How often it is asked how far pricing again has come.
const ASK_EVERY: Duration = Duration::from_millis(500);

pub(crate) fn run(command: &PricesCommand, printer: &mut Printer) -> Result<(), Failure> {
    match command {
        PricesCommand::List { tables, model } => list(
            &prices(&tables.server, tables.file.as_deref())?,
            model.as_deref(),
            printer,
        ),
        PricesCommand::Test(call) => test(call, printer),
        PricesCommand::Import { server, file } => {
            let sheet =
                serde_json::to_value(read(file)?.sheet()).context("writing the table as JSON")?;
            let kept = client(server)?.put(PATH, &sheet)?;
            let version = plain(kept["version"].as_str().unwrap_or_default(), 80);
            printer.line(&format!(
                "version {version} counts for what arrives from now on; `fanlight prices reprice` is for what is kept"
            ))
        }
        PricesCommand::Remove(server) => {
            client(server)?.delete(PATH)?;
            printer.line("removed; `fanlight prices reprice` is for what is kept")
        }
        PricesCommand::Reprice(server) => reprice(&client(server)?, printer),
    }
}

/// The file of the setting `prices`.
pub(crate) fn of_settings(path: &Path) -> Result<Arc<PriceTable>, Failure> {
    Ok(Arc::new(read(path).context("setting `prices`")?))
}

fn client(server: &ServerArg) -> Result<Client, Failure> {
    let environment = |name: &str| std::env::var(name).ok();
    let url = Url::choose(server.url.as_ref(), &URL_VARIABLES, &environment)?;
    Ok(Client::new(url))
}

/// JSON, or TOML when the name says so.
fn read(path: &Path) -> anyhow::Result<PriceTable> {
    let reading = || format!("reading {}", path.display());
    let text = std::fs::read_to_string(path).with_context(reading)?;
    let is_toml = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    let sheet: PriceSheet = if is_toml {
        toml::from_str(&text).with_context(reading)?
    } else {
        serde_json::from_str(&text).with_context(reading)?
    };
    PriceTable::new("file", sheet).map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))
}

/// A file before the tables of a server; where nobody names a server, the file and what comes with the program.
fn prices(server: &ServerArg, file: Option<&Path>) -> Result<Prices, Failure> {
    let mut tables = Vec::new();
    if let Some(file) = file {
        tables.push(Arc::new(read(file)?));
    }
    if is_named(server) {
        let answer = client(server)?.get(PATH, &[])?;
        let told = answer["tables"].as_array().into_iter().flatten();
        for table in told.filter(|table| table["name"] != PriceTable::built_in().name()) {
            tables.push(Arc::new(told_table(table)?));
        }
    }
    Ok(Prices { tables })
}

fn is_named(server: &ServerArg) -> bool {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    server.url.is_some() || URL_VARIABLES.iter().any(is_set)
}

fn told_table(told: &Json) -> anyhow::Result<PriceTable> {
    let sheet = PriceSheet {
        version: told["version"].as_str().unwrap_or_default().to_owned(),
        prices: serde_json::from_value(told["prices"].clone())
            .context("the server told a table that this program does not understand")?,
    };
    let name = told["name"].as_str().unwrap_or_default();
    PriceTable::new(name, sheet).map_err(anyhow::Error::msg)
}

fn list(prices: &Prices, model: Option<&str>, printer: &mut Printer) -> Result<(), Failure> {
    let mut is_any = false;
    for table in prices.tables.iter().chain([PriceTable::built_in()]) {
        let rows = table.sheet().prices.iter();
        let rows = rows.map(|row| (row, row.models.join(", ")));
        let rows: Vec<_> = rows
            .filter(|(_, names)| model.is_none_or(|model| names.contains(model)))
            .collect();
        if rows.is_empty() {
            continue;
        }
        is_any = true;
        printer.line(&format!(
            "{}, version {} (US dollars per million tokens)",
            plain(table.name(), 80),
            plain(table.version(), 80)
        ))?;
        for (row, names) in rows {
            printer.line(&row_line(row, &names))?;
        }
    }
    match model {
        Some(model) if !is_any => Err(Failure::NotFound(format!(
            "no row has `{}` in a name; `fanlight prices test` also finds names with dates and paths",
            plain(model, 200)
        ))),
        _ => Ok(()),
    }
}

fn row_line(row: &PriceRow, names: &str) -> String {
    let mut line = format!("  {}", plain(names, 100));
    if let Some(provider) = &row.provider {
        _ = write!(line, " ({})", plain(provider, 40));
    }
    if let Some(from) = &row.from {
        _ = write!(line, " from {}", plain(from, 10));
    }
    if !row.hours.is_empty() {
        _ = write!(line, " at {} UTC", plain(&row.hours.join(", "), 100));
    }
    _ = write!(line, ": {}", rates_text(row.per_million, row.per_thousand));
    for above in &row.above {
        let rates = rates_text(above.per_million, above.per_thousand);
        _ = write!(line, "; above {} input tokens: {rates}", above.input_tokens);
    }
    if let Some(share) = row.batch {
        _ = write!(line, "; batch × {share}");
    }
    line
}

fn rates_text(per_million: Option<Rates>, per_thousand: Option<Rates>) -> String {
    let rates = per_million.or(per_thousand.map(|rates| rates.times(1000.0)));
    let named = rates.unwrap_or_default().named();
    let known = named
        .iter()
        .filter_map(|(name, rate)| Some(format!("{name} {}", (*rate)?)));
    known.collect::<Vec<_>>().join(", ")
}

fn test(asked: &CallArgs, printer: &mut Printer) -> Result<(), Failure> {
    let usage = usage(asked)?;
    let prices = prices(&asked.tables.server, asked.tables.file.as_deref())?;
    let at = match &asked.on {
        Some(day) => day_start(day).ok_or_else(|| {
            let day = plain(day, 40);
            Failure::Usage(format!("--on is a day such as 2026-01-31, not `{day}`"))
        })?,
        None => SystemClock.now(),
    };
    let served = if asked.batch {
        Served::Batch
    } else {
        Served::Normally
    };
    let call = Call {
        provider: asked.provider.as_deref(),
        model: &asked.model,
        at,
        input_tokens: asked.input,
        served,
    };
    let Some(price) = prices.price(&call) else {
        let model = plain(&asked.model, 200);
        let normally = Call {
            served: Served::Normally,
            ..call
        };
        let what = match prices.price(&normally) {
            Some(_) => format!("what a batch of `{model}` costs"),
            None => format!("a price of `{model}`"),
        };
        return Err(Failure::NotFound(format!(
            "no table knows {what}: its cost is unknown"
        )));
    };
    let lines = cost_lines(&usage, &price.rates);
    for line in &lines {
        printer.line(&line_text(line))?;
    }
    let total: f64 = lines.iter().map(|line| line.cost).sum();
    printer.line(&format!("total ${total} by {}", price_text(price)))
}

/// No part may be larger than the whole.
fn usage(asked: &CallArgs) -> Result<TokenUsage, Failure> {
    let (input, output) = (Some(asked.input), Some(asked.output));
    let cached = asked.cache_read.unwrap_or(0);
    let cached = cached.saturating_add(asked.cache_write.unwrap_or(0));
    for (part, tokens, whole, of) in [
        (
            "--cache-read with --cache-write",
            Some(cached),
            "--input",
            input,
        ),
        (
            "--cache-write-1h",
            asked.cache_write_1h,
            "--cache-write",
            asked.cache_write,
        ),
        ("--audio-input", asked.audio_input, "--input", input),
        ("--image-input", asked.image_input, "--input", input),
        ("--reasoning", asked.reasoning, "--output", output),
        ("--audio-output", asked.audio_output, "--output", output),
    ] {
        let (tokens, of) = (tokens.unwrap_or(0), of.unwrap_or(0));
        if tokens > of {
            return Err(Failure::Usage(format!(
                "{part} is part of {whole}: {tokens} is more than {of}"
            )));
        }
    }
    Ok(TokenUsage {
        input,
        output,
        total: None,
        cache_read: asked.cache_read,
        cache_write: asked.cache_write,
        cache_write_1h: asked.cache_write_1h,
        audio_input: asked.audio_input,
        image_input: asked.image_input,
        reasoning: asked.reasoning,
        audio_output: asked.audio_output,
    })
}

fn price_text(price: &Price) -> String {
    let mut text = format!(
        "table {}, version {}, model {}",
        plain(&price.table, 80),
        plain(&price.version, 80),
        plain(&price.model, 200)
    );
    if let Some(from) = &price.from {
        _ = write!(text, " from {}", plain(from, 10));
    }
    if let Some(above) = price.above_input_tokens {
        _ = write!(text, ", above {above} input tokens");
    }
    if let Some(share) = price.batch {
        _ = write!(text, ", batch × {share}");
    }
    text
}

fn line_text(line: &CostLine) -> String {
    let CostLine {
        kind,
        tokens,
        per_million,
        cost,
        ..
    } = line;
    format!("{kind:<15} {tokens:>12} tokens × ${per_million} per million = ${cost}")
}

/// Begins, and waits for the end.
fn reprice(client: &Client, printer: &mut Printer) -> Result<(), Failure> {
    let mut status = client.post(REPRICE, &serde_json::json!({}))?;
    while status["running"] == true {
        std::thread::sleep(ASK_EVERY);
        status = client.get(REPRICE, &[])?;
    }
    if let Some(failure) = status["failure"].as_str() {
        return Err(Failure::Other(anyhow::anyhow!(
            "pricing again stopped: {}; it goes on when asked again",
            plain(failure, 500)
        )));
    }
    printer.line(&format!(
        "looked at {} traces, priced {} spans again, could not read {} traces",
        status["looked_at"], status["changed_spans"], status["unreadable"]
    ))
}
