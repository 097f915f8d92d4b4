//! `fanlight sql`: one statement, asked of a running server.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value as Json, json};

use crate::cli::{SqlArgs, SqlFormat};
use crate::client::{Client, Url};
use crate::failure::Failure;
use crate::printer::{Printer, plain};
use crate::traces::URL_VARIABLES;

const PATH: &str = "/api/v1/sql";
/// Characters of a cell that people see; the other formats have all of them.
const CELL_CHARS: usize = 60;
/// Columns of what `EXPLAIN` answers.
const PLAN: [&str; 2] = ["plan_type", "plan"];

pub(crate) fn run(asked: &SqlArgs, printer: &mut Printer) -> Result<(), Failure> {
    let environment = |name: &str| std::env::var(name).ok();
    let url = Url::choose(asked.server.url.as_ref(), &URL_VARIABLES, &environment)?;
    let client = Client::new(url);
    let statement = match asked.statement.as_str() {
        "-" => io::read_to_string(io::stdin()).context("reading standard input")?,
        statement => statement.to_owned(),
    };
    let format = asked.format.unwrap_or(match asked.output {
        Some(_) => SqlFormat::Csv,
        None => SqlFormat::Table,
    });
    let wire = if format == SqlFormat::Table {
        "json"
    } else {
        format.name()
    };
    let body = json!({"query": statement, "format": wire});
    let to_file = asked
        .output
        .as_deref()
        .filter(|path| path.as_os_str() != "-");
    if format == SqlFormat::Table {
        let text = table(&client.post(PATH, &body)?).join("\n");
        return match to_file {
            Some(path) => copy_to_file(&mut text.as_bytes().chain(&b"\n"[..]), path),
            None => printer.line(&text),
        };
    }
    let mut answer = client.post_for_content(PATH, &body)?;
    match to_file {
        Some(path) => copy_to_file(&mut answer, path),
        None => copy(&mut answer, printer.writer()),
    }
}

/// Under another name until complete, so that a broken answer is not taken for a whole one.
fn copy_to_file(answer: &mut dyn Read, path: &Path) -> Result<(), Failure> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let writing = || format!("writing {}", partial.display());
    let mut file = File::create(&partial).with_context(writing)?;
    copy(answer, &mut file)?;
    file.sync_all().with_context(writing)?;
    std::fs::rename(&partial, path).with_context(|| format!("renaming {}", partial.display()))?;
    Ok(())
}

/// Reading fails when the server broke the answer off; writing, when the reader of standard output went away.
fn copy(answer: &mut dyn Read, writer: &mut dyn Write) -> Result<(), Failure> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = answer
            .read(&mut buffer)
            .context("the answer broke off; the server's log says why")?;
        if read == 0 {
            return Ok(writer.flush()?);
        }
        writer.write_all(&buffer[..read])?;
    }
}

/// Columns for people, each as wide as its widest cell.
fn table(answer: &Json) -> Vec<String> {
    let names = answer["columns"].as_array().into_iter().flatten();
    let heads: Vec<String> = names.map(|column| cell(&column["name"])).collect();
    let rows = answer["rows"].as_array().into_iter().flatten();
    if heads == PLAN {
        return rows.flat_map(plan_lines).collect();
    }
    let rows: Vec<Vec<String>> = rows
        .map(|row| row.as_array().into_iter().flatten().map(cell).collect())
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([heads[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: &Vec<String>| {
        let cells = cells.iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut lines = vec![line(&heads), line(&rule)];
    lines.extend(rows.iter().map(line));
    lines.push(match rows.len() {
        1 => "(1 row)".to_owned(),
        count => format!("({count} rows)"),
    });
    lines
}

/// A plan has a line per step, which is what makes it readable.
fn plan_lines(row: &Json) -> Vec<String> {
    let text = row[1].as_str().unwrap_or_default();
    let mut lines = vec![cell(&row[0])];
    lines.extend(
        text.lines()
            .map(|line| plain(&format!("  {line}"), usize::MAX)),
    );
    lines
}

fn cell(value: &Json) -> String {
    match value {
        Json::Null => "NULL".to_owned(),
        Json::String(text) => plain(text, CELL_CHARS),
        other => plain(&other.to_string(), CELL_CHARS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_keeps_its_lines() {
        let answer = json!({
            "columns": [{"name": "plan_type"}, {"name": "plan"}],
            "rows": [["logical_plan", "Limit\n  Scan"]],
        });
        assert_eq!(table(&answer), ["logical_plan", "  Limit", "    Scan"]);
    }

    #[test]
    fn a_table_has_heads_rows_and_their_number() {
        let answer = json!({
            "columns": [{"name": "name", "type": "text"}, {"name": "count(*)", "type": "integer"}],
            "rows": [["agent\nrun", 12], [null, 3]],
        });
        insta::assert_snapshot!(table(&answer).join("\n"), @"
        name       count(*)
        ---------  --------
        agent run  12
        NULL       3
        (2 rows)
        ");
    }
}
