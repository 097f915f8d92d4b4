//! The server as the operating system sees it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::http::Connection;

/// A Fanlight server started here; ended when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) authority: String,
    pub(crate) start_ms: f64,
}

impl Server {
    /// Starts the server on free ports and waits for its first answer.
    pub(crate) async fn start(binary: &Path, data_dir: &Path, log: &Path) -> Result<Self> {
        const PATIENCE: Duration = Duration::from_mins(2);
        let [port, http_port, grpc_port] = free_ports()?;
        let log_file = fs::File::options().create(true).append(true).open(log)?;
        let began = Instant::now();
        let mut child = Command::new(binary)
            .args(["server", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            .args(["--otlp-http-port", &http_port.to_string()])
            .args(["--otlp-grpc-port", &grpc_port.to_string()])
            .arg("--data-dir")
            .arg(data_dir)
            .stdin(Stdio::null())
            .stdout(log_file.try_clone()?)
            .stderr(log_file)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let authority = format!("127.0.0.1:{port}");
        while first_answer(&authority).await.is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("the server ended with {status}:\n{}", tail(log));
            }
            if began.elapsed() > PATIENCE {
                _ = child.kill();
                bail!(
                    "no answer from the server within {PATIENCE:?}:\n{}",
                    tail(log)
                );
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(Self {
            child,
            authority,
            start_ms: began.elapsed().as_secs_f64() * 1000.0,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the server to end and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        // The standard library can only kill; the command sends the polite signal.
        Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .context("cannot run `kill`")?;
        for _ in 0..600 {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server did not end within 30 s of being asked to");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

async fn first_answer(authority: &str) -> Result<()> {
    let reply = Connection::open(authority).await?.get("/version").await?;
    if reply.status == 200 {
        Ok(())
    } else {
        bail!("status {}", reply.status)
    }
}

/// Three ports nobody listens on. Another program could take one before the server does; then the start fails and says
/// so.
fn free_ports() -> Result<[u16; 3]> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // All held at once, so that they differ.
    let held = [listen()?, listen()?, listen()?];
    let [first, second, third] = held
        .each_ref()
        .map(|listener| listener.local_addr().map(|address| address.port()));
    Ok([first?, second?, third?])
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// A process and everything below it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree(pub(crate) u32);

impl Tree {
    /// CPU seconds used so far, by user and system code.
    pub(crate) fn cpu_seconds(self) -> f64 {
        /// Linux reports in hundredths of a second, whatever its internal clock.
        const TICKS_PER_SECOND: f64 = 100.0;
        let ticks: u64 = self.pids().into_iter().filter_map(cpu_ticks).sum();
        f64::from(u32::try_from(ticks).unwrap_or(u32::MAX)) / TICKS_PER_SECOND
    }

    /// Resident memory now and at its largest, in MB.
    pub(crate) fn memory_mb(self) -> (f64, f64) {
        let sum = |field: &str| -> f64 {
            self.pids()
                .into_iter()
                .filter_map(|pid| status_kb::<f64>(pid, field))
                .sum()
        };
        (sum("VmRSS:") / 1024.0, sum("VmHWM:") / 1024.0)
    }

    /// What is no page of a file, in KB.
    pub(crate) fn own_memory_kb(self) -> u64 {
        let pids = self.pids().into_iter();
        pids.filter_map(|pid| status_kb::<u64>(pid, "RssAnon:"))
            .sum()
    }

    fn pids(self) -> Vec<u32> {
        let all: Vec<(u32, u32)> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, stat_fields(pid)?.get(1)?.parse().ok()?)))
            .collect();
        let mut tree = vec![self.0];
        let mut next = 0;
        while let Some(parent) = tree.get(next).copied() {
            tree.extend(
                all.iter()
                    .filter(|(_, above)| *above == parent)
                    .map(|(pid, _)| *pid),
            );
            next += 1;
        }
        tree
    }
}

/// The fields of `/proc/<pid>/stat` after the name, which may hold blanks itself: state, parent, …
fn stat_fields(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_ascii_whitespace().map(str::to_owned).collect())
}

fn cpu_ticks(pid: u32) -> Option<u64> {
    let fields = stat_fields(pid)?;
    let field = |place: usize| fields.get(place).and_then(|text| text.parse::<u64>().ok());
    // utime and stime, fields 14 and 15 of the whole line.
    Some(field(11)? + field(12)?)
}

fn status_kb<T: FromStr>(pid: u32, field: &str) -> Option<T> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Bytes of all files below `path`.
pub(crate) fn disk_bytes(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !meta.is_dir() {
        return meta.len();
    }
    let entries: Vec<PathBuf> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.iter().map(|entry| disk_bytes(entry)).sum()
}

/// How long the processes need until they rest, five minutes at most: servers go on working after they have
/// acknowledged.
pub(crate) async fn until_at_rest(tree: Tree) -> Duration {
    /// Of one core, in three seconds one after the other.
    const BUSY_SECONDS: f64 = 0.05;
    let began = Instant::now();
    let mut before = tree.cpu_seconds();
    let mut quiet = 0;
    while quiet < 3 && began.elapsed() < Duration::from_mins(5) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = tree.cpu_seconds();
        quiet = if now - before < BUSY_SECONDS {
            quiet + 1
        } else {
            0
        };
        before = now;
    }
    began.elapsed().saturating_sub(Duration::from_secs(quiet))
}

/// Disk use once it has not changed for three seconds, or after a minute: servers write after they have acknowledged.
pub(crate) async fn settled_disk_bytes(path: &Path) -> u64 {
    let mut before = disk_bytes(path);
    let mut quiet = 0;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = disk_bytes(path);
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
        if quiet == 3 {
            break;
        }
    }
    before
}
