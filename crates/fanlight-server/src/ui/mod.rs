//! The web UI: files of `ui/dist` that were there when this was compiled.

mod files;
mod index;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
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

/// Below these there are programs' answers only, whoever asks.
const NO_SCREENS: [&str; 4] = ["/api/", "/ajax-api/", "/v1/", "/assets/"];

/// The page, if it was built.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    index: Option<Arc<Index>>,
}

impl Ui {
    pub(crate) fn new(settings: &ServerSettings) -> Self {
        let html = FILES.iter().find(|file| file.name == "index.html");
        Self {
            index: html.map(|file| Arc::new(Index::new(file.plain, settings))),
        }
    }

    pub(crate) fn routes(&self) -> Router {
        let mut router = Router::new();
        for screen in SCREENS {
            router = match self.index.clone() {
                Some(index) => router.route(
                    screen,
                    get(async |State(index): State<Arc<Index>>| index.respond(StatusCode::OK))
                        .with_state(index),
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

    /// The page for somebody at a browser whose address is none of ours: it says so, and shows the way back.
    pub(crate) fn lost(&self, request: &Parts) -> Option<Response> {
        let path = request.uri.path();
        let is_visit = matches!(request.method, Method::GET | Method::HEAD)
            && !NO_SCREENS.iter().any(|prefix| path.starts_with(prefix))
            && accepts_page(&request.headers);
        let index = self.index.as_ref().filter(|_| is_visit)?;
        Some(index.respond(StatusCode::NOT_FOUND))
    }
}

#[cfg(test)]
pub(crate) fn is_built() -> bool {
    FILES.iter().any(|file| file.name == "index.html")
}

fn accepts_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|accepted| accepted.contains("text/html"))
}

fn asset(name: &str, headers: &HeaderMap) -> Response {
    file(&format!("assets/{name}"), headers)
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    respond(FILES.iter().find(|file| file.name == name), headers)
}
