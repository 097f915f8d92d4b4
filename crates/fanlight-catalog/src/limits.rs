//! How long texts and lists may be. Source of the figures: `MLflow`.

use crate::error::shortened;
use crate::{CatalogError, Result};

pub(crate) const EXPERIMENT_NAME: usize = 500;
pub(crate) const TAG_KEY: usize = 250;
pub(crate) const EXPERIMENT_TAG_VALUE: usize = 20_000;
pub(crate) const RUN_NAME: usize = 8_000;
pub(crate) const RUN_TAG_VALUE: usize = 8_000;
pub(crate) const PARAM_VALUE: usize = 6_000;
pub(crate) const DATASET_NAME: usize = 500;
pub(crate) const DATASET_DIGEST: usize = 36;
pub(crate) const DATASET_SOURCE: usize = 65_535;
pub(crate) const DATASET_SCHEMA: usize = 1_048_575;
pub(crate) const DATASET_PROFILE: usize = 16_777_215;

/// Refuses a text of more than `limit` characters.
pub(crate) fn check_length(what: &'static str, text: &str, limit: usize) -> Result<()> {
    // Bytes first: no text has more characters than bytes.
    if text.len() <= limit {
        return Ok(());
    }
    let found = text.chars().count();
    if found <= limit {
        Ok(())
    } else {
        Err(CatalogError::TooLong {
            what,
            limit,
            found,
            start: shortened(text),
        })
    }
}

/// As [`check_length`], and refuses an empty text.
pub(crate) fn check_name(what: &'static str, text: &str, limit: usize) -> Result<()> {
    if text.is_empty() {
        Err(CatalogError::Empty { what })
    } else {
        check_length(what, text, limit)
    }
}

/// The first `limit` characters.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    match text.char_indices().nth(limit) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(check_length("name", "äöü", 3).is_ok());
        let refused = check_length("name", "äöü!", 3).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "name has 4 characters, more than the limit of 3: `äöü!`"
        );
        assert_eq!(cut("äöü!", 3), "äöü");
        assert_eq!(cut("a", 3), "a");
    }
}
