//! Every case of `docs/cost-conformance`: what a provider said, as an instrumentation recorded it, means these tokens
//! and these dollars.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot be read must fail its test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fanlight_model::{
    ExperimentId, Priced, Scope, Span, SpanId, SpanKind, TokenUsage, TraceId, TraceKey, UnixNanos,
    Value, WorkspaceId,
};
use fanlight_normalize::{
    Derivation, PriceSheet, PriceTable, Prices, derivation, meaning, summarize,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Suite {
    version: u32,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    provider: String,
    instrumentation: String,
    at: String,
    /// With which versions the spans were captured; the others are written by hand.
    #[serde(default)]
    captured: Option<String>,
    #[serde(default)]
    usage: Option<serde_json::Value>,
    spans: Vec<CaseSpan>,
    tokens: BTreeMap<String, u64>,
    lines: Option<Vec<(String, u64, f64)>>,
    total_usd: Option<f64>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSpan {
    id: u64,
    parent: Option<u64>,
    name: String,
    /// The instrumentation it is from.
    #[serde(default)]
    scope: String,
    attributes: serde_json::Map<String, serde_json::Value>,
}

fn cases() -> Vec<Case> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cost-conformance");
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let suite: Suite = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(suite.version, 1);
        cases.extend(suite.cases);
    }
    cases
}

/// Noon of the day.
fn noon(day: &str) -> UnixNanos {
    // A table's day is the only calendar here: the price that begins on that day says which it is.
    let mut days = 0;
    let parts: Vec<u64> = day.split('-').map(|part| part.parse().unwrap()).collect();
    let is_leap = |year: u64| year.is_multiple_of(4);
    for year in 1970..parts[0] {
        days += if is_leap(year) { 366 } else { 365 };
    }
    let lengths = [
        31,
        if is_leap(parts[0]) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    days += lengths
        .iter()
        .take(usize::try_from(parts[1]).unwrap() - 1)
        .sum::<u64>()
        + parts[2]
        - 1;
    UnixNanos((days * 86_400 + 43_200) * 1_000_000_000)
}

fn spans(case: &Case) -> Vec<Arc<Span>> {
    let id = |number: u64| SpanId::from_bytes(number.to_be_bytes()).unwrap();
    let start = noon(&case.at);
    let span = |span: &CaseSpan| {
        let attributes = span.attributes.iter();
        Arc::new(Span {
            parent_id: span.parent.map(id),
            kind: SpanKind::Internal,
            scope: Arc::new(Scope {
                name: span.scope.clone(),
                ..Scope::default()
            }),
            start: UnixNanos(start.0 + span.id),
            end: Some(UnixNanos(start.0 + 1000)),
            attributes: attributes
                .map(|(key, value)| (key.clone(), Value::from_json(value.clone())))
                .collect(),
            ..Span::new(
                TraceId::from_bytes([7; 16]).unwrap(),
                id(span.id),
                span.name.clone(),
            )
        })
    };
    case.spans.iter().map(span).collect()
}

fn named(usage: &TokenUsage) -> BTreeMap<String, u64> {
    let parts = [
        ("cache_read", usage.cache_read),
        ("cache_write", usage.cache_write),
        ("cache_write_1h", usage.cache_write_1h),
        ("audio_input", usage.audio_input),
        ("image_input", usage.image_input),
        ("reasoning", usage.reasoning),
        ("audio_output", usage.audio_output),
    ];
    // In the suite, a part of nothing is left out.
    let parts = parts.into_iter().filter(|(_, tokens)| *tokens != Some(0));
    [
        ("input", usage.input),
        ("output", usage.output),
        ("total", usage.total),
    ]
    .into_iter()
    .chain(parts)
    .filter_map(|(name, tokens)| Some((name.to_owned(), tokens?)))
    .collect()
}

fn failure(case: &Case) -> Option<String> {
    let sum = case.lines.as_ref().map(|lines| {
        let parts = lines
            .iter()
            .map(|(_, tokens, rate)| f64::from(u32::try_from(*tokens).unwrap()) * rate / 1e6);
        parts.sum::<f64>()
    });
    let same = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
        (a, b) => a == b,
    };
    if !same(sum, case.total_usd) {
        return Some(format!("its own lines make {sum:?}"));
    }
    let spans = spans(case);
    let key = TraceKey {
        workspace: WorkspaceId::DEFAULT,
        trace: spans[0].trace_id,
    };
    let summary = summarize(key, ExperimentId::DEFAULT, None, &spans);
    let tokens = summary.usage.as_ref().map(named).unwrap_or_default();
    if tokens != case.tokens {
        return Some(format!("tokens {tokens:?}, expected {:?}", case.tokens));
    }
    let cost = summary.cost.map(|cost| cost.total);
    if !same(cost, case.total_usd) {
        return Some(format!("${cost:?}, expected ${:?}", case.total_usd));
    }
    if let [span] = &spans[..] {
        let lines = match derivation(span) {
            Some(Derivation::Computed { lines, .. }) => {
                let lines = lines
                    .iter()
                    .map(|line| (line.kind.to_owned(), line.tokens, line.per_million));
                Some(lines.collect::<Vec<_>>())
            }
            Some(Derivation::Stated) => return None,
            None => None,
        };
        if lines != case.lines {
            return Some(format!("lines {lines:?}, expected {:?}", case.lines));
        }
    }
    None
}

