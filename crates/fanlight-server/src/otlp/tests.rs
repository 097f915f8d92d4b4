//! Export requests over HTTP, byte for byte, against a stand-in for the engine.

use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use fanlight_model::ErrorKind;
use http_body_util::BodyExt;
use prost::Message;
use tower::ServiceExt;

use super::messages::RpcStatus;
use super::*;
use crate::ServerSettings;
use crate::intake::tests::{FakeSink, intake, span};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

/// The routes of a port, with what is behind them.
pub(super) struct Port {
    pub(super) router: Router,
    pub(super) intake: Arc<Intake>,
    pub(super) sink: Arc<FakeSink>,
}

impl Port {
    pub(super) fn new() -> Self {
        Self::with(&ServerSettings {
            max_body_bytes: 64 << 10,
            ..ServerSettings::default()
        })
    }

    pub(super) fn with(settings: &ServerSettings) -> Self {
        let (intake, sink) = intake(settings);
        Self {
            router: routes(Arc::clone(&intake)),
            intake,
            sink,
        }
    }

    pub(super) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Response<axum::body::Body> {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.router
            .clone()
            .oneshot(request.body(body.into()).unwrap())
            .await
            .unwrap()
    }
}

pub(super) async fn bytes(response: Response<Body>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(bytes(response).await.to_vec()).unwrap()
}

pub(super) fn one_span() -> Vec<u8> {
    fanlight_ingest::encode_traces(&[span(1, "a", "shop")])
}

const TWO_SPANS_ONE_BROKEN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
    {"traceId":"01010101010101010101010101010101","spanId":"0101010101010101","name":"kept"},
    {"traceId":"01010101010101010101010101010101","spanId":"0000000000000000","name":"broken"}]}]}]}"#;

#[tokio::test]
async fn protobuf_success_is_an_empty_message() {
    let port = Port::new();
    let response = port.post("/v1/traces", &[PROTOBUF], one_span()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-protobuf");
    assert_eq!(bytes(response).await, "");
    assert_eq!(port.sink.stored(), [(100, vec!["a".to_owned()])]);
}

#[tokio::test]
async fn one_bad_span_does_not_sink_its_batch() {
    let port = Port::new();
    let response = port.post("/v1/traces", &[JSON], TWO_SPANS_ONE_BROKEN).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    insta::assert_snapshot!(
        text(response).await,
        @r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"span 1: span id is all zero"}}"#
    );
    assert_eq!(port.sink.stored(), [(0, vec!["kept".to_owned()])]);
}

#[tokio::test]
async fn every_prefix_of_mlflows_clients_is_answered() {
    let port = Port::new();
    for path in [
        "/api/v1/traces",
        "/api/otel/v1/traces",
        "/api/2.0/otel/v1/traces",
        "/ajax-api/3.0/otel/v1/traces",
    ] {
        assert_eq!(
            port.post(path, &[PROTOBUF], one_span()).await.status(),
            200,
            "{path}"
        );
    }
    assert_eq!(
        port.post("/v1/metrics", &[PROTOBUF], "").await.status(),
        404
    );
}

#[tokio::test]
async fn a_content_type_or_encoding_we_do_not_speak_is_415() {
    let port = Port::new();
    let other = port
        .post("/v1/traces", &[("content-type", "text/plain")], "x")
        .await;
    assert_eq!(other.status(), 415);
    insta::assert_snapshot!(
        text(other).await,
        @r#"{"code":3,"message":"content type `text/plain` is not supported; expected application/x-protobuf or application/json","detail":"content type `text/plain` is not supported; expected application/x-protobuf or application/json"}"#
    );
    assert_eq!(port.post("/v1/traces", &[], "x").await.status(), 415);
    assert_eq!(
        port.post("/v1/traces", &[PROTOBUF, ("content-encoding", "br")], "x")
            .await
            .status(),
        415
    );
}

#[tokio::test]
async fn a_failure_is_told_in_the_encoding_of_the_request() {
    let port = Port::new();
    let protobuf = port
        .post("/v1/traces", &[PROTOBUF], vec![0xff_u8; 20])
        .await;
    assert_eq!(protobuf.status(), 400);
    let status = RpcStatus::decode(bytes(protobuf).await).unwrap();
    assert_eq!(status.code, 3);
    assert!(
        status.message.starts_with("body is not OTLP protobuf: "),
        "{}",
        status.message
    );

    let json = port.post("/v1/traces", &[JSON], "{").await;
    assert_eq!(json.status(), 400);
    assert!(
        text(json)
            .await
            .starts_with(r#"{"code":3,"message":"body is not OTLP/JSON: "#)
    );

    let packed = port
        .post(
            "/v1/traces",
            &[JSON, ("content-encoding", "gzip")],
            "not gzip",
        )
        .await;
    assert_eq!(packed.status(), 400);
}

#[tokio::test]
async fn trouble_with_mlflows_headers_is_told_in_mlflows_words() {
    let port = Port::new();
    let response = port
        .post(
            "/v1/traces",
            &[PROTOBUF, ("x-mlflow-experiment-id", "99")],
            one_span(),
        )
        .await;
    assert_eq!(response.status(), 404);
    insta::assert_snapshot!(
        text(response).await,
        @r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"experiment 99 of header `x-mlflow-experiment-id` does not exist","sqlstate":"KAM00","error_class":"RESOURCE_NOT_FOUND"}"#
    );
}

#[tokio::test]
async fn only_what_may_pass_asks_to_be_retried() {
    let port = Port::new();
    let large = port
        .post("/v1/traces", &[PROTOBUF], vec![0_u8; 65 << 10])
        .await;
    assert_eq!(
        (large.status().as_u16(), large.headers().get("retry-after")),
        (413, None)
    );

    for (kind, status) in [(ErrorKind::Overloaded, 429), (ErrorKind::Unavailable, 503)] {
        *port.sink.refuses.lock() = Some(kind);
        let response = port.post("/v1/traces", &[PROTOBUF], one_span()).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}

#[tokio::test]
async fn a_log_record_with_content_joins_its_span() {
    let port = Port::new();
    let logs = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
        {"eventName":"gen_ai.user.message","body":{"stringValue":"hi"},
         "traceId":"01010101010101010101010101010101","spanId":"0101010101010101"},
        {"body":{"stringValue":"started"}}]}]}]}"#;
    let response = port.post("/v1/logs", &[JSON], logs).await;
    assert_eq!(response.status(), 200);
    assert_eq!(text(response).await, "{}");
    assert_eq!(port.sink.batches.lock()[0].additions.len(), 1);
}
