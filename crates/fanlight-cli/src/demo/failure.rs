//! How things go wrong: exceptions as Python programs report them.

use std::fmt::Write as _;

/// An exception of a Python program.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) exception: &'static str,
    pub(super) message: &'static str,
    /// Calls from the outermost inwards: file, line, function, source line.
    pub(super) calls: &'static [(&'static str, u32, &'static str, &'static str)],
}

impl Failure {
    pub(super) fn stacktrace(&self) -> String {
        let mut text = "Traceback (most recent call last):\n".to_owned();
        for (file, line, function, source) in self.calls {
            _ = write!(
                text,
                "  File \"{file}\", line {line}, in {function}\n    {source}\n"
            );
        }
        _ = writeln!(text, "{}: {}", self.exception, self.message);
        text
    }
}
