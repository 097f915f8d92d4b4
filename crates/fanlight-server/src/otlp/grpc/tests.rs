//! Calls as they are on the wire, against a stand-in for the engine.

use std::io::Write;

use axum::body::Body;
use axum::http::Response;
use fanlight_model::{ErrorKind, Span};
use http_body_util::BodyExt;
use prost::Message;

use super::super::messages::{ExportReply, RpcStatus};
use super::super::tests::{Port, bytes, one_span};
use super::*;
use crate::ServerSettings;
use crate::intake::tests::span;

const GRPC: (&str, &str) = ("content-type", "application/grpc");
const GZIP: (&str, &str) = ("grpc-encoding", "gzip");
const ZSTD: (&str, &str) = ("grpc-encoding", "zstd");

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[flag][..], &length.to_be_bytes(), message].concat()
}

fn gzip(message: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(message).unwrap();
    framed(1, &encoder.finish().unwrap())
}

fn zstd(message: &[u8]) -> Vec<u8> {
    framed(1, &::zstd::encode_all(message, 3).unwrap())
}

/// A span that compresses by far more than the first try expects, to about 100 bytes.
fn long_span(bytes: usize) -> Vec<u8> {
    fanlight_ingest::encode_traces(&[Span {
        trace_state: "x".repeat(bytes),
        ..span(1, "a", "shop")
    }])
}

/// At most 64 KiB arrive, and 1 MiB after decompression.
fn small_port() -> Port {
    Port::with(&ServerSettings {
        max_body_bytes: 64 << 10,
        max_decompressed_bytes: 1 << 20,
        max_inflight_bytes: 2 << 20,
        ..ServerSettings::default()
    })
}

async fn succeeds(response: Response<Body>) -> ExportReply {
    let headers = response.headers().clone();
    let body = response.into_body().collect().await.unwrap();
    let status = body.trailers().map(|trailers| &trailers["grpc-status"]);
    assert_eq!(status.unwrap(), "0", "{headers:?}");
    ExportReply::decode(body.to_bytes().slice(5..)).unwrap()
}

/// Code, message and details of a call that failed, as a client reads them.
fn failure(response: &Response<Body>) -> (i32, String, Option<RpcStatus>) {
    let status = Status::from_header_map(response.headers()).unwrap();
    let details = status.details();
    let details = (!details.is_empty()).then(|| RpcStatus::decode(details).unwrap());
    (status.code().into(), status.message().to_owned(), details)
}

#[tokio::test]
async fn a_call_is_answered_with_one_message_and_trailers() {
    let port = Port::new();
    let response = port
        .post(TRACES_PATH, &[GRPC], framed(0, &one_span()))
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(body.to_bytes(), &[0_u8; 5][..]);
    assert_eq!(port.sink.stored(), [(100, vec!["a".to_owned()])]);
    assert_eq!(port.intake.budget().used(), 0);
}

#[tokio::test]
async fn both_compressions_are_undone() {
    let port = Port::new();
    for (encoding, body) in [(GZIP, gzip(&one_span())), (ZSTD, zstd(&one_span()))] {
        let response = port.post(TRACES_PATH, &[GRPC, encoding], body).await;
        assert_eq!(succeeds(response).await, ExportReply::default());
    }
    // A message may go uncompressed whatever the header says.
    let response = port
        .post(TRACES_PATH, &[GRPC, GZIP], framed(0, &one_span()))
        .await;
    assert_eq!(succeeds(response).await, ExportReply::default());
    let stored = (100, vec!["a".to_owned()]);
    assert_eq!(port.sink.stored(), vec![stored; 3]);
    assert_eq!(port.intake.budget().used(), 0);
}

#[tokio::test]
async fn a_compressed_call_with_a_bad_span_reports_it() {
    let port = Port::new();
    let mut request =
        fanlight_ingest::encode_request(&[span(1, "kept", "shop"), span(2, "broken", "shop")]);
    request.resource_spans[0].scope_spans[0].spans[1].span_id = vec![0; 8];
    let headers = [GRPC, ZSTD, ("x-mlflow-experiment-id", "3")];
    let response = port
        .post(TRACES_PATH, &headers, zstd(&request.encode_to_vec()))
        .await;

    let partial = succeeds(response).await.partial_success.unwrap();
    assert_eq!(
        (partial.rejected, partial.error_message.as_str()),
        (1, "span 1: span id is all zero")
    );
    assert_eq!(port.sink.stored(), [(3, vec!["kept".to_owned()])]);
}

#[tokio::test]
async fn logs_have_a_service_of_their_own() {
    let port = Port::new();
    // A request without records.
    let response = port
        .post(LOGS_PATH, &[GRPC], framed(0, &[0x0a, 0x00]))
        .await;
    assert_eq!(succeeds(response).await, ExportReply::default());
    assert_eq!(port.sink.stored(), []);
}