#[test]
fn every_case_has_its_tokens_and_dollars() {
    let cases = cases();
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {} ({})", case.name, failure(case)?, case.why)))
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn the_suite_covers_what_it_says() {
    let cases = cases();
    assert!(cases.len() >= 60);
    let captured = |case: &&Case| case.captured.is_some();
    let captured: Vec<_> = cases
        .iter()
        .filter(captured)
        .map(|case| (case.provider.as_str(), case.instrumentation.as_str()))
        .collect();
    for provider in ["anthropic", "openai"] {
        for instrumentation in [
            "mlflow-autolog",
            "openinference",
            "openllmetry",
            "otel-genai",
        ] {
            assert!(
                captured.contains(&(provider, instrumentation)),
                "{provider} {instrumentation}"
            );
        }
    }
    let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "names are unique");
    let of = |instrumentation: &str| {
        let mut providers: Vec<_> = cases
            .iter()
            .filter(|case| case.instrumentation == instrumentation && case.usage.is_some())
            .map(|case| case.provider.as_str())
            .collect();
        providers.dedup();
        providers
    };
    for instrumentation in ["mlflow-autolog", "openinference", "otel-genai"] {
        for provider in [
            "anthropic",
            "azure",
            "bedrock",
            "deepseek",
            "gemini",
            "mistral",
            "openai",
            "xai",
        ] {
            assert!(
                of(instrumentation).contains(&provider),
                "{instrumentation} {provider}"
            );
        }
    }
}

#[test]
fn the_price_kept_with_a_span_is_the_one_it_is_found_to_have() {
    let sheet =
        r#"{"prices": [{"models": ["gpt-4o*"], "per_million": {"input": 100, "output": 100}}]}"#;
    let sheet: PriceSheet = serde_json::from_str(sheet).unwrap();
    let own = Prices {
        tables: vec![Arc::new(PriceTable::new("workspace", sheet).unwrap())],
    };
    for case in cases() {
        for span in spans(&case) {
            let mut priced = Span::clone(&span);
            priced.price = Prices::default().of(&span);
            assert_eq!(meaning(&priced).cost, meaning(&span).cost, "{}", case.name);
            priced.price = own.of(&span);
            if let Priced::At(price) = &priced.price
                && price.table == "workspace"
            {
                let of_lines = derivation(&priced);
                let Some(Derivation::Computed { lines, .. }) = of_lines else {
                    panic!()
                };
                assert!(lines.iter().all(|line| line.per_million > 99.0));
            }
        }
    }
}
