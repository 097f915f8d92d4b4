//! `fanlight doctor`: is everything as it should be, and if not, what to do about it.

mod clock;
mod data_dir;
mod ports;
mod prices;
mod quarantine;

use std::path::Path;

use crate::config::{Loaded, SettingFlags, load};
use crate::failure::Failure;
use crate::printer::Printer;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    verdict: Verdict,
    subject: &'static str,
    found: String,
    /// What to do; empty when all is well.
    advice: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

pub(crate) fn run(flags: &SettingFlags, printer: &mut Printer) -> Result<(), Failure> {
    let environment =
        |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let mut findings = Vec::new();
    match load(flags, &environment, Path::new("")) {
        Ok(loaded) => {
            findings.push(configuration(&loaded));
            findings.push(prices::check(loaded.settings.prices.as_deref()));
            findings.extend(data_dir::check(&loaded.settings.data_dir));
            findings.extend(quarantine::check(&loaded.settings.data_dir));
            let (ports, server) = ports::check(&loaded.settings.server);
            findings.extend(ports);
            findings.push(clock::check(server.as_ref()));
        }
        // Without settings there is nothing else to look at.
        Err(error) => findings.push(Finding::fail(
            "config",
            format!("{:#}", anyhow::Error::from(error)),
            "correct the value",
        )),
    }
    for finding in &findings {
        printer.line(&finding.line())?;
    }
    if findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Fail)
    {
        Err(Failure::Reported)
    } else {
        Ok(())
    }
}

fn configuration(loaded: &Loaded) -> Finding {
    let file = match &loaded.file {
        Some(file) => format!("file {}", file.display()),
        None => "no file".to_owned(),
    };
    let chosen = match loaded.sources.len() {
        0 => "all settings have their defaults".to_owned(),
        _ => {
            let named: Vec<String> = loaded
                .sources
                .iter()
                .map(|(key, source)| format!("{key} ({source})"))
                .collect();
            format!("set: {}", named.join(", "))
        }
    };
    Finding::ok("config", format!("{file}, {chosen}"))
}

impl Finding {
    fn ok(subject: &'static str, found: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Ok,
            subject,
            found: found.into(),
            advice: String::new(),
        }
    }

    fn warn(subject: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warn,
            subject,
            found: found.into(),
            advice: advice.into(),
        }
    }

    fn fail(subject: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            subject,
            found: found.into(),
            advice: advice.into(),
        }
    }

    fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        let advice = if self.advice.is_empty() {
            String::new()
        } else {
            format!("\n      {}", self.advice)
        };
        format!("{verdict}  {}: {}{advice}", self.subject, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_advice_another() {
        assert_eq!(Finding::ok("clock", "2026").line(), "ok    clock: 2026");
        insta::assert_snapshot!(
            Finding::fail("port 5000", "in use by another program", "choose another with `port`").line(),
            @"
        fail  port 5000: in use by another program
              choose another with `port`
        "
        );
    }
}
