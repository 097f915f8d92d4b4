//! The path of an uploaded file, checked once: nothing in it leads out of the folder it is put in.

use std::path::PathBuf;

use fanlight_api::ApiError;
use fanlight_api::mlflow::TraceRef;
use fanlight_model::ExperimentId;

const MAX_PATH_BYTES: usize = 2048;
/// Longest name most file systems take.
const MAX_NAME_BYTES: usize = 255;

/// Names of folders and a file, joined by `/`. None of them is empty, `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilePath {
    names: Vec<String>,
}

/// A file the server knows the meaning of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TraceFile {
    /// `<experiment>/traces/<trace>/artifacts/traces.json`.
    Spans {
        experiment: ExperimentId,
        trace: TraceRef,
    },
}

impl FilePath {
    /// Checks a path as it stands in a URL, percent-decoded once.
    pub(super) fn parse(path: &str) -> Result<Self, ApiError> {
        let parsed = Self::parse_or_root(path)?;
        if parsed.names.is_empty() {
            Err(refused(path, "it names no file"))
        } else {
            Ok(parsed)
        }
    }

    /// The same, where an empty path is the folder itself.
    pub(super) fn parse_or_root(path: &str) -> Result<Self, ApiError> {
        if path.len() > MAX_PATH_BYTES {
            return Err(refused(path, "it is too long"));
        }
        let mut names = Vec::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            check_name(name).map_err(|why| refused(path, why))?;
            names.push(name.to_owned());
        }
        Ok(Self { names })
    }

    /// Below a trace's own folder.
    pub(super) fn of_trace(
        experiment: ExperimentId,
        trace_id: &str,
        rest: &str,
    ) -> Result<Self, ApiError> {
        Self::parse(&format!("{experiment}/traces/{trace_id}/artifacts/{rest}"))
    }

    pub(super) fn join(&self, rest: &Self) -> Self {
        Self {
            names: self.names.iter().chain(&rest.names).cloned().collect(),
        }
    }

    pub(super) fn trace_file(&self) -> Option<TraceFile> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        match names.as_slice() {
            [experiment, "traces", trace, "artifacts", "traces.json"] => Some(TraceFile::Spans {
                experiment: experiment.parse().ok()?,
                trace: TraceRef::of(trace),
            }),
            _ => None,
        }
    }

    pub(super) fn file_name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// As a path of the file system, relative.
    pub(super) fn relative(&self) -> PathBuf {
        self.names.iter().collect()
    }

    /// As clients write it.
    pub(super) fn text(&self) -> String {
        self.names.join("/")
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    let lower = name.to_ascii_lowercase();
    // A client that encodes twice may mean `..` or a separator by these, and another program that
    // reads the folder may decode them.
    if name == "."
        || name == ".."
        || ["%2e", "%2f", "%5c"]
            .iter()
            .any(|code| lower.contains(code))
    {
        return Err("it leads out of its folder");
    }
    if name.contains(['\\', '\0', ':']) || name.chars().any(char::is_control) {
        return Err("it has a character that is not allowed in a file name");
    }
    if name.len() > MAX_NAME_BYTES {
        return Err("a name in it is too long");
    }
    Ok(())
}

fn refused(path: &str, why: &str) -> ApiError {
    let shown: String = path.chars().take(100).collect();
    ApiError::invalid(format!(
        "invalid value \"{shown}\" for parameter `path`: {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_leave_their_folder() {
        for path in [
            "..",
            "a/../b",
            "../a",
            "a/..",
            "a/%2e%2e/b",
            "a\\..\\b",
            ".",
            "c:/x",
            "a\0b",
            "a/%2Fetc",
            "",
        ] {
            assert!(FilePath::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn an_absolute_path_is_relative_to_the_folder() {
        assert_eq!(
            FilePath::parse("/etc//passwd").unwrap().relative(),
            PathBuf::from("etc/passwd")
        );
        assert_eq!(
            FilePath::parse_or_root("").unwrap().relative(),
            PathBuf::new()
        );
    }

    #[test]
    fn the_spans_of_a_trace_are_recognised() {
        let file = FilePath::parse("3/traces/tr-1/artifacts/traces.json")
            .unwrap()
            .trace_file();
        assert_eq!(
            file,
            Some(TraceFile::Spans {
                experiment: ExperimentId(3),
                trace: TraceRef::of("tr-1")
            })
        );
        let other = FilePath::parse("3/traces/tr-1/artifacts/attachments/traces.json").unwrap();
        assert_eq!(other.trace_file(), None);
    }
}
