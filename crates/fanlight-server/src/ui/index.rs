//! The page everything begins with: never cached, with a policy that lets nothing but our own files run.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::ServerSettings;

/// Where the built page says what depends on the server.
const HEAD: &str = "<head>";

/// The page in two halves, between which each reply has a word of its own.
#[derive(Debug)]
pub(super) struct Index {
    before: String,
    after: String,
    frame_ancestors: String,
}

impl Index {
    pub(super) fn new(html: &[u8], settings: &ServerSettings) -> Self {
        let html = String::from_utf8_lossy(html);
        let (start, end) = html.split_once(HEAD).unwrap_or(("", &html));
        let base = attribute(&format!("{}/", settings.base_path));
        Self {
            before: format!(
                "{start}{HEAD}\n    <base href=\"{base}\">\n    <meta name=\"csp-nonce\" content=\""
            ),
            after: format!("\">{end}"),
            frame_ancestors: frame_ancestors(&settings.frame_ancestors),
        }
    }

    pub(super) fn respond(&self, status: StatusCode) -> Response {
        // Styles that scripts make carry it; markup in what was captured does not know it.
        let nonce = format!("{:032x}", rand::random::<u128>());
        let html = format!("{}{nonce}{}", self.before, self.after);
        page(status, html, &policy(&nonce, &self.frame_ancestors))
    }
}

/// What is shown in place of a UI that was not built.
pub(super) fn unbuilt() -> Response {
    page(
        StatusCode::OK,
        include_str!("unbuilt.html").to_owned(),
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    )
}

fn page(status: StatusCode, html: String, policy: &str) -> Response {
    let head = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (status, head, html).into_response()
}

fn policy(nonce: &str, frame_ancestors: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; \
         img-src 'self' data: blob:; media-src data: blob:; font-src 'self'; base-uri 'self'; form-action 'none'; \
         frame-ancestors {frame_ancestors}"
    )
}

fn frame_ancestors(allowed: &[String]) -> String {
    let mut sources = vec!["'self'"];
    sources.extend(allowed.iter().map(String::as_str));
    sources.join(" ")
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(settings: &ServerSettings) -> (String, String) {
        let index = Index::new(b"<!doctype html><head><title>F</title></head>", settings);
        let response = index.respond(StatusCode::OK);
        let policy = response.headers()[CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
        (
            policy.to_owned(),
            format!("{}{}", index.before, index.after),
        )
    }

    #[test]
    fn nothing_runs_but_our_own_files() {
        let (policy, _) = sent(&ServerSettings::default());
        assert!(policy.contains("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe"));
        // Notebooks of the same machine.
        let framed_by = "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*";
        assert!(policy.ends_with(framed_by), "{policy}");
        assert_ne!(
            policy,
            sent(&ServerSettings::default()).0,
            "a nonce is used once"
        );
    }

    #[test]
    fn the_page_knows_where_it_lies() {
        let settings = ServerSettings {
            base_path: "/tools/fan".to_owned(),
            frame_ancestors: vec!["https://portal.example".to_owned()],
            ..ServerSettings::default()
        };
        let (policy, html) = sent(&settings);
        assert!(html.contains(r#"<base href="/tools/fan/">"#));
        assert!(policy.ends_with("frame-ancestors 'self' https://portal.example"));
    }
}
