//! Routes that know what they are, so that the document can be held against them.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use crate::AppState;

/// A router below `/api/v1` and a list of what it answers.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) router: Router<Arc<AppState>>,
    /// Method and path, as `fanlight_api::v1::Operation` has them.
    pub(super) known: Vec<(&'static str, &'static str)>,
}

impl Routes {
    fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        answer: MethodRouter<Arc<AppState>>,
    ) -> Self {
        self.known.push((method, path));
        self.router = self.router.route(&format!("/api/v1{path}"), answer);
        self
    }

    pub(super) fn get<H: Handler<T, Arc<AppState>>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.add("get", path, get(handler))
    }

    pub(super) fn post<H: Handler<T, Arc<AppState>>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.add("post", path, post(handler))
    }

    pub(super) fn put<H: Handler<T, Arc<AppState>>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.add("put", path, put(handler))
    }

    pub(super) fn patch<H: Handler<T, Arc<AppState>>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.add("patch", path, patch(handler))
    }

    pub(super) fn delete<H: Handler<T, Arc<AppState>>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.add("delete", path, delete(handler))
    }
}
