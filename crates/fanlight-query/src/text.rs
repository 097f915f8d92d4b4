//! Which rows of a segment can have a text that passes a test, by the words of the text.

use fanlight_store::{Property, Segment, WordPart, stands_alone, words};
use roaring::RoaringBitmap;

use crate::compile::Bounds;
use crate::filter::{LikePart, LikePattern, RegexPattern, Test, fold};

/// Rows with a span text that passes `test`, as far as the words know.
///
/// Letters of one word, anywhere in a text, are certain where the index says that texts have them as they are listed.
/// Everything else has to be looked at: words may stand in different texts.
pub(crate) fn holders(
    segment: &Segment,
    test: &Test,
    all: &RoaringBitmap,
) -> Result<Bounds, String> {
    let Some((pattern, letters)) = plain_letters(test) else {
        let may = candidates(segment, test)?;
        return Ok(Bounds::unknown(
            may.map_or_else(|| all.clone(), |rows| rows & all),
        ));
    };
    let Some(holders) = segment.words().holders(WordPart::Inside(letters))? else {
        return Ok(Bounds::unknown(all.clone()));
    };
    let must = if pattern.ignores_case() {
        holders.in_any_case
    } else {
        holders.as_given
    };
    let accepts = |id: &str| pattern.matches(id);
    let may = with_trace_ids(segment, Some(holders.rows), accepts, pattern.literals())?;
    Ok(Bounds {
        must: must & all,
        may: may.unwrap_or_default() & all,
    })
}

/// The letters and digits that a text must have somewhere, if that is all there is to the test.
fn plain_letters(test: &Test) -> Option<(&LikePattern, &str)> {
    let (Test::Like(pattern) | Test::ILike(pattern)) = test else {
        return None;
    };
    let [
        LikePart::AnyText,
        LikePart::Literal(letters),
        LikePart::AnyText,
    ] = pattern.parts()
    else {
        return None;
    };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    letters
        .bytes()
        .all(is_plain)
        .then_some((pattern, letters.as_str()))
}

/// Rows with a span text that may pass `test`, at least all that do; `None` when that could be any row.
///
/// A text is a span's name, an attribute's value, or a name or value of an event. What is found has to be looked at:
/// the words may stand in different texts, and the index does not know upper case.
pub(crate) fn candidates(segment: &Segment, test: &Test) -> Result<Option<RoaringBitmap>, String> {
    match test {
        Test::Like(pattern) | Test::ILike(pattern) => of_pattern(segment, pattern),
        Test::RLike(pattern) => of_regex(segment, pattern),
        Test::Eq(wanted) => of_texts(segment, test, [wanted]),
        Test::In(wanted) => of_texts(segment, test, wanted),
        _ => Ok(None),
    }
}

fn of_pattern(segment: &Segment, pattern: &LikePattern) -> Result<Option<RoaringBitmap>, String> {
    let mut rows = None;
    let parts = pattern.parts();
    for (at, part) in parts.iter().enumerate() {
        if let LikePart::Literal(literal) = part {
            let open = (at > 0, at + 1 < parts.len());
            and(&mut rows, of_literal(segment, literal, open)?);
        }
    }
    with_trace_ids(segment, rows, |id| pattern.matches(id), pattern.literals())
}

fn of_regex(segment: &Segment, pattern: &RegexPattern) -> Result<Option<RoaringBitmap>, String> {
    let mut rows = None;
    for literal in pattern.literals() {
        and(&mut rows, of_literal(segment, literal, (true, true))?);
    }
    with_trace_ids(
        segment,
        rows,
        |id| pattern.is_match(id),
        pattern.literals().iter().map(String::as_str),
    )
}

fn of_texts<'a>(
    segment: &Segment,
    test: &Test,
    texts: impl IntoIterator<Item = &'a String>,
) -> Result<Option<RoaringBitmap>, String> {
    let mut rows = RoaringBitmap::new();
    for text in texts {
        match of_literal(segment, text, (false, false))? {
            Some(of_text) => rows |= of_text,
            None => return Ok(None),
        }
    }
    with_trace_ids(
        segment,
        Some(rows),
        |id| test.accepts_text(Some(id)),
        std::iter::empty(),
    )
}

