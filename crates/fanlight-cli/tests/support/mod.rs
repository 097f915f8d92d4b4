//! Starts the real binary on free ports with its own data directory, and ends it politely or not.
#![allow(dead_code, reason = "every test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub(crate) mod http;
pub(crate) mod otlp;
pub(crate) mod packed;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use http::Reply;

/// Patience with a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is tested: the binary of this build, or `FANLIGHT_TORTURE_BIN` to see the figures of another one.
pub(crate) fn binary() -> PathBuf {
    let chosen = std::env::var_os("FANLIGHT_TORTURE_BIN").filter(|path| !path.is_empty());
    chosen.map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_fanlight")),
        PathBuf::from,
    )
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    home: Option<TempDir>,
    pub(crate) port: u16,
    pub(crate) otlp_http_port: u16,
    pub(crate) otlp_grpc_port: u16,
}

/// What a server left behind.
#[derive(Debug)]
pub(crate) struct Stopped {
    home: TempDir,
}

impl Server {
    /// Starts on a new data directory. `flags` are appended to the command line.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Stopped {
            home: tempfile::tempdir().unwrap(),
        }
        .start(flags)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as an operator would.
    pub(crate) fn stop(mut self) -> Stopped {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let status = self.child.wait().unwrap();
        assert!(status.success(), "ended with {status}:\n{}", self.log());
        Stopped {
            home: self.home.take().unwrap(),
        }
    }

    /// Ends it as a crash would: no signal handler runs.
    pub(crate) fn kill(mut self) -> Stopped {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Stopped {
            home: self.home.take().unwrap(),
        }
    }

    /// What it wrote to its streams, over all starts on this directory.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.as_ref().unwrap().path().join("output")).unwrap_or_default()
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.home.as_ref().unwrap().path().join("data")
    }

    /// Segments on disk, announced or not.
    pub(crate) fn segments(&self) -> usize {
        let entries = fs::read_dir(self.data_dir().join("segments")).map(Iterator::flatten);
        let is_segment = |name: &str| name.len() == 16 && u64::from_str_radix(name, 16).is_ok();
        entries.map_or(0, |entries| {
            entries
                .filter(|entry| is_segment(&entry.file_name().to_string_lossy()))
                .count()
        })
    }

    /// How often traces became a segment, over all starts.
    pub(crate) fn seals(&self) -> usize {
        self.log().matches("sealed segment").count()
    }

    /// The figure of one line of `/metrics`.
    pub(crate) fn metric(&self, line_start: &str) -> u64 {
        let text = self.get("/metrics").text();
        let line = text.lines().find(|line| {
            line.strip_prefix(line_start)
                .is_some_and(|rest| rest.starts_with(' '))
        });
        line.unwrap_or_else(|| panic!("no metric {line_start}"))
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Alive, and nothing so far was answered as the server's own fault.
    pub(crate) fn assert_well(&self) {
        assert_eq!(
            (
                self.get("/health").status,
                self.get("/health").text().as_str()
            ),
            (200, "OK")
        );
        assert_eq!(self.metric("fanlight_panics_total"), 0, "{}", self.log());
        for route in ["otlp_http", "otlp_grpc", "mlflow", "other"] {
            let line = format!("fanlight_requests_total{{route=\"{route}\",status=\"5xx\"}}");
            assert_eq!(self.metric(&line), 0, "{line}\n{}", self.log());
        }
    }

    /// One page of a search in experiment 0.
    pub(crate) fn search_page(&self, search: &Json) -> Json {
        let mut body = json!({"locations": [location("0")], "max_results": 500});
        body.as_object_mut()
            .unwrap()
            .extend(search.as_object().unwrap().clone());
        let reply = self.post_json("/api/3.0/mlflow/traces/search", &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// All traces of experiment 0 that match, newest first.
    pub(crate) fn search(&self, filter: &str) -> Vec<Json> {
        let mut found = Vec::new();
        let mut token = String::new();
        loop {
            let page = self.search_page(&json!({"filter": filter, "page_token": token}));
            found.extend(page["traces"].as_array().cloned().unwrap_or_default());
            match page["next_page_token"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => return found,
            }
        }
    }

    /// The ids of those traces.
    pub(crate) fn search_ids(&self, filter: &str) -> Vec<String> {
        self.search(filter).iter().map(trace_id_of).collect()
    }

    /// A trace with the spans that are there.
    pub(crate) fn trace(&self, trace_id: &str) -> Reply {
        self.get(&format!(
            "/api/3.0/mlflow/traces/get?allow_partial=true&trace_id={trace_id}"
        ))
    }

    /// Names of the spans of a trace, sorted.
    pub(crate) fn span_names(&self, trace_id: &str) -> Vec<String> {
        let trace = self.trace(trace_id).json();
        let spans = trace["trace"]["spans"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut names: Vec<String> = spans
            .iter()
            .map(|span| span["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        names
    }
}

impl Stopped {
    /// A data directory like the one in `data`, which stays as it is.
    pub(crate) fn copy_of(data: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        copy_dir(data, &home.path().join("data"));
        Self { home }
    }

    /// Leaves a copy of the data directory in `data`.
    pub(crate) fn copy_to(&self, data: &Path) {
        copy_dir(&self.home.path().join("data"), data);
    }

    /// Runs a command on the data directory; answers what it printed.
    pub(crate) fn run(&self, command: &str, flags: &[&str]) -> String {
        let output = Command::new(binary())
            .arg(command)
            .args(flags)
            .arg("--data-dir")
            .arg(self.home.path().join("data"))
            .current_dir(self.home.path())
            .output()
            .unwrap();
        let (said, complained) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{command}: {said}{complained}");
        said
    }

    /// Starts on what is there, on ports that the system chooses: a port looked for beforehand could be another
    /// test's by the time it is used.
    pub(crate) fn start(self, flags: &[&str]) -> Server {
        let path = self.home.path().join("output");
        let before = fs::metadata(&path).map_or(0, |output| output.len());
        let output = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap();
        let child = Command::new(binary())
            .args(["server", "--host", "127.0.0.1", "--port", "0"])
            .args(["--otlp-http-port", "0", "--otlp-grpc-port", "0"])
            .arg("--data-dir")
            .arg(self.home.path().join("data"))
            .args(flags)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut server = Server {
            child,
            home: Some(self.home),
            port: 0,
            otlp_http_port: 0,
            otlp_grpc_port: 0,
        };
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let ended = server.child.try_wait().unwrap();
            let said = server.log().split_off(usize::try_from(before).unwrap());
            if let Some(ports) = ports(&said) {
                [server.port, server.otlp_http_port, server.otlp_grpc_port] = ports;
                return server;
            }
            assert!(ended.is_none(), "the server does not start:\n{said}");
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not greet:\n{}", server.log());
    }
}

/// Main, OTLP/HTTP and OTLP/gRPC, from the greeting that a server prints once it listens.
fn ports(said: &str) -> Option<[u16; 3]> {
    let (_, greeting) = said.split_once(" is running.\n")?;
    // The line after the addresses: the ones before it are whole.
    let (addresses, _) = greeting.split_once("  Data ")?;
    let mut ports = addresses.split("http://127.0.0.1:").skip(1).map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit());
        rest[..digits.unwrap_or(rest.len())].parse().unwrap()
    });
    Some([ports.next()?, ports.next()?, ports.next()?])
}

/// What the files below `dir` take.
pub(crate) fn bytes_in(dir: &Path) -> u64 {
    let size = |entry: fs::DirEntry| {
        if entry.file_type().unwrap().is_dir() {
            bytes_in(&entry.path())
        } else {
            entry.metadata().unwrap().len()
        }
    };
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| size(entry.unwrap())).sum()
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for something that happens in the background.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An experiment as the place to search in.
pub(crate) fn location(experiment_id: &str) -> Json {
    json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}})
}

pub(crate) fn trace_id_of(trace: &Json) -> String {
    trace["trace_id"].as_str().unwrap().to_owned()
}
