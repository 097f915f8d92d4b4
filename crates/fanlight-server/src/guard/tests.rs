//! Requests at the door, and whether they come in.

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

fn settings() -> ServerSettings {
    ServerSettings {
        allowed_hosts: vec!["traces.example".to_owned(), "*.corp.example:*".to_owned()],
        cors_allowed_origins: vec!["https://ui.example".to_owned()],
        ..ServerSettings::default()
    }
}

async fn send(door: Door, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let guarding = Arc::new(Guard::new(door, &settings()));
    let router = Router::new()
        .fallback(any(|| async { "in" }))
        .layer(from_fn_with_state(guarding, guard));
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(
        response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec(),
    )
    .unwrap()
}

#[test]
fn local_private_and_configured_hosts_are_ours() {
    let guard = Guard::new(Door::Main, &settings());
    for host in [
        "localhost",
        "localhost:5000",
        "ui.localhost:5000",
        "127.0.0.1:5000",
        "10.1.2.3",
        "172.16.0.9:80",
        "192.168.1.7",
        "0.0.0.0:5000",
        "[::1]:5000",
        "[fd00::1]",
        "traces.example",
        "traces.example:8443",
        "a.corp.example:5000",
    ] {
        assert!(guard.allows_host(host), "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "8.8.8.8",
        "corp.example:1",
        "172.32.0.1",
        "",
    ] {
        assert!(!guard.allows_host(host), "{host}");
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_except_for_probes() {
    let refused = send(Door::Main, "GET", "/api", &[("host", "evil.example")]).await;
    assert_eq!(refused.status(), 403);
    insta::assert_snapshot!(
        text(refused).await.trim_end(),
        @"host `evil.example` is not allowed; add it to `allowed_hosts` if this server is known by that name"
    );
    assert_eq!(
        send(Door::Main, "GET", "/health", &[("host", "evil.example")])
            .await
            .status(),
        200
    );
    assert_eq!(
        send(Door::Main, "GET", "http://evil.example/api", &[])
            .await
            .status(),
        403
    );
}

#[tokio::test]
async fn exporters_reach_an_otlp_port_by_any_name_and_browsers_do_not() {
    let exporter = [("host", "collector:4318")];
    assert_eq!(
        send(Door::Otlp, "POST", "/v1/traces", &exporter)
            .await
            .status(),
        200
    );
    let rebound = [
        ("host", "evil.example:4318"),
        ("origin", "http://evil.example:4318"),
    ];
    assert_eq!(
        send(Door::Otlp, "POST", "/v1/traces", &rebound)
            .await
            .status(),
        403
    );
}

#[tokio::test]
async fn another_site_may_not_change_anything() {
    let from = |origin| [("host", "localhost:5000"), ("origin", origin)];
    let refused = send(Door::Main, "POST", "/api", &from("https://evil.example")).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(
        send(Door::Main, "DELETE", "/api", &from("null"))
            .await
            .status(),
        403
    );

    let read = send(Door::Main, "GET", "/api", &from("https://evil.example")).await;
    assert_eq!(read.status(), 200);
    assert!(!read.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn our_own_page_needs_no_consent() {
    let own = send(
        Door::Main,
        "POST",
        "/api",
        &[
            ("host", "traces.example"),
            ("origin", "https://traces.example"),
        ],
    )
    .await;
    assert_eq!(own.status(), 200);
    assert!(!own.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_trusted_origin_is_named_in_the_reply() {
    for origin in [
        "https://ui.example",
        "http://localhost:5173",
        "http://127.0.0.1:9",
    ] {
        let response = send(
            Door::Main,
            "POST",
            "/api",
            &[("host", "localhost:5000"), ("origin", origin)],
        )
        .await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
    }
}

#[tokio::test]
async fn a_preflight_is_granted_to_trusted_origins_only() {
    let ask = |origin| {
        [
            ("host", "localhost:5000"),
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ]
    };
    let granted = send(Door::Main, "OPTIONS", "/api", &ask("https://ui.example")).await;
    assert_eq!(granted.status(), 204);
    assert_eq!(granted.headers()["access-control-allow-methods"], "POST");
    assert_eq!(
        granted.headers()["access-control-allow-headers"],
        "content-type"
    );
    assert_eq!(
        send(Door::Main, "OPTIONS", "/api", &ask("https://evil.example"))
            .await
            .status(),
        400
    );
}

#[test]
fn a_star_stands_for_any_characters() {
    assert!(matches("*", "anything"));
    assert!(matches("a*c*e", "abcde"));
    assert!(!matches("a*c", "abcd"));
    assert!(!matches("ab*ba", "aba"));
}
