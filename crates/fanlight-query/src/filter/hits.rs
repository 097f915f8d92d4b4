//! Where the texts are that a filter asks for: the places that a reader wants to see.

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use fanlight_model::{Span, SpanId};

use super::span_texts::SpanTexts;
use super::{Filter, FilterSubject, SpanCondition, SpanField, Test, TraceCondition, TraceField};

/// Characters of a snippet, and of those before the match.
const SNIPPET_CHARS: usize = 200;
const BEFORE_CHARS: usize = 60;
/// Pieces of one match that are told.
const MAX_RANGES: usize = 16;

/// A text that fulfils a condition, around the place where it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextHit {
    /// `None` for a text of the trace itself.
    pub span: Option<(SpanId, String)>,
    /// `name`, `inputs`, `outputs`, `attribute.<key>`, `event` or `event.<key>` of a span; `name`, `session`, `user`,
    /// `client_request_id`, `tag.<key>` or `metadata.<key>` of a trace.
    pub field: String,
    pub snippet: String,
    /// The pieces that match, as characters of the snippet. The first one is always there.
    pub ranges: Vec<Range<usize>>,
    /// Characters and bytes before the first piece in the text that matches: the field's, or a string inside of it.
    pub chars_before: usize,
    pub bytes_before: usize,
}

impl Filter {
    /// Whether a part of it asks for a text that [`Self::text_hits`] can show.
    pub fn asks_for_text(&self) -> bool {
        match self {
            Self::Everything | Self::Not(_) => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::asks_for_text),
            Self::Trace(condition) => {
                is_shown(&condition.test, condition.field == TraceField::Text)
            }
            Self::Span(condition) => span_condition_asks(condition),
        }
    }

    /// At most `most` places in a trace that matches. Each of them really fulfils its condition, on a span that fulfils
    /// everything that is asked of one and the same span.
    pub fn text_hits(&self, subject: &dyn FilterSubject, most: usize) -> Vec<TextHit> {
        let mut found = Found {
            hits: Vec::new(),
            most,
        };
        // Whether there was room for all of them does not matter.
        let _ = found.gather(self, subject);
        found.hits
    }
}

fn span_condition_asks(condition: &SpanCondition) -> bool {
    match condition {
        SpanCondition::All(parts) | SpanCondition::Any(parts) => {
            parts.iter().any(span_condition_asks)
        }
        SpanCondition::Is(field, test) => is_shown(test, *field == SpanField::Content),
    }
}

/// Patterns are; a whole value is when it could be anywhere.
fn is_shown(test: &Test, anywhere: bool) -> bool {
    match test {
        Test::Like(_) | Test::ILike(_) | Test::RLike(_) => true,
        Test::Eq(_) | Test::In(_) => anywhere,
        _ => false,
    }
}

struct Found {
    hits: Vec<TextHit>,
    most: usize,
}

/// Whether there is room for more.
type Room = ControlFlow<()>;

impl Found {
    fn gather(&mut self, filter: &Filter, subject: &dyn FilterSubject) -> Room {
        match filter {
            Filter::Everything | Filter::Not(_) => {}
            Filter::And(parts) => {
                for part in parts {
                    self.gather(part, subject)?;
                }
            }
            Filter::Or(parts) => {
                for part in parts {
                    if part.asks_for_text() && part.matches(subject) {
                        self.gather(part, subject)?;
                    }
                }
            }
            Filter::Trace(condition) if condition.field == TraceField::Text => {
                let content = SpanCondition::Is(SpanField::Content, condition.test.clone());
                self.in_spans(&content, subject)?;
            }
            Filter::Trace(condition) => self.in_trace(condition, subject)?,
            Filter::Span(condition) => self.in_spans(condition, subject)?,
        }
        Room::Continue(())
    }

    fn in_trace(&mut self, condition: &TraceCondition, subject: &dyn FilterSubject) -> Room {
        if !is_shown(&condition.test, false) {
            return Room::Continue(());
        }
        let summary = subject.summary();
        let (field, text): (Cow<'_, str>, Option<&String>) = match &condition.field {
            TraceField::Name => ("name".into(), summary.name.as_ref()),
            TraceField::Session => ("session".into(), summary.session.as_ref()),
            TraceField::User => ("user".into(), summary.user.as_ref()),
            TraceField::ClientRequestId => (
                "client_request_id".into(),
                summary.client_request_id.as_ref(),
            ),
            TraceField::Tag(key) => (format!("tag.{key}").into(), summary.tags.get(key)),
            TraceField::Metadata(key) => {
                (format!("metadata.{key}").into(), summary.metadata.get(key))
            }
            _ => return Room::Continue(()),
        };
        match text {
            Some(text) => self.look(None, &field, text, &condition.test).1,
            None => Room::Continue(()),
        }
    }

    fn in_spans(&mut self, condition: &SpanCondition, subject: &dyn FilterSubject) -> Room {
        if !span_condition_asks(condition) {
            return Room::Continue(());
        }
        let id = subject.trace_id_text();
        for span in subject.spans() {
            let texts = SpanTexts::new(span, &id);
            if texts.fulfils(condition) {
                self.in_span(condition, span, &texts)?;
            }
        }
        Room::Continue(())
    }