/// Rows with every word of `literal`. An open end may go on in the text.
fn of_literal(
    segment: &Segment,
    literal: &str,
    (open_start, open_end): (bool, bool),
) -> Result<Option<RoaringBitmap>, String> {
    let folded = fold(literal);
    let mut rows = None;
    for place in words(&folded) {
        let word = &folded[place.clone()];
        let goes_on = !stands_alone(word);
        let before = goes_on && open_start && place.start == 0;
        let after = goes_on && open_end && place.end == folded.len();
        let part = match (before, after) {
            (false, false) => WordPart::Whole(word),
            (false, true) => WordPart::Beginning(word),
            (true, false) => WordPart::End(word),
            (true, true) => WordPart::Inside(word),
        };
        and(&mut rows, segment.words().rows_with(part)?);
        if rows.as_ref().is_some_and(RoaringBitmap::is_empty) {
            break;
        }
    }
    Ok(rows)
}

fn and(rows: &mut Option<RoaringBitmap>, more: Option<RoaringBitmap>) {
    match (rows.as_mut(), more) {
        (Some(rows), Some(more)) => *rows &= more,
        (None, more) => *rows = more,
        (Some(_), None) => {}
    }
}

/// A trace id is a text of each of its spans, but no word of the index: every trace has another one.
fn with_trace_ids<'a>(
    segment: &Segment,
    rows: Option<RoaringBitmap>,
    accepts: impl Fn(&str) -> bool,
    mut literals: impl Iterator<Item = &'a str>,
) -> Result<Option<RoaringBitmap>, String> {
    let Some(mut rows) = rows else {
        return Ok(None);
    };
    for alias in segment.facets().values(Property::Alias) {
        if accepts(&alias.value) {
            rows |= alias.rows()?;
        }
    }
    let may_be_in_id = |literal: &str| {
        literal
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b"tr-TR".contains(&byte))
    };
    if literals.all(may_be_in_id) {
        let keys = (0..segment.row_count()).filter_map(|row| Some((row, segment.rows().key(row)?)));
        let named = keys.filter(|(_, key)| accepts(&format!("tr-{}", key.trace)));
        rows.extend(named.map(|(row, _)| row));
    }
    Ok(Some(rows))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fanlight_model::{
        Batch, Event, ExperimentId, Span, SpanGroup, SpanId, SpanKind, SystemClock, TraceId,
        UnixNanos, Value, WorkspaceId,
    };
    use fanlight_normalize::mlflow_attributes;
    use fanlight_store::{HotTrace, MemoryRegistry, Settings, Store};
    use proptest::prelude::*;

    use super::*;
    use crate::filter::{Filter, TraceField};
    use crate::overlay::Overlay;
    use crate::subject::Subject;

    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-zA-Z0-9_. -]{1,12}",
            "[\\\\\"/nrtbu0-9a-f\n\t{}:,]{1,10}",
            "[éßİΣςж見積もりไทย한글😀—]{1,5}",
            Just("1.50".to_owned()),
            Just("1E-7".to_owned()),
            Just("12345678901234567890".to_owned()),
            Just("\\u00e9t\\ud83d\\ude00x".to_owned()),
            Just("w".repeat(140)),
        ];
        proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    fn value() -> impl Strategy<Value = Value> {
        let json =
            |text: String| serde_json::json!({"key": [text, 1.5, {"nested": true}]}).to_string();
        // As Python writes it by default.
        let ascii = |text: String| {
            let escaped = text.chars().flat_map(|c| {
                let mut units = [0; 2];
                let units = c.encode_utf16(&mut units).to_vec();
                let plain = c.is_ascii_alphanumeric();
                units.into_iter().map(move |unit| {
                    if plain {
                        c.to_string()
                    } else {
                        format!("\\u{unit:04x}")
                    }
                })
            });
            format!("[\"{}\"]", escaped.collect::<String>())
        };
        prop_oneof![
            text().prop_map(Value::String),
            text().prop_map(move |text| Value::String(json(text))),
            text().prop_map(move |text| Value::String(json(json(text)))),
            text().prop_map(move |text| Value::String(ascii(text))),
            text().prop_map(|text| Value::Array(vec![Value::String(text), Value::Double(2.0)])),
            any::<f64>().prop_map(Value::Double),
            any::<f64>().prop_map(|number| Value::String(format!("[{number:e}]"))),
            text().prop_map(|text| Value::String(text.repeat(40))),
        ]
    }

    fn span(number: u64, name: String, values: Vec<Value>, event: Value) -> Span {
        const KEYS: [&str; 5] = [
            "mlflow.spanInputs",
            "gen_ai.output.messages",
            "note",
            "llm.model_name",
            "input.value",
        ];
        let attributes = KEYS
            .iter()
            .zip(values)
            .map(|(key, value)| ((*key).to_owned(), value));
        Span {
            kind: SpanKind::Internal,
            start: UnixNanos(1_000 - number),
            end: Some(UnixNanos(2_000)),
            attributes: attributes.collect(),
            events: vec![Event {
                name: "event".to_owned(),
                time: UnixNanos(1_500),
                attributes: std::iter::once(("e".to_owned(), event)).collect(),
                dropped_attributes: 0,
            }],
            ..Span::new(
                TraceId::from_bytes(u128::from(number + 1).to_be_bytes()).unwrap(),
                SpanId::from_bytes((number + 1).to_be_bytes()).unwrap(),
                name,
            )
        }
    }

    /// What a search looks at.
    fn texts_of(span: &Span) -> Vec<String> {
        fn strings(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::String(text) => found.push(text.clone()),
                Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
                Value::Map(entries) => entries.iter().for_each(|(_, value)| strings(value, found)),
                _ => {}
            }
        }
        let attributes = mlflow_attributes(span, &format!("tr-{}", span.trace_id));
        let events = span.events.iter().flat_map(|event| event.attributes.iter());
        let mut found = vec![span.name.clone()];
        for (_, value) in attributes.iter().chain(events) {
            found.push(value.to_text().into_owned());
            strings(value, &mut found);
        }
        found
    }

    /// The spans in memory, and then in a segment.
    fn stored(spans: &[Span]) -> (tempfile::TempDir, Vec<Arc<HotTrace>>, Arc<Segment>) {
        let dir = tempfile::tempdir().unwrap();
        let registry = Arc::new(MemoryRegistry::default());
        let store = Store::open(
            dir.path(),
            Settings::default(),
            registry,
            Arc::new(SystemClock),
        )
        .unwrap();
        let batch = Batch {
            workspace: WorkspaceId::default(),
            groups: vec![SpanGroup {
                experiment: ExperimentId(0),
                spans: spans.to_vec(),
            }],
            ..Batch::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(store.append(batch)).unwrap();
        let hot = store.snapshot().hot;
        store.seal_all().unwrap();
        let segment = Arc::clone(&store.snapshot().segments[0].segment);
        (dir, hot, segment)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn nothing_that_matches_is_missed(
            contents in proptest::collection::vec((text(), proptest::collection::vec(value(), 0..5), value()), 1..8),
            picks in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..16_usize, 0..10_u8), 40),
        ) {
            let spans: Vec<Span> = (0_u64..).zip(contents).map(|(number, (name, values, event))| span(number, name, values, event)).collect();
            let (_dir, hot, segment) = stored(&spans);
            for (of_span, of_text, start, length, shape) in picks {
                let texts = texts_of(of_span.get(&spans));
                let text: Vec<char> = of_text.get(&texts).chars().collect();
                let start = if text.is_empty() { 0 } else { start.index(text.len()) };
                let mut piece: String = text[start..].iter().take(length).collect();
                piece.retain(|c| c != '%');
                if shape & 4 != 0 && piece.chars().count() > 2 {
                    piece = piece.char_indices().map(|(at, c)| if at == piece.len() / 2 { '_' } else { c }).collect();
                }
                if shape >= 8 {
                    let half = piece.char_indices().nth(piece.chars().count() / 2).map_or(0, |(at, _)| at);
                    let (left, right) = piece.split_at(half);
                    let source = format!("(?s){}.*({})+", regex::escape(left), regex::escape(right));
                    check(&Test::RLike(RegexPattern::new(&source).unwrap()), &hot, &segment)?;
                    continue;
                }
                if shape & 2 == 0 {
                    let letters = piece.split(|c: char| !c.is_ascii_alphanumeric());
                    piece = letters.max_by_key(|run| run.len()).unwrap_or("").to_owned();
                }
                let pattern = match shape & 3 {
                    0 | 1 => format!("%{piece}%"),
                    2 => format!("{piece}%"),
                    _ => format!("%{piece}"),
                };
                let ignore_case = shape & 1 == 1;
                let pattern = LikePattern::new(&pattern, ignore_case).unwrap();
                let test = if ignore_case { Test::ILike(pattern) } else { Test::Like(pattern) };
                check(&test, &hot, &segment)?;
            }
        }
    }

    /// Rows that match must be candidates, what is certain must match, and in memory no match may be ruled out.
    fn check(test: &Test, hot: &[Arc<HotTrace>], segment: &Segment) -> Result<(), TestCaseError> {
        let overlay = Overlay::default();
        let all = (0..segment.row_count()).collect();
        let found = holders(segment, test, &all).unwrap();
        let filter = Filter::trace(TraceField::Text, test.clone());
        for row in 0..segment.row_count() {
            let (stored, spans) = segment.trace(row).unwrap();
            let spans_of = || spans.as_slice();
            let subject = Subject::of_stored(&stored, &overlay, &spans_of);
            if filter.matches(&subject) {
                prop_assert!(found.may.contains(row), "{test:?} in {:?}", spans);
            } else {
                prop_assert!(!found.must.contains(row), "{test:?} not in {:?}", spans);
            }
        }
        for trace in hot {
            let whole = trace.whole();
            let spans_of = || whole.spans();
            let looked_at = Subject::new(trace.summary(), None, &overlay, &spans_of);
            let ruled_out = !filter.matches(&Subject::of_hot(trace, &overlay, &spans_of));
            prop_assert_eq!(
                filter.matches(&looked_at),
                !ruled_out,
                "{:?} in {:?}",
                test,
                whole.spans()
            );
        }
        Ok(())
    }

    #[test]
    fn a_rare_word_is_in_few_rows() {
        let plain = |number: u64, text: &str| {
            span(number, "s".to_owned(), vec![Value::from(text)], Value::Null)
        };
        let spans = [
            plain(0, "the refund policy"),
            plain(1, "the weather"),
            plain(2, "refunds"),
        ];
        let (_dir, _, segment) = stored(&spans);
        let rows = |pattern: &str| {
            let pattern = LikePattern::new(pattern, false).unwrap();
            let rows = candidates(&segment, &Test::Like(pattern)).unwrap();
            rows.map(|rows| rows.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(rows("%refund%"), Some(vec![0, 2]));
        assert_eq!(rows("% refund policy%"), Some(vec![0]));
        assert_eq!(rows("%fund pol%"), Some(vec![0]));
        assert_eq!(rows("%weather"), Some(vec![1]));
        assert_eq!(rows("%xyzzy%"), Some(vec![]));
        assert_eq!(rows("%: %"), None);
    }

    #[test]
    fn what_an_equal_key_hides_is_found_as_it_was_sent() {
        let inside = |key: &str| Value::Map(vec![(key.to_owned(), Value::Bool(true))]);
        let twice = vec![
            ("same".to_owned(), inside("hidden")),
            ("same".to_owned(), inside("shown")),
        ];
        let sent = span(0, "s".to_owned(), vec![Value::Map(twice)], Value::Null);
        let (_dir, hot, segment) = stored(&[sent]);
        for pattern in ["%hidden%", "%shown%", "%IDDE%"] {
            let pattern = LikePattern::new(pattern, true).unwrap();
            check(&Test::ILike(pattern), &hot, &segment).unwrap();
        }
    }

    #[test]
    fn letters_of_one_word_are_certain() {
        let plain = |number: u64, text: &str| {
            span(number, "s".to_owned(), vec![Value::from(text)], Value::Null)
        };
        let texts = [
            "the refund policy",
            "Refund",
            r#"{"a":"\u0072efund","a":1}"#,
        ];
        let spans: Vec<_> = (0..).zip(texts).map(|(at, text)| plain(at, text)).collect();
        let (_dir, _, segment) = stored(&spans);
        let all = (0..3).collect();
        let certain = |pattern: &str, ignore_case: bool| {
            let pattern = LikePattern::new(pattern, ignore_case).unwrap();
            let test = if ignore_case {
                Test::ILike(pattern)
            } else {
                Test::Like(pattern)
            };
            let bounds = holders(&segment, &test, &all).unwrap();
            bounds.must.iter().collect::<Vec<_>>()
        };
        // Some texts have other words with capitals, this one in none.
        assert_eq!(certain("%polic%", false), [0]);
        assert_eq!(certain("%refund%", false), Vec::<u32>::new());
        assert_eq!(certain("%the refund%", true), Vec::<u32>::new());
        assert_eq!(certain("%policy", false), Vec::<u32>::new());
    }
}
