//! One call that two instrumentations saw, side by side: a framework's span that is not current while the provider's own
//! client makes one, so that both hang below the same parent.

use fanlight_model::{Span, SpanId, TokenUsage};
use rustc_hash::FxHashMap;

/// Calls under way at a time below one parent that are told apart; more count for themselves.
const AT_ONCE: usize = 64;

/// What makes two spans the same call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Call<'a> {
    pub(crate) model: &'a str,
    pub(crate) usage: TokenUsage,
}

/// For each span, in order of start, the span that has the same call as well: a sibling from another instrumentation,
/// around it in time, with the same model and the same tokens. Each call has one such span at most.
pub(crate) fn seen_twice(spans: &[&Span], calls: &[Option<Call<'_>>]) -> Vec<Option<usize>> {
    let mut open: FxHashMap<Option<SpanId>, Vec<usize>> = FxHashMap::default();
    let mut twice = vec![None; spans.len()];
    for (at, call) in calls.iter().enumerate() {
        let Some(call) = call else { continue };
        let siblings = open.entry(spans[at].parent_id).or_default();
        siblings.retain(|sibling| spans[*sibling].end.is_none_or(|end| end >= spans[at].start));
        let around = siblings.iter().position(|&sibling| {
            encloses(spans[sibling], spans[at])
                && calls[sibling].is_some_and(|other| is_same(&other, call))
        });
        if let Some(place) = around {
            twice[at] = Some(siblings.swap_remove(place));
        } else if siblings.len() < AT_ONCE {
            siblings.push(at);
        }
    }
    twice
}

/// Both end, and come from different instrumentations: one of them does not make two spans of a call.
fn encloses(outer: &Span, inner: &Span) -> bool {
    let ends = outer.end.zip(inner.end);
    outer.scope.name != inner.scope.name && ends.is_some_and(|(outer, inner)| inner <= outer)
}

/// The same model counted the same input and output.
pub(crate) fn is_same(one: &Call<'_>, other: &Call<'_>) -> bool {
    let counts = |usage: &TokenUsage| (usage.input, usage.output);
    one.model == other.model && counts(&one.usage) == counts(&other.usage)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fanlight_model::{Scope, UnixNanos};

    use super::*;
    use crate::testing::child;

    /// A span from an instrumentation, with its times.
    fn span(number: u64, parent: u64, scope: &str, (start, end): (u64, u64)) -> Span {
        Span {
            start: UnixNanos(start),
            end: Some(UnixNanos(end)),
            scope: Arc::new(Scope {
                name: scope.to_owned(),
                ..Scope::default()
            }),
            ..child(number, parent, [])
        }
    }

    fn check(spans: &[Span], inputs: &[u64]) -> Vec<Option<usize>> {
        let calls: Vec<_> = inputs
            .iter()
            .map(|input| {
                Some(Call {
                    model: "m",
                    usage: TokenUsage {
                        input: Some(*input),
                        ..TokenUsage::default()
                    },
                })
            })
            .collect();
        seen_twice(&spans.iter().collect::<Vec<_>>(), &calls)
    }

    #[test]
    fn a_clients_span_within_a_frameworks_is_the_same_call() {
        let spans = [
            span(2, 1, "framework", (10, 30)),
            span(3, 1, "client", (15, 20)),
            span(4, 1, "client", (21, 25)),
        ];
        assert_eq!(check(&spans, &[7, 7, 7]), [None, Some(0), None]);
        assert_eq!(check(&spans, &[7, 8, 7]), [None, None, Some(0)]);
    }

    #[test]
    fn calls_of_one_instrumentation_or_of_other_parents_or_side_by_side_all_count() {
        let same_scope = [span(2, 1, "a", (10, 30)), span(3, 1, "a", (15, 20))];
        let elsewhere = [span(2, 1, "a", (10, 30)), span(3, 2, "b", (15, 20))];
        let beside = [span(2, 1, "a", (10, 30)), span(3, 1, "b", (15, 31))];
        for spans in [same_scope, elsewhere, beside] {
            assert_eq!(check(&spans, &[7, 7]), [None, None]);
        }
    }
}
