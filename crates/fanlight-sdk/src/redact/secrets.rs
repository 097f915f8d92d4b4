//! Keys, tokens and passwords.

use std::ops::Range;

use super::{Pattern, neighbours, pattern, regex};

/// A key that was cut off is one too.
static PRIVATE_KEY: Pattern = pattern(|| {
    regex(
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)",
    )
});

/// Tokens that say by themselves what they are.
static TOKEN: Pattern = pattern(|| {
    regex(concat!(
        r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*",
        r"|gh[pousr]_[A-Za-z0-9]{30,255}",
        r"|github_pat_[A-Za-z0-9_]{22,255}",
        r"|glpat-[A-Za-z0-9_-]{20,}",
        r"|(?:AKIA|ASIA)[A-Z0-9]{16}",
        r"|AIza[A-Za-z0-9_-]{35}",
        r"|ya29\.[A-Za-z0-9_-]{20,}",
        r"|xox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",
        r"|hf_[A-Za-z0-9]{30,}",
        r"|npm_[A-Za-z0-9]{36}",
        r"|pypi-[A-Za-z0-9_-]{50,}",
        r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    ))
});

/// `sk-…` of OpenAI, Anthropic and others that took up the form; a digit tells it from words with hyphens.
static SK: Pattern = pattern(|| regex(r"sk-[A-Za-z0-9_-]{16,}"));

/// The secret is the group.
static NAMED: [Pattern; 4] = [
    pattern(|| regex(r"(?i)(?:bearer|basic)\s+([A-Za-z0-9._~+/=-]{12,})")),
    pattern(|| regex(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@")),
    pattern(|| {
        regex(
            r#"(?i)(?:pass(?:word|wd|phrase)|api[_-]?key|secret(?:[_-]?(?:access[_-]?)?key)?|(?:access|refresh|auth|id)[_-]?token|client[_-]?secret)["']?\s*[:=]\s*["']?([^\s"',;&]{6,})"#,
        )
    }),
    pattern(|| regex(r#"(?i)x-api-key["']?\s*[:=]\s*["']?([^\s"',;&]{6,})"#)),
];

/// Names of values that are secrets, in lower case and with `_` between words.
const NAMES: [&str; 22] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "client_secret",
    "secret_key",
    "secret_access_key",
    "aws_secret_access_key",
    "api_key",
    "apikey",
    "x_api_key",
    "x_goog_api_key",
    "authorization",
    "proxy_authorization",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "private_key",
    "cookie",
    "set_cookie",
];

pub(super) fn is_name_of_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.len() > 32 {
        return false;
    }
    let name = last.to_ascii_lowercase().replace(['-', ' '], "_");
    NAMES.contains(&name.as_str())
}

pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    found.extend(PRIVATE_KEY.find_iter(text).map(|key| key.range()));
    let tokens = TOKEN
        .find_iter(text)
        .chain(SK.find_iter(text).filter(|token| has_digit(token.as_str())));
    found.extend(
        tokens
            .map(|token| token.range())
            .filter(|place| begins_word(text, place)),
    );
    for (at, pattern) in NAMED.iter().enumerate() {
        let secrets = pattern.captures_iter(text).filter_map(|found| found.get(1));
        // "Bearer instruments" and "password: required" are words; a password in an address may be one.
        let is_address = at == 1;
        let secrets = secrets.filter(|secret| {
            is_address || has_digit(secret.as_str()) && !secret.as_str().starts_with('[')
        });
        found.extend(secrets.map(|secret| secret.range()));
    }
    found
}

fn begins_word(text: &str, place: &Range<usize>) -> bool {
    let (before, _) = neighbours(text, place);
    !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}
