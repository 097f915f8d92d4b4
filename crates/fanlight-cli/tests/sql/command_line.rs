//! `fanlight sql`.

use std::process::{Command, Output};

use crate::made::{Made, seed};
use crate::support::Server;

fn run(server: &Server, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fanlight"))
        .arg("sql")
        .args(args)
        .args(["--url", &format!("http://127.0.0.1:{}", server.port)])
        .output()
        .unwrap()
}

fn printed(server: &Server, args: &[&str]) -> String {
    let output = run(server, args);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn answers_are_printed_or_written_to_a_file() {
    let server = Server::start(&[]);
    seed(&server, &[Made::new(1), Made::new(2)]);
    let query = "SELECT name, count(*) AS spans FROM spans WHERE name IN ('top', 'call') GROUP BY name ORDER BY name";
    assert_eq!(
        printed(&server, &[query]),
        "name  spans\n----  -----\ncall  2\ntop   2\n(2 rows)\n"
    );
    assert_eq!(
        printed(&server, &[query, "--format", "csv"]),
        "name,spans\ncall,2\ntop,2\n"
    );
    assert_eq!(
        printed(&server, &[query, "--format", "jsonl"]),
        "{\"name\":\"call\",\"spans\":2}\n{\"name\":\"top\",\"spans\":2}\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("answer");
    let path = file.to_str().unwrap();
    assert_eq!(printed(&server, &[query, "--output", path]), "");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "name,spans\ncall,2\ntop,2\n"
    );
    printed(&server, &[query, "--format", "parquet", "--output", path]);
    assert!(std::fs::read(&file).unwrap().starts_with(b"PAR1"));
    printed(&server, &[query, "--format", "arrow", "--output", path]);
    assert!(std::fs::read(&file).unwrap().starts_with(&[0xff; 4]));

    let wrong = run(
        &server,
        &[
            "SELECT nmae FROM traces",
            "--format",
            "csv",
            "--output",
            path,
        ],
    );
    let complaint = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        complaint.contains("400") && complaint.contains("Column: 8"),
        "{complaint}"
    );
    // What was there stays.
    assert!(std::fs::read(&file).unwrap().starts_with(&[0xff; 4]));
    server.assert_well();
}
