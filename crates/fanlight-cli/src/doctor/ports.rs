//! The ports: free, or held by a server that answers.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use fanlight_server::{ExtraPort, ServerSettings};

use super::Finding;
use crate::client::{Client, Url};

/// Findings, and the client of the main port when a server answers there.
pub(super) fn check(settings: &ServerSettings) -> (Vec<Finding>, Option<Client>) {
    let host = &settings.host;
    let main = look(host, settings.port);
    let server = if main == State::Answers {
        client(host, settings.port)
    } else {
        None
    };
    let mut findings = vec![finding("port", settings.port, &main, Finding::fail)];
    let extras = [
        ("OTLP/HTTP port", settings.otlp_http_port),
        ("OTLP/gRPC port", settings.otlp_grpc_port),
    ];
    for (subject, port) in extras {
        findings.push(match port {
            ExtraPort::Off => Finding::ok(subject, "off"),
            ExtraPort::IfFree(port) => finding(subject, port, &look(host, port), Finding::warn),
            ExtraPort::Required(port) => finding(subject, port, &look(host, port), Finding::fail),
        });
    }
    (findings, server)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Free,
    Answers,
    Foreign,
    Unusable(String),
}

fn look(host: &str, port: u16) -> State {
    match TcpListener::bind((host, port)) {
        Ok(_) => State::Free,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let answer = client(host, port).map(|client| client.probe("/health"));
            if matches!(answer, Some(Ok((text, _))) if text == "OK") {
                State::Answers
            } else {
                State::Foreign
            }
        }
        Err(error) => State::Unusable(error.to_string()),
    }
}

fn client(host: &str, port: u16) -> Option<Client> {
    let host = match host {
        "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let url: Url = format!("http://{host}:{port}").parse().ok()?;
    Some(Client::with_patience(url, Duration::from_secs(5)))
}

/// How bad it is when the port cannot be had depends on whether it has to be there.
type Bad = fn(&'static str, String, String) -> Finding;

fn finding(subject: &'static str, port: u16, state: &State, bad: Bad) -> Finding {
    let advice = || "stop that program, or choose another port".to_owned();
    match state {
        State::Free if port == 0 => Finding::ok(subject, "any free one"),
        State::Free => Finding::ok(subject, format!("{port} is free")),
        State::Answers => Finding::ok(subject, format!("{port} is answered by a healthy server")),
        State::Foreign => bad(
            subject,
            format!("{port} is in use by another program"),
            advice(),
        ),
        State::Unusable(reason) => bad(
            subject,
            format!("{port} cannot be taken: {reason}"),
            "correct `host`, or choose a port above 1023".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_free_port_is_fine_and_a_foreign_one_is_not() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = taken.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).unwrap();
            stream
                .write_all(
                    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                )
                .unwrap();
            taken
        });
        assert_eq!(look("127.0.0.1", port), State::Foreign);
        drop(answering.join().unwrap());
        assert_eq!(look("127.0.0.1", 0), State::Free);
    }

    #[test]
    fn only_a_port_that_has_to_be_there_fails() {
        assert_eq!(
            finding("port", 1, &State::Foreign, Finding::warn).verdict,
            Verdict::Warn
        );
        assert_eq!(
            finding("port", 1, &State::Foreign, Finding::fail).verdict,
            Verdict::Fail
        );
        assert_eq!(
            finding("port", 1, &State::Answers, Finding::fail).verdict,
            Verdict::Ok
        );
    }
}
