//! Files as replies: always to be saved, never to be shown by a browser.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::channel::Channel;
use tokio::io::AsyncReadExt;

use super::folder::Opened;

/// Bytes read from disk at a time.
const CHUNK: usize = 64 * 1024;

pub(super) fn text_file(name: &str, text: String) -> Response {
    (headers(name, "text/plain; charset=utf-8"), text).into_response()
}

/// Sends a file piece by piece, so that its size does not matter.
pub(super) fn file(mut opened: Opened) -> Response {
    let headers = headers(&opened.name, media_type(&opened.name));
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(2);
    let length = opened.length;
    tokio::spawn(async move {
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            match opened.file.read_buf(&mut chunk).await {
                Ok(0) => break,
                Ok(_) => {
                    if sender.send_data(chunk.freeze()).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    sender.abort(error);
                    break;
                }
            }
        }
    });
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(length))];
    (length, headers, Body::new(body)).into_response()
}

fn headers(name: &str, media_type: &'static str) -> [(header::HeaderName, HeaderValue); 3] {
    let safe: String = name
        .chars()
        .filter(|letter| letter.is_ascii_graphic() && !"\"\\;".contains(*letter))
        .collect();
    let disposition = HeaderValue::try_from(format!("attachment; filename={safe}"));
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (
            header::CONTENT_DISPOSITION,
            disposition.unwrap_or(HeaderValue::from_static("attachment")),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ]
}

/// Types that viewers need to know; nothing a browser would run.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "txt" | "log" | "md" | "csv" | "yaml" | "yml" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
