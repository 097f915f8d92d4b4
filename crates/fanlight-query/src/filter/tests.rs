use super::*;

fn tag(value: &str) -> Filter {
    Filter::trace(TraceField::tag("t"), Test::Eq(value.into()))
}

fn span(name: &str) -> SpanCondition {
    SpanCondition::Is(SpanField::Name, Test::Eq(name.into()))
}

#[test]
fn span_conditions_of_a_list_are_about_one_span() {
    let parsed = parse("span.name = 'a' AND tags.t = 'x' AND span.name = 'b'").unwrap();
    let expected = Filter::And(vec![
        Filter::Span(SpanCondition::All(vec![span("a"), span("b")])),
        tag("x"),
    ]);
    assert_eq!(parsed, expected);
}

#[test]
fn parentheses_do_not_separate_span_conditions() {
    let parsed = parse("(span.name = 'a' OR span.name = 'b') AND (span.name = 'c')").unwrap();
    let either = SpanCondition::Any(vec![span("a"), span("b")]);
    assert_eq!(
        parsed,
        Filter::Span(SpanCondition::All(vec![either, span("c")]))
    );
}

#[test]
fn not_separates_span_conditions() {
    let parsed = parse("NOT NOT span.name = 'a' AND span.name = 'b'").unwrap();
    let apart = Filter::not(Filter::not(Filter::Span(span("a"))));
    assert_eq!(parsed, Filter::And(vec![apart, Filter::Span(span("b"))]));
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    let parsed = parse("tags.t = 'a' OR NOT tags.t = 'b' AND tags.t = 'c'").unwrap();
    let right = Filter::And(vec![Filter::not(tag("b")), tag("c")]);
    assert_eq!(parsed, Filter::Or(vec![tag("a"), right]));
    assert_eq!(
        parse("(tags.t = 'a' OR (tags.t = 'b')) AND tags.t = 'c'")
            .unwrap()
            .to_string(),
        { "(tags.t = 'a' OR tags.t = 'b') AND tags.t = 'c'" }
    );
}

#[test]
fn empty_lists_are_everything_and_nothing() {
    assert_eq!(Filter::all(Vec::new()), Filter::Everything);
    assert_eq!(Filter::any(Vec::new()), Filter::not(Filter::Everything));
    assert_eq!(
        Filter::any(vec![tag("a"), Filter::Everything]),
        Filter::Everything
    );
    assert_eq!(Filter::all(vec![tag("a"), Filter::Everything]), tag("a"));
}
