//! A file of the UI as a reply.

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// A file, and the same compressed when that is smaller.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) plain: &'static [u8],
    pub(super) brotli: Option<&'static [u8]>,
    pub(super) gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));

/// A name with a hash never has other content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) fn respond(file: Option<&File>, asked: &HeaderMap) -> Response {
    let Some(file) = file else {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    let (bytes, encoding) = file.encoded(asked);
    let cache = if file.name.starts_with("assets/") {
        FOR_EVER
    } else {
        "no-cache"
    };
    let head = [
        (CONTENT_TYPE, media_type(file.name)),
        (CACHE_CONTROL, cache),
    ];
    let mut response = (head, bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

impl File {
    fn encoded(&self, asked: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
        let accepted = asked
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let accepted: Vec<&str> = accepted
            .flat_map(|list| list.split(','))
            .filter(|item| !item.replace(' ', "").ends_with(";q=0"))
            .filter_map(|item| item.split(';').next())
            .map(str::trim)
            .collect();
        match (self.brotli, self.gzip) {
            (Some(brotli), _) if accepted.contains(&"br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepted.contains(&"gzip") => (gzip, Some("gzip")),
            _ => (self.plain, None),
        }
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: File = File {
        name: "assets/index-1a2b.js",
        plain: b"plain",
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
    };

    fn sent(accepted: &'static str) -> (Option<String>, usize) {
        let mut asked = HeaderMap::new();
        asked.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        let response = respond(Some(&SCRIPT), &asked);
        let headers = response.headers();
        assert_eq!(headers[CACHE_CONTROL], FOR_EVER);
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let encoding = headers.get(CONTENT_ENCODING);
        (
            encoding.map(|it| it.to_str().unwrap().to_owned()),
            SCRIPT.encoded(&asked).0.len(),
        )
    }

    #[test]
    fn a_file_comes_as_its_reader_can_read_it() {
        assert_eq!(sent("gzip, deflate, br"), (Some("br".to_owned()), 2));
        assert_eq!(sent("gzip, br;q=0"), (Some("gzip".to_owned()), 2));
        assert_eq!(sent("deflate"), (None, 5));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(respond(None, &HeaderMap::new()).status(), 404);
    }
}
