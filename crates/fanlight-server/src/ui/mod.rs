//! The web UI: files of `ui/dist` that were there when this was compiled.

mod files;
mod index;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use self::files::{FILES, respond};
use self::index::{Index, unbuilt};
use crate::ServerSettings;

/// Addresses of screens: all of them are the same page, which reads its address itself.
const SCREENS: [&str; 5] = [
    "/",
    "/experiments",
    "/experiments/{*rest}",
    "/traces/{*rest}",
    "/help",
];

pub(crate) fn routes(settings: &ServerSettings) -> Router {
    let html = FILES.iter().find(|file| file.name == "index.html");
    let index = html.map(|file| Arc::new(Index::new(file.plain, settings)));
    let mut router = Router::new();
    for screen in SCREENS {
        router = match index.clone() {
            Some(index) => router.route(
                screen,
                get(async |State(index): State<Arc<Index>>| index.respond()).with_state(index),
            ),
            None => router.route(screen, get(async || unbuilt())),
        };
    }
    router
        .route(
            "/assets/{name}",
            get(async |Path(name): Path<String>, headers: HeaderMap| asset(&name, &headers)),
        )
        .route(
            "/icon.svg",
            get(async |headers: HeaderMap| file("icon.svg", &headers)),
        )
}

fn asset(name: &str, headers: &HeaderMap) -> Response {
    file(&format!("assets/{name}"), headers)
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    respond(FILES.iter().find(|file| file.name == name), headers)
}
