//! Serving below a path: proxies that pass the whole path on, and those that take it away, both find us.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The address as our routes have it; `base` has no slash at its end and may be empty.
pub(crate) fn without_base(uri: &Uri, base: &str) -> Option<Uri> {
    if base.is_empty() {
        return None;
    }
    let rest = uri.path_and_query()?.as_str().strip_prefix(base)?;
    let path = match rest.bytes().next() {
        Some(b'/') => rest.to_owned(),
        None | Some(b'?') => format!("/{rest}"),
        // Only begins with the same letters.
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_taken_away_where_it_is() {
        let short =
            |uri: &str| without_base(&uri.parse().unwrap(), "/fan").map(|uri| uri.to_string());
        assert_eq!(
            short("/fan/api/v1/keys?of=tag").as_deref(),
            Some("/api/v1/keys?of=tag")
        );
        assert_eq!(short("/fan").as_deref(), Some("/"));
        assert_eq!(short("/fan?a").as_deref(), Some("/?a"));
        assert_eq!(short("/fantasy"), None);
        assert_eq!(short("/api"), None);
        assert_eq!(without_base(&"/a".parse().unwrap(), ""), None);
    }
}
