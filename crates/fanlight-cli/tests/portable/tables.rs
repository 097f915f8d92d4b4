//! CSV and Parquet.

use std::fs::File;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::export;
use crate::support::Server;
use crate::support::otlp::{child, root, trace_id, with_attribute};

fn seeded() -> Server {
    let server = Server::start(&[]);
    for trace in 1..=20 {
        let top = with_attribute(root(trace, "say \"hi\", then\nleave"), "session.id", "s1");
        server.ingest(&[top, child(trace, 2, "b")]);
    }
    server
}

#[test]
fn a_csv_has_a_row_per_trace_or_per_span() {
    let dir = tempfile::tempdir().unwrap();
    let server = seeded();
    let text = |name: &str, more: &[&str]| {
        std::fs::read_to_string(export(&server, dir.path(), name, more)).unwrap()
    };
    let traces = text("t.csv", &["--format", "csv"]);
    assert!(traces.starts_with("trace_id,experiment_id,experiment_name,name,state,start,"));
    let row = format!(
        "{},0,Default,\"say \"\"hi\"\", then\nleave\",OK,",
        trace_id(20)
    );
    assert!(traces.contains(&row), "{traces}");
    assert_eq!(traces.matches("say").count(), 20);
    let spans = text("s.csv", &["--format", "csv", "--spans"]);
    assert_eq!(spans.matches("tr-0").count(), 40);
}

#[test]
fn the_server_writes_parquet_itself() {
    let dir = tempfile::tempdir().unwrap();
    let server = seeded();
    let ask = |format: &str| {
        let of = "experiments=0&as=parquet&format";
        server.get(&format!("/api/v1/traces/export?{of}={format}"))
    };
    for (format, rows) in [("traces", 20), ("spans", 40)] {
        let reply = ask(format);
        let kind = reply.header("content-type");
        assert_eq!(kind, Some("application/vnd.apache.parquet"));
        let path = dir.path().join(format);
        std::fs::write(&path, &reply.body).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        let batches = reader.build().unwrap().map(Result::unwrap);
        assert_eq!(batches.map(|batch| batch.num_rows()).sum::<usize>(), rows);
    }
    // Whole traces are no rows.
    assert_eq!(ask("otlp").status, 400);
}

#[test]
fn a_parquet_file_has_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let server = seeded();
    for (name, more, rows) in [
        ("t", &["--format", "parquet"][..], 20),
        ("s", &["--format", "parquet", "--spans"], 40),
    ] {
        let path = export(&server, dir.path(), name, more);
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        assert_eq!(reader.schema().field(0).name(), "trace_id");
        let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
        let found: usize = batches.iter().map(arrow_array::RecordBatch::num_rows).sum();
        assert_eq!(found, rows);
        let starts = batches[0].column_by_name("start_ns").unwrap();
        assert_eq!(starts.null_count(), 0);
    }
    let empty = export(
        &server,
        dir.path(),
        "e",
        &["--format", "parquet", "--filter", "name = 'no'"],
    );
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(empty).unwrap()).unwrap();
    assert_eq!(reader.schema().fields().len(), 30);
}
