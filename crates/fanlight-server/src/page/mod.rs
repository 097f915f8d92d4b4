//! The page at `/`: what is running here and how to send the first trace to it.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Nothing but our own two files, and questions to ourselves. Names of experiments are the users': even if one found
/// its way into the markup, it could not run or send anything.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

pub(crate) fn routes() -> Router {
    Router::new()
        .route(
            "/",
            get(|| async { file("text/html; charset=utf-8", include_str!("index.html")) }),
        )
        .route(
            "/page/fanlight.js",
            get(|| async {
                file(
                    "text/javascript; charset=utf-8",
                    include_str!("fanlight.js"),
                )
            }),
        )
        .route(
            "/page/fanlight.css",
            get(|| async { file("text/css; charset=utf-8", include_str!("fanlight.css")) }),
        )
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_has_nothing_inline() {
        let html = include_str!("index.html");
        assert!(
            !html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick=")
        );
        assert_eq!(html.matches("<script").count(), 1);
        assert!(html.contains(r#"<script src="/page/fanlight.js" defer></script>"#));
    }

    #[test]
    fn users_text_never_becomes_markup() {
        let script = include_str!("fanlight.js");
        assert!(!script.contains("innerHTML") && !script.contains("insertAdjacentHTML"));
    }
}
