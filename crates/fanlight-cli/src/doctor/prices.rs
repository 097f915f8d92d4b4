//! The file of setting `prices`.

use std::path::Path;

use super::Finding;
use crate::prices;

const SUBJECT: &str = "prices";

pub(super) fn check(file: Option<&Path>) -> Finding {
    let Some(file) = file else {
        return Finding::ok(SUBJECT, "no file, the list prices of this version");
    };
    match prices::of_settings(file) {
        Ok(table) => {
            let rows = table.sheet().prices.len();
            Finding::ok(SUBJECT, format!("{rows} in {}", file.display()))
        }
        Err(error) => Finding::fail(
            SUBJECT,
            format!("{:#}", anyhow::Error::from(error)),
            "correct the file, or the server will not start with it; docs/prices.md has its shape",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn found(text: &str) -> Finding {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        check(Some(file.path()))
    }

    #[test]
    fn a_file_is_good_or_the_place_of_the_mistake_is_named() {
        let good = r#"{"prices": [{"models": ["a"], "per_million": {"input": 1, "output": 2}}]}"#;
        assert_eq!(found(good).verdict, Verdict::Ok);
        let bad = found(&good.replace('1', "-1"));
        assert_eq!(bad.verdict, Verdict::Fail);
        assert!(bad.found.contains("`input`"), "{}", bad.found);
        assert_eq!(found("prices").verdict, Verdict::Fail);
        assert_eq!(
            check(Some(Path::new("/no/such/file"))).verdict,
            Verdict::Fail
        );
        assert_eq!(check(None).verdict, Verdict::Ok);
    }
}
