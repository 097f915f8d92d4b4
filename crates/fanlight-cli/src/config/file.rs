//! The configuration file: a flat TOML document whose keys are those of the table.

use std::io;
use std::path::{Path, PathBuf};

use toml::Value;

use super::table::{self, SETTINGS};
use super::{ConfigError, Source};

/// Taken from the working directory when nothing else is named.
const USUAL_NAME: &str = "fanlight.toml";

/// Keys and texts of a file, in no particular order.
pub(crate) type Entries = Vec<(&'static str, String)>;

/// Reads the file `named`, or the usual one where it exists. `None` when there is no file.
pub(crate) fn read(
    named: Option<PathBuf>,
    working_dir: &Path,
) -> Result<Option<(PathBuf, Entries)>, ConfigError> {
    let (file, must_exist) = match named {
        Some(file) => (file, true),
        None => (PathBuf::from(USUAL_NAME), false),
    };
    match std::fs::read_to_string(working_dir.join(&file)) {
        Ok(text) => {
            let entries = parse(&file, &text)?;
            Ok(Some((file, entries)))
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(cause) => Err(ConfigError::Unreadable { file, cause }),
    }
}

fn parse(file: &Path, text: &str) -> Result<Entries, ConfigError> {
    let document: toml::Table =
        text.parse()
            .map_err(|error: toml::de::Error| ConfigError::NotToml {
                file: file.to_owned(),
                detail: error.to_string(),
            })?;
    document
        .into_iter()
        .map(|(key, value)| entry(file, &key, &value))
        .collect()
}

fn entry(file: &Path, key: &str, value: &Value) -> Result<(&'static str, String), ConfigError> {
    let Some(setting) = table::find(key) else {
        return Err(ConfigError::UnknownKey {
            key: key.to_owned(),
            file: file.to_owned(),
            nearest: nearest_key(key),
        });
    };
    let wrong_type = || ConfigError::Value {
        key: setting.key,
        value: told(value),
        place: Source::File(file.to_owned()),
        expected: "text, a whole number, or a list of texts",
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.ok_or_else(wrong_type)?.join(",")
        }
        Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => {
            return Err(wrong_type());
        }
    };
    Ok((setting.key, text))
}

/// A value that is no text, number or list of texts, in a few words.
fn told(value: &Value) -> String {
    match value {
        Value::Boolean(flag) => flag.to_string(),
        Value::Float(number) => number.to_string(),
        other => format!("a {}", other.type_str()),
    }
}

fn nearest_key(key: &str) -> &'static str {
    let short: String = key.chars().take(64).collect();
    let nearest = SETTINGS
        .iter()
        .min_by_key(|setting| edits_between(&short, setting.key));
    nearest.map_or("", |setting| setting.key)
}

/// Levenshtein distance: letters to insert, remove or replace.
fn edits_between(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(Path::new("fanlight.toml"), text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn numbers_texts_and_lists_are_taken() {
        let entries = parse(
            Path::new("f"),
            "port = 80\nhost = \"::1\"\nallowed_hosts = [\"a\", \"b\"]",
        )
        .unwrap();
        let mut entries = entries;
        entries.sort();
        assert_eq!(
            entries,
            [
                ("allowed_hosts", "a,b".into()),
                ("host", "::1".into()),
                ("port", "80".into())
            ]
        );
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        insta::assert_snapshot!(error("prot = 1"), @"unknown key `prot` in fanlight.toml; did you mean `port`?");
        insta::assert_snapshot!(
            error("[allowed_host]"),
            @"unknown key `allowed_host` in fanlight.toml; did you mean `allowed_hosts`?"
        );
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        insta::assert_snapshot!(
            error("port = true"),
            @r#"port = "true" (file fanlight.toml): expected text, a whole number, or a list of texts"#
        );
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        assert!(error("port = ").starts_with(
            "configuration file fanlight.toml is not valid TOML: TOML parse error at line 1"
        ));
    }

    #[test]
    fn distances_count_single_letters() {
        assert_eq!(edits_between("kitten", "sitting"), 3);
        assert_eq!(edits_between("", "port"), 4);
    }
}
