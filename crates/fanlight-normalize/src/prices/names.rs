//! The names under which a table may know a model.

/// `model` itself, then without what providers put around it: a path in front, on Bedrock a revision, a region and a
/// vendor, a date behind. A region stays as long as it can, because some cost more.
pub(super) fn names(model: &str) -> impl Iterator<Item = &str> {
    let name = model.rsplit_once('/').map_or(model, |(_, name)| name);
    let (regional, bare) = of_bedrock(name).unzip();
    let candidates = [
        Some(model),
        Some(name).filter(|name| *name != model),
        regional,
        regional.and_then(without_version),
        bare,
        without_version(name),
        bare.and_then(without_version),
    ];
    candidates.into_iter().flatten()
}

/// `us.anthropic.claude-sonnet-4-20250514` and `claude-sonnet-4-20250514` of
/// `us.anthropic.claude-sonnet-4-20250514-v1:0`.
fn of_bedrock(name: &str) -> Option<(&str, &str)> {
    const REGIONS: [&str; 8] = [
        "us.", "eu.", "apac.", "global.", "jp.", "au.", "in.", "us-gov.",
    ];
    const VENDORS: [&str; 8] = [
        "anthropic.",
        "amazon.",
        "meta.",
        "mistral.",
        "cohere.",
        "ai21.",
        "deepseek.",
        "openai.",
    ];
    let without = |prefixes: &[&str], name: &'_ str| {
        let mut prefixes = prefixes.iter();
        prefixes.find_map(|prefix| Some(name.len() - name.strip_prefix(prefix)?.len()))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let revision = name.rsplit_once("-v").filter(|(_, revision)| {
        revision
            .split_once(':')
            .map_or(digits(revision), |(major, minor)| {
                digits(major) && digits(minor)
            })
    });
    let regional = revision.map_or(name, |(name, _)| name);
    let region = without(&REGIONS, regional).unwrap_or(0);
    let vendor = without(&VENDORS, &regional[region..])?;
    Some((regional, &regional[region + vendor..]))
}

/// `name` without `-2024-08-06`, `-20241022`, `@20241022`, `-latest` or `-001` behind it.
fn without_version(name: &str) -> Option<&str> {
    if let Some(base) = name.strip_suffix("-latest") {
        return Some(base);
    }
    let end = name
        .trim_end_matches(|character: char| character.is_ascii_digit() || character == '-')
        .len();
    let version = &name[end..];
    if let Some(base) = name[..end].strip_suffix('@') {
        return is_digits(version, 8).then_some(base);
    }
    // The version starts at a hyphen, but digits before it belong to the name: `claude-sonnet-4-20250514`.
    let dated = name
        .len()
        .checked_sub("-2024-08-06".len())
        .filter(|&at| is_iso_date(name.get(at..)));
    let compact = name
        .len()
        .checked_sub("-20241022".len())
        .filter(|&at| is_hyphen_digits(name.get(at..), 8));
    let revision = name
        .len()
        .checked_sub("-001".len())
        .filter(|&at| is_hyphen_digits(name.get(at..), 3));
    dated.or(compact).or(revision).map(|at| &name[..at])
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hyphen_digits(text: Option<&str>, length: usize) -> bool {
    text.and_then(|text| text.strip_prefix('-'))
        .is_some_and(|digits| is_digits(digits, length))
}

fn is_iso_date(text: Option<&str>) -> bool {
    let mut parts = text
        .and_then(|text| text.strip_prefix('-'))
        .unwrap_or_default()
        .split('-');
    let mut next_is = |length| parts.next().is_some_and(|part| is_digits(part, length));
    next_is(4) && next_is(2) && next_is(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_providers_put_around_a_name_is_left_out() {
        for (model, name) in [
            (
                "us.anthropic.claude-sonnet-4-20250514-v1:0",
                "claude-sonnet-4",
            ),
            ("anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"),
            ("amazon.nova-pro-v1:0", "nova-pro"),
            ("bedrock/eu.amazon.nova-lite-v1:0", "nova-lite"),
            ("models/gemini-2.0-flash-001", "gemini-2.0-flash"),
            ("claude-3-5-sonnet@20241022", "claude-3-5-sonnet"),
        ] {
            assert!(names(model).any(|found| found == name), "{model}");
        }
        assert_eq!(names("us.").collect::<Vec<_>>(), ["us."]);
    }
}