    fn in_span(
        &mut self,
        condition: &SpanCondition,
        span: &Arc<Span>,
        texts: &SpanTexts<'_>,
    ) -> Room {
        match condition {
            SpanCondition::All(parts) => {
                for part in parts {
                    self.in_span(part, span, texts)?;
                }
                Room::Continue(())
            }
            SpanCondition::Any(parts) => {
                for part in parts.iter().filter(|part| texts.fulfils(part)) {
                    self.in_span(part, span, texts)?;
                }
                Room::Continue(())
            }
            SpanCondition::Is(field, test) if is_shown(test, *field == SpanField::Content) => texts
                .each_text(field, &mut |name, text| {
                    self.look(Some(span), name, text, test)
                }),
            SpanCondition::Is(..) => Room::Continue(()),
        }
    }

    /// Takes the text when it fulfils `asked`; says whether it does.
    fn look(
        &mut self,
        span: Option<&Arc<Span>>,
        field: &str,
        text: &str,
        asked: &Test,
    ) -> (bool, Room) {
        let Some(ranges) = asked.find(text) else {
            return (false, Room::Continue(()));
        };
        let hit = TextHit {
            span: span.map(|span| (span.span_id, span.name.clone())),
            field: field.to_owned(),
            ..around(text, &ranges)
        };
        // One text often stands in several attributes: as it was sent, and as what it means.
        let is_known = self.hits.iter().any(|known| {
            (&known.span, &known.snippet, &known.ranges) == (&hit.span, &hit.snippet, &hit.ranges)
        });
        if !is_known {
            self.hits.push(hit);
        }
        if self.hits.len() < self.most {
            (true, Room::Continue(()))
        } else {
            (true, Room::Break(()))
        }
    }
}

/// The neighbourhood of the first range, cut between characters.
fn around(text: &str, ranges: &[Range<usize>]) -> TextHit {
    let first = ranges.first().cloned().unwrap_or(0..0);
    let before = text[..first.start].char_indices().rev();
    let start = before
        .take(BEFORE_CHARS)
        .last()
        .map_or(first.start, |(at, _)| at);
    let shown = &text[start..];
    let end = shown
        .char_indices()
        .nth(SNIPPET_CHARS)
        .map_or(text.len(), |(at, _)| start + at);
    let chars = |at: usize| text[start..at.clamp(start, end)].chars().count();
    let inside = ranges.iter().filter(|range| range.start <= end);
    TextHit {
        span: None,
        field: String::new(),
        snippet: text[start..end].to_owned(),
        ranges: inside
            .take(MAX_RANGES)
            .map(|range| chars(range.start)..chars(range.end))
            .collect(),
        chars_before: text[..first.start].chars().count(),
        bytes_before: first.start,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::LikePattern;
    use super::*;

    fn find(pattern: &str, ignore_case: bool, text: &str) -> Option<Vec<(usize, usize)>> {
        let found = LikePattern::new(pattern, ignore_case).unwrap().find(text)?;
        Some(pairs(&found))
    }

    fn pairs(ranges: &[Range<usize>]) -> Vec<(usize, usize)> {
        ranges
            .iter()
            .map(|range| (range.start, range.end))
            .collect()
    }

    #[test]
    fn pieces_are_where_they_stand() {
        assert_eq!(find("%b_d%", false, "abcde"), Some(vec![(1, 4)]));
        assert_eq!(
            find("a%c%e", false, "abcde"),
            Some(vec![(0, 1), (2, 3), (4, 5)])
        );
        assert_eq!(find("abc", false, "abc"), Some(vec![(0, 3)]));
        assert_eq!(find("%x%", false, "abc"), None);
        assert_eq!(find("%É%", true, "l'été"), Some(vec![(2, 4)]));
        // Two characters in lower case: the one they come from is shown.
        assert_eq!(find("%i%x%", true, "aİx"), Some(vec![(1, 3), (3, 4)]));
    }

    #[test]
    fn a_snippet_is_cut_between_characters() {
        let text = format!("{}needle{}", "é".repeat(500), "日".repeat(500));
        let hit = around(&text, &[1000..1006, 1006..1009]);
        assert_eq!(hit.snippet.chars().count(), SNIPPET_CHARS);
        assert_eq!(pairs(&hit.ranges), [(60, 66), (66, 67)]);
        assert_eq!((hit.chars_before, hit.bytes_before), (500, 1000));
        let far = around(&text, &[0..2, 1500..1503]);
        assert_eq!(pairs(&far.ranges), [(0, 1)]);
    }

    proptest! {
        #[test]
        fn what_is_found_matches_and_what_matches_is_found(
            text in "[aAbBİéÉßσς日 ]{0,40}", pattern in "[aAbBiéÉßσς日_%]{0,8}", ignore_case: bool,
        ) {
            let like = LikePattern::new(&pattern, ignore_case).unwrap();
            let found = like.find(&text);
            prop_assert_eq!(found.is_some(), like.matches(&text), "{} in {:?}", pattern, text);
            for range in found.iter().flatten() {
                prop_assert!(text.get(range.clone()).is_some(), "{:?} of {:?}", range, text);
            }
            if let Some(found) = found.filter(|_| !ignore_case) {
                let joined: Vec<&str> = found.iter().map(|range| &text[range.clone()]).collect();
                prop_assert!(like.matches(&joined.concat()), "{:?} for {}", joined, pattern);
            }
        }
    }
}
