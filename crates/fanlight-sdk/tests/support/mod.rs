//! Other programs that tests talk to: each on a free port, ended when it is dropped.
#![allow(dead_code, reason = "every test file uses its own part of this")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A stand-in for OpenAI, Anthropic and Gemini: `tests/clients/python/support/fakellm.py` of this repository.
#[derive(Debug)]
pub(crate) struct FakeLlm {
    program: Child,
    pub(crate) url: String,
}

impl FakeLlm {
    pub(crate) fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/clients/python/support/fakellm.py");
        let mut program = Command::new("python3")
            .arg(script)
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        BufReader::new(program.stdout.take().unwrap())
            .read_line(&mut greeting)
            .unwrap();
        let url = greeting.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://"), "{greeting}");
        Self { program, url }
    }
}

impl Drop for FakeLlm {
    fn drop(&mut self) {
        drop(self.program.kill());
        drop(self.program.wait());
    }
}

/// The server in `FANLIGHT_BIN`, with a data directory of its own.
#[derive(Debug)]
pub(crate) struct Server {
    program: Child,
    pub(crate) url: String,
    _home: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let binary =
            std::env::var("FANLIGHT_BIN").expect("FANLIGHT_BIN is the server to test with");
        let home = tempfile::tempdir().unwrap();
        let mut program = Command::new(binary)
            .args(["server", "--host", "127.0.0.1", "--port", "0"])
            .args([
                "--otlp-http-port",
                "0",
                "--otlp-grpc-port",
                "0",
                "--data-dir",
            ])
            .arg(home.path().join("data"))
            .current_dir(home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, rest) = line.split_once("http://127.0.0.1:")?;
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            Some(format!("http://127.0.0.1:{}", &rest[..end]))
        });
        // It goes on writing: somebody must read.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            program,
            url: address.expect("a server that greets"),
            _home: home,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.program.kill());
        drop(self.program.wait());
    }
}