#[tokio::test]
async fn a_message_beyond_the_first_room_is_tried_again_with_all_of_it() {
    let port = small_port();
    for (encoding, body) in [
        (GZIP, gzip(&long_span(900 << 10))),
        (ZSTD, zstd(&long_span(900 << 10))),
    ] {
        let response = port.post(TRACES_PATH, &[GRPC, encoding], body).await;
        assert_eq!(succeeds(response).await, ExportReply::default());
    }
    assert_eq!(port.sink.stored().len(), 2);
    assert_eq!(port.intake.budget().used(), 0);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_to_be_sent_again() {
    let port = small_port();
    let large = port
        .post(TRACES_PATH, &[GRPC], framed(0, &vec![0_u8; 65 << 10]))
        .await;
    let (status, message, details) = failure(&large);
    assert_eq!((status, details), (3, None));
    insta::assert_snapshot!(message, @"the request body is larger than 65536 bytes (`max_body_bytes`)");

    for (encoding, body) in [
        (GZIP, gzip(&long_span(2 << 20))),
        (ZSTD, zstd(&long_span(2 << 20))),
    ] {
        let large = port.post(TRACES_PATH, &[GRPC, encoding], body).await;
        let (status, message, details) = failure(&large);
        assert_eq!((status, details), (3, None));
        insta::allow_duplicates! {
            insta::assert_snapshot!(message, @"body is larger than 1048576 bytes after decompression");
        }
    }
    assert_eq!(port.sink.stored(), []);
    assert_eq!(port.intake.budget().used(), 0);
}

#[tokio::test]
async fn a_call_that_finds_no_room_is_put_off() {
    let port = small_port();
    let total = 2 << 20;
    let mut others = port.intake.budget().empty_reservation();
    // Room is lacking for the body, for a first try at unpacking it, and for the try that goes to the limit.
    let calls = [
        (total, GZIP, gzip(&one_span())),
        (total, ("grpc-encoding", "identity"), framed(0, &one_span())),
        (total - (32 << 10), GZIP, gzip(&one_span())),
        (total - (128 << 10), ZSTD, zstd(&long_span(900 << 10))),
    ];
    for (taken, encoding, body) in calls {
        others.grow_to(taken).unwrap();
        others.shrink_to(taken);
        let busy = port.post(TRACES_PATH, &[GRPC, encoding], body).await;
        let (status, message, details) = failure(&busy);
        assert_eq!(status, 14);
        insta::allow_duplicates! {
            insta::assert_snapshot!(message, @"requests under way hold all of 2097152 bytes (`max_inflight_bytes`); send it again in a moment");
        }
        let details = details.unwrap();
        assert_eq!((details.code, details.details.len()), (14, 1));
        assert_eq!(
            details.details[0].type_url,
            "type.googleapis.com/google.rpc.RetryInfo"
        );
    }
    assert_eq!(port.sink.stored(), []);
    drop(others);
    assert_eq!(port.intake.budget().used(), 0);
}

#[tokio::test]
async fn a_busy_store_puts_a_call_off() {
    let port = Port::new();
    *port.sink.refuses.lock() = Some(ErrorKind::Overloaded);
    let busy = port
        .post(TRACES_PATH, &[GRPC], framed(0, &one_span()))
        .await;
    let (status, message, details) = failure(&busy);
    assert_eq!((status, message.as_str()), (14, "refused by the test"));
    assert_eq!(details.unwrap().message, "refused by the test");
}

#[tokio::test]
async fn a_call_we_cannot_read_is_the_callers_mistake() {
    let port = Port::new();
    let refused = async |headers: &[(&str, &str)], body: Vec<u8>| {
        let response = port.post(TRACES_PATH, headers, body).await;
        let (status, message, _) = failure(&response);
        // What follows is in the words of the libraries.
        format!("{status}: {}", message.split(": ").next().unwrap())
    };
    let two = [framed(0, &one_span()), framed(0, &one_span())].concat();
    let mut cut = framed(0, &one_span());
    cut.pop();
    let mut cut_inside = gzip(&one_span());
    cut_inside.truncate(40);
    cut_inside[4] = 35;
    let all = [
        refused(&[GRPC], vec![]).await,
        refused(&[GRPC], two).await,
        refused(&[GRPC], cut).await,
        refused(&[GRPC], framed(7, b"")).await,
        refused(&[GRPC], framed(1, b"x")).await,
        refused(&[GRPC, GZIP], cut_inside).await,
        refused(&[GRPC, ZSTD], framed(1, b"not zstd")).await,
        refused(&[GRPC], framed(0, b"\xff\xff")).await,
        refused(&[], framed(0, b"")).await,
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    3: a call of this method carries exactly one message
    3: a call of this method carries exactly one message
    3: a call of this method carries exactly one message
    3: the message could not be read
    3: the message could not be read
    3: the message could not be read
    3: the message could not be read
    3: body is not OTLP protobuf
    3: the content type has to be application/grpc
    ");
    assert_eq!(port.sink.stored(), []);
    assert_eq!(port.intake.budget().used(), 0);
}

#[tokio::test]
async fn an_encoding_we_do_not_speak_is_answered_with_those_we_do() {
    let port = Port::new();
    for encoding in ["deflate", "br"] {
        let headers = [GRPC, ("grpc-encoding", encoding)];
        let response = port.post(TRACES_PATH, &headers, framed(1, b"x")).await;
        assert_eq!(failure(&response).0, 12);
        assert_eq!(
            response.headers()["grpc-accept-encoding"],
            "gzip,zstd,identity"
        );
        assert_eq!(bytes(response).await, "");
    }
}

#[tokio::test]
async fn a_method_we_do_not_have_is_unimplemented() {
    let port = Port::new();
    let response = port.post(METRICS_PATH, &[GRPC], framed(0, b"")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    assert_eq!(failure(&response).0, 12);
}
