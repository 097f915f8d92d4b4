//! Traces leave a server as files and come back from them: nothing lost, nothing twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod files;
mod interruptions;
mod round_trips;
mod tables;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::Server;

/// Runs `fanlight traces …` against a port.
fn traces(port: u16, arguments: &[&str]) -> Output {
    traces_with_input(port, arguments, b"")
}

fn traces_with_input(port: u16, arguments: &[&str], input: &[u8]) -> Output {
    let url = format!("http://127.0.0.1:{port}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fanlight"))
        .arg("traces")
        .args(arguments)
        .args(["--url", &url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that ends early does not read it.
    drop(stdin.write_all(input));
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    format!("{out}{err}")
}

/// Everything of a server in a new file.
fn export(server: &Server, dir: &Path, name: &str, more: &[&str]) -> PathBuf {
    let path = dir.join(name);
    let mut arguments = vec!["export", "--output", path.to_str().unwrap()];
    arguments.extend_from_slice(more);
    let output = traces(server.port, &arguments);
    assert!(output.status.success(), "{}", said(&output));
    path
}

fn import(server: &Server, file: &Path) -> String {
    let output = traces(server.port, &["import", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}
