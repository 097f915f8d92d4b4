//! Printing and parsing are inverse, and no text makes the parser panic.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use fanlight_query::filter::{
    Comparison, Filter, LikePattern, Number, RegexPattern, SpanField, Test, TraceField, parse,
};
use fanlight_query::parse_order_by;
use proptest::prelude::*;

/// Texts that have a literal: not both kinds of quotes.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 %_\\\\()=;'-]{0,12}",
        "[a-z \"`,.é日\u{0}-\u{2}🙂]{0,12}",
        Just("a''\"b".to_owned())
    ]
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z._-]{0,8}",
        "[a-zA-Z0-9 .\"='é日()-]{1,8}",
        "[a-z` ;]{1,8}"
    ]
}

fn number() -> impl Strategy<Value = Number> {
    let float = any::<f64>().prop_filter("finite", |float| float.is_finite());
    prop_oneof![
        any::<i64>().prop_map(Number::Int),
        float.prop_map(Number::Float)
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
    prop::sample::select(vec![Eq, Ne, Lt, Le, Gt, Ge])
}

fn patterns() -> impl Strategy<Value = Test> {
    prop_oneof![
        texts().prop_map(|text| Test::Like(LikePattern::new(&text, false).unwrap())),
        texts().prop_map(|text| Test::ILike(LikePattern::new(&text, true).unwrap())),
    ]
}

fn text_tests() -> impl Strategy<Value = Test> {
    prop_oneof![
        texts().prop_map(Test::Eq),
        texts().prop_map(Test::Ne),
        patterns(),
        "[a-z.*+?^$]{0,6}".prop_filter_map("no expression", |text| RegexPattern::new(&text)
            .ok()
            .map(Test::RLike)),
    ]
}

fn listed_tests() -> impl Strategy<Value = Test> {
    let set = || prop::collection::btree_set(texts(), 1..4);
    prop_oneof![
        text_tests(),
        set().prop_map(|set: BTreeSet<String>| Test::In(set)),
        set().prop_map(Test::NotIn),
    ]
}

fn nullable_tests() -> impl Strategy<Value = Test> {
    prop_oneof![text_tests(), Just(Test::IsNull), Just(Test::IsNotNull)]
}

fn ordering() -> impl Strategy<Value = Comparison> {
    comparison().prop_filter("orders", |comparison| {
        !matches!(comparison, Comparison::Eq | Comparison::Ne)
    })
}

fn conditions() -> impl Strategy<Value = Filter> {
    use prop::sample::select;
    let listed = (
        select(vec![
            TraceField::TraceId,
            TraceField::ClientRequestId,
            TraceField::State,
        ]),
        listed_tests(),
    );
    let plain = vec![
        TraceField::Name,
        TraceField::Run,
        TraceField::Session,
        TraceField::User,
    ];
    let keyed = prop_oneof![
        select(plain),
        keys().prop_map(|key| TraceField::tag(&key)),
        keys().prop_map(|key| TraceField::metadata(&key)),
        keys().prop_map(TraceField::Feedback),
        keys().prop_map(TraceField::Expectation),
    ];
    let start =
        (comparison(), any::<i64>()).prop_map(|(op, bound)| Test::Compare(op, Number::Int(bound)));
    let length = (comparison(), number()).prop_map(|(op, bound)| Test::Compare(op, bound));
    let judged = (ordering(), number()).prop_map(|(op, bound)| Test::Compare(op, bound));
    let span_field = prop_oneof![
        select(vec![SpanField::Name, SpanField::Type, SpanField::Status]),
        keys().prop_map(SpanField::Attribute),
    ];
    prop_oneof![
        listed.prop_map(|(field, test)| Filter::trace(field, test)),
        (keyed, nullable_tests()).prop_map(|(field, test)| Filter::trace(field, test)),
        start.prop_map(|test| Filter::trace(TraceField::Start, test)),
        (select(vec![TraceField::Duration, TraceField::End]), length)
            .prop_map(|(field, test)| Filter::trace(field, test)),
        (keys().prop_map(TraceField::Feedback), judged)
            .prop_map(|(field, test)| Filter::trace(field, test)),
        patterns().prop_map(|test| Filter::trace(TraceField::Text, test)),
        texts().prop_map(|text| Filter::trace(TraceField::Usage, Test::Eq(text))),
        texts().prop_map(|text| Filter::trace(TraceField::Issue, Test::Eq(text))),
        (span_field, listed_tests()).prop_map(|(field, test)| Filter::span(field, test)),
        patterns().prop_map(|test| Filter::span(SpanField::Content, test)),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    conditions().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::all),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::any),
            inner.prop_map(Filter::not),
        ]
    })
}

proptest! {
    #[test]
    fn printed_filters_parse_to_themselves(filter in filters()) {
        let text = filter.to_string();
        let parsed = parse(&text);
        prop_assert_eq!(parsed.as_ref(), Ok(&filter), "{}", text);
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,80}") {
        let _ = parse(&text);
        let _ = parse_order_by(&[text]);
    }

    /// Words of the language in any order reach deeper than random characters.
    #[test]
    fn no_sentence_panics_and_every_accepted_one_survives_printing(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "name", "tags.x", "span.name", "span.attributes.`k`", "feedback.f", "timestamp", "AND", "OR", "NOT",
                "(", ")", "=", "!=", ">", "LIKE", "IN", "IS", "NULL", "'a'", "\"b\"", "5", "1.5", ",", "('a')", "''",
            ]),
            0..16,
        )
    ) {
        let text = words.join(" ");
        if let Ok(filter) = parse(&text) {
            prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
        }
    }

    /// A pattern means what its definition says, written the slow way.
    #[test]
    fn patterns_agree_with_their_definition(pattern in "[ab_%]{0,8}", text in "[ab]{0,10}") {
        fn slow(pattern: &[u8], text: &[u8]) -> bool {
            match (pattern.first(), text.first()) {
                (None, end) => end.is_none(),
                (Some(b'%'), _) => (0..=text.len()).any(|skipped| slow(&pattern[1..], &text[skipped..])),
                (Some(b'_'), Some(_)) => slow(&pattern[1..], &text[1..]),
                (Some(wanted), Some(found)) if wanted == found => slow(&pattern[1..], &text[1..]),
                _ => false,
            }
        }
        let compiled = LikePattern::new(&pattern, false).unwrap();
        prop_assert_eq!(compiled.matches(&text), slow(pattern.as_bytes(), text.as_bytes()));
    }
}
