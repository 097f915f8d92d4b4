//! Stand-ins for providers of models whose wires no other stand-in speaks. Each test says what it answers.

pub mod bedrock;
pub mod ollama;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value as Json;

/// What is answered to a request.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    /// Sent one after the other, so that whoever reads sees them apart.
    pieces: Vec<Vec<u8>>,
    /// Breaks off in place of an end.
    is_cut: bool,
}

impl Reply {
    pub fn json(body: &Json) -> Self {
        Self::stream("application/json", [body.to_string()])
    }

    pub fn stream<P: Into<Vec<u8>>>(
        content_type: &str,
        pieces: impl IntoIterator<Item = P>,
    ) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".into(), content_type.into())],
            pieces: pieces.into_iter().map(Into::into).collect(),
            is_cut: false,
        }
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn cut(mut self) -> Self {
        self.is_cut = true;
        self
    }
}

/// A server on a free port, for the rest of the process.
#[derive(Clone, Debug)]
pub struct StandIn {
    pub url: String,
    asked: Arc<Mutex<Vec<(String, Json)>>>,
}

impl StandIn {
    /// Answers by path and body.
    pub fn start(answer: impl Fn(&str, &Json) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                std::thread::spawn(move || {
                    // A client that goes away has what it wanted.
                    drop(serve(stream, &*answer, &seen));
                });
            }
        });
        Self {
            url: format!("http://{address}"),
            asked,
        }
    }

    /// Paths and bodies of the requests so far.
    pub fn asked(&self) -> Vec<(String, Json)> {
        self.asked.lock().expect("no test panics with it").clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &dyn Fn(&str, &Json) -> Reply,
    seen: &Mutex<Vec<(String, Json)>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (path, body) = request(&mut stream)?;
    seen.lock()
        .expect("no test panics with it")
        .push((path.clone(), body.clone()));
    let reply = answer(&path, &body);
    let mut head = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())?;
    for piece in &reply.pieces {
        stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
        stream.write_all(piece)?;
        stream.write_all(b"\r\n")?;
        std::thread::sleep(Duration::from_millis(5));
    }
    if !reply.is_cut {
        stream.write_all(b"0\r\n\r\n")?;
    }
    Ok(())
}

fn request(stream: &mut TcpStream) -> std::io::Result<(String, Json)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    while bytes.len() < head + length {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok((
        path,
        serde_json::from_slice(&bytes[head..]).unwrap_or_default(),
    ))
}
