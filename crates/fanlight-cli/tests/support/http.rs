//! HTTP/1.1 by hand: tests have to send what a proper client would not let them send.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value as Json;

use super::{PATIENCE, Server};

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// A header by its lowercase name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let broken = || io::Error::other(format!("no HTTP: {}", String::from_utf8_lossy(bytes)));
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(broken)?;
        let mut reply = Self {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        };
        if reply.header("transfer-encoding").is_some() {
            reply.body = unchunked(&reply.body).ok_or_else(broken)?;
        }
        Ok(reply)
    }
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(bytes.get(line + 2..line + 2 + length)?);
        bytes = bytes.get(line + 4 + length..)?;
    }
}

pub(crate) fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let host = format!("127.0.0.1:{port}");
    let length = body.len().to_string();
    let mut all = vec![("connection", "close"), ("content-length", &length)];
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"))
    {
        all.push(("host", &host));
    }
    all.extend_from_slice(headers);
    let lines: String = all
        .iter()
        .flat_map(|(name, value)| [*name, ": ", *value, "\r\n"])
        .collect();
    let mut bytes = format!("{method} {path} HTTP/1.1\r\n{lines}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    send_raw(port, &bytes)
}

/// Sends exactly these bytes and reads until the server closes.
pub(crate) fn send_raw(port: u16, bytes: &[u8]) -> io::Result<Reply> {
    send_with(port, |stream| stream.write_all(bytes))
}

/// Sends what `write` writes and reads until the server closes.
pub(crate) fn send_with(
    port: u16,
    write: impl FnOnce(&mut TcpStream) -> io::Result<()>,
) -> io::Result<Reply> {
    let mut stream = connect(port)?;
    // A server that refuses early stops reading; what it says counts.
    let written = write(&mut stream);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => return Err(error),
        _ => {}
    }
    if answer.is_empty() {
        written?;
    }
    Reply::parse(&answer)
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

impl Server {
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        send(self.port, method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], b"")
    }

    pub(crate) fn send_json(&self, method: &str, path: &str, body: &str) -> Reply {
        self.call(
            method,
            path,
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
    }

    pub(crate) fn post_json(&self, path: &str, body: &Json) -> Reply {
        self.send_json("POST", path, &body.to_string())
    }

    /// Sends exactly these bytes on a connection of their own.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Reply {
        send_raw(self.port, bytes).unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// Sends these bytes, then goes away; `half` leaves the reading side open a moment longer. Answers what came back.
    pub(crate) fn break_off(&self, bytes: &[u8], half: bool) -> Vec<u8> {
        let mut stream = connect(self.port).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        if half {
            stream.shutdown(Shutdown::Write).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            drop(stream.read_to_end(&mut answer));
        }
        answer
    }
}
