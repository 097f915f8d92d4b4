//! Keys of MLflow that mean something to the server, and what a client may set.

use crate::ApiError;

pub const TRACE_NAME: &str = "mlflow.traceName";
pub const ARTIFACT_LOCATION: &str = "mlflow.artifactLocation";
pub const SPANS_LOCATION: &str = "mlflow.trace.spansLocation";
const ARCHIVE_LOCATION: &str = "mlflow.trace.archiveLocation";
const ARCHIVAL_FAILURE: &str = "mlflow.trace.archivalFailure";

pub const SESSION: &str = "mlflow.trace.session";
pub const USER: &str = "mlflow.trace.user";
pub const TOKEN_USAGE: &str = "mlflow.trace.tokenUsage";
pub const COST: &str = "mlflow.trace.cost";
pub const SIZE_STATS: &str = "mlflow.trace.sizeStats";
pub const INFO_FINALIZED: &str = "mlflow.trace.infoFinalized";
pub const SOURCE_RUN: &str = "mlflow.sourceRun";
pub const TRACE_INPUTS: &str = "mlflow.traceInputs";
pub const TRACE_OUTPUTS: &str = "mlflow.traceOutputs";

const MAX_KEY_CHARS: usize = 250;
/// Characters kept of the value of a trace's tag.
const MAX_TAG_VALUE_CHARS: usize = 8000;
/// Characters of the longest session id.
const MAX_SESSION_CHARS: usize = 250;

/// A tag the server answers itself, whatever a client says on any channel.
pub fn is_server_owned(key: &str) -> bool {
    is_immutable(key) || key == ARTIFACT_LOCATION
}

fn is_immutable(key: &str) -> bool {
    matches!(key, SPANS_LOCATION | ARCHIVE_LOCATION | ARCHIVAL_FAILURE)
}

/// Refuses keys that cannot be set on a trace.
pub fn check_settable(key: &str) -> Result<(), ApiError> {
    check_key(key)?;
    if is_immutable(key) {
        Err(immutable(key))
    } else {
        Ok(())
    }
}

/// Refuses keys that cannot be removed from a trace.
pub fn check_removable(key: &str) -> Result<(), ApiError> {
    let fixed = is_immutable(key) && key != ARCHIVAL_FAILURE;
    if fixed { Err(immutable(key)) } else { Ok(()) }
}

fn immutable(key: &str) -> ApiError {
    ApiError::invalid(format!(
        "tag `{key}` is set by the server and cannot be changed"
    ))
}

/// Checks the form of a key of a tag, parameter or metric.
pub fn check_key(key: &str) -> Result<(), ApiError> {
    let length = key.chars().count();
    if length > MAX_KEY_CHARS {
        return Err(ApiError::invalid(format!(
            "parameter `key` has {length} characters; the limit is {MAX_KEY_CHARS}"
        )));
    }
    let allowed = |letter: char| letter.is_alphanumeric() || "_-. :/".contains(letter);
    if let Some(wrong) = key.chars().find(|letter| !allowed(*letter)) {
        return Err(ApiError::invalid(format!(
            "invalid value \"{key}\" for parameter `key`: character {wrong:?} is not allowed; \
             letters, digits, `_`, `-`, `.`, space, `:` and `/` are"
        )));
    }
    // Keys have become file names in other stores: what would leave a folder there is refused here too.
    let is_path_like = key.split('/').any(|part| matches!(part, "" | "." | ".."));
    if is_path_like {
        return Err(ApiError::invalid(format!(
            "invalid value \"{key}\" for parameter `key`: it must not look like a path out of a folder"
        )));
    }
    Ok(())
}

/// Checks the length of a session id.
pub fn check_session(session: &str) -> Result<(), ApiError> {
    let length = session.chars().count();
    if length > MAX_SESSION_CHARS {
        return Err(ApiError::invalid(format!(
            "metadata `{SESSION}` has {length} characters; the limit is {MAX_SESSION_CHARS}"
        )));
    }
    Ok(())
}

/// The part of a tag's value that is stored.
pub fn stored_value(value: &str) -> &str {
    cut(value, MAX_TAG_VALUE_CHARS)
}

/// The first `most` characters of `text`.
pub fn cut(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_keys_are_fine() {
        for key in ["env", "a b", "a/b", "a.b-c_d:e", "日本"] {
            assert!(check_settable(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn odd_keys_are_refused() {
        for key in [
            "a,b",
            "a\"b",
            "../x",
            "a/../b",
            "/a",
            "a/",
            ".",
            &"k".repeat(251),
        ] {
            assert!(check_key(key).is_err(), "{key}");
        }
    }

    #[test]
    fn the_servers_own_tags_cannot_be_changed() {
        assert!(check_settable(SPANS_LOCATION).is_err());
        assert!(check_removable(SPANS_LOCATION).is_err());
        assert!(check_removable(ARCHIVAL_FAILURE).is_ok());
        assert!(check_settable(TRACE_NAME).is_ok() && check_removable(TRACE_NAME).is_ok());
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("日本語", 2), "日本");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(stored_value(&"x".repeat(9000)).len(), 8000);
    }
}
