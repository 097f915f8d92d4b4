//! Filters made to hurt: each is refused with a short message or answered at a bounded cost.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use fanlight_query::filter::{LikePattern, MAX_CONDITIONS, MAX_DEPTH, Test, parse};

#[track_caller]
fn refused(text: &str) -> String {
    let error = parse(text).unwrap_err();
    assert!(error.position <= text.len());
    let message = error.to_string();
    assert!(message.len() < 1000, "{message}");
    message
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}name = 'x'{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    insta::assert_snapshot!(refused(&nested(MAX_DEPTH + 1)), @"nested too deep at character 65; at most 64 levels are accepted");
    insta::assert_snapshot!(refused(&nested(30_000)), @"nested too deep at character 65; at most 64 levels are accepted");
    refused(&"(".repeat(65_000));
    refused(&")".repeat(65_000));
    refused(&"NOT ".repeat(16_000));
    refused(&format!("{}name = 'x'", "NOT (".repeat(10_000)));
}

#[test]
fn length_and_number_of_conditions_are_bounded() {
    insta::assert_snapshot!(refused(&format!("name = '{}'", "x".repeat(1 << 20))), @"filter has 1048585 bytes, more than 65536");
    let many = vec!["name = 'x'"; MAX_CONDITIONS + 1].join(" OR ");
    insta::assert_snapshot!(refused(&many), @"more than 1000 conditions at character 14001");
    assert!(parse(&vec!["name = 'x'"; MAX_CONDITIONS].join(" ")).is_ok());
    assert!(parse(&"AND ".repeat(16_000)).is_err());
}

#[test]
fn large_lists_are_sets() {
    let texts = (0..7000).map(|n| format!("'{n:05}'")).collect::<Vec<_>>();
    let filter = parse(&format!("status IN ({})", texts.join(","))).unwrap();
    assert_eq!(
        parse(&filter.to_string().replace(", ", ",")).unwrap(),
        filter
    );
}

#[test]
fn open_quotes_are_refused() {
    for text in [
        "'",
        "\"",
        "`",
        "name = 'x",
        "tags.`a = 'x'",
        "tags.\"a = 'x'",
        "name = \"",
        "tags.`",
        "name = '''",
    ] {
        refused(text);
    }
    refused(&"'".repeat(65_535));
}

#[test]
fn expressions_cannot_explode() {
    for regex in ["(a*)*b", "(a|aa)+$", "(x+x+)+y"] {
        let filter = parse(&format!("name RLIKE '{regex}'")).unwrap();
        assert_eq!(parse(&filter.to_string()).unwrap(), filter);
    }
    insta::assert_snapshot!(refused(r"name RLIKE '((\w{50}){50}){50}'"), @r"invalid regular expression '((\w{50}){50}){50}' at character 12; it compiles to more than 1048576 bytes");
    refused(&format!("name RLIKE '{}'", "(".repeat(60_000)));
    refused(&format!(
        "name RLIKE '{}a{}'",
        "(".repeat(10_000),
        ")".repeat(10_000)
    ));
    insta::assert_snapshot!(refused(&"name RLIKE 'a' ".repeat(21)), @"more than 20 regular expressions at character 312");
}

#[test]
fn patterns_do_not_backtrack() {
    let many = "a".repeat(200_000);
    for pattern in [
        "%a%a%a%a%a%a%a%a%a%a%a%a%b".to_owned(),
        "%a_".repeat(500) + "%b%",
        format!("%{}_b%", "a".repeat(1000)),
    ] {
        let test = Test::Like(LikePattern::new(&pattern, false).unwrap());
        assert!(!test.accepts_text(Some(&many)));
    }
}

#[test]
fn strange_characters_are_only_strange() {
    for text in [
        "\0",
        "name\0 = 'x'",
        "name = 'x'\u{feff}",
        "ｎame = 'x'",
        "🙂 = '🙂'",
        "tags.🙂 > '🙂'",
        "%",
        "\\",
        "name = \\'x\\'",
    ] {
        refused(text);
    }
    assert!(parse("tags.🙂 = '\0🙂\u{202e}'").is_ok());
    assert!(parse("name\u{3000}=\u{2003}'x'").is_ok());
}
