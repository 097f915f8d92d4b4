//! Sums over a trace in which a part is not counted again with the whole it belongs to.

use fanlight_model::{Span, SpanId};
use rustc_hash::FxHashMap;

/// For each span, whether any of its ancestors is `marked`.
///
/// Clients send what they like: a parent may be missing, a span may be its own ancestor, a chain may have as many links
/// as the trace has spans. So this walks with an explicit path, visits each span once, and lets the spans of a cycle
/// have no ancestors.
pub(crate) fn below_marked(spans: &[&Span], marked: &[bool]) -> Vec<bool> {
    let places = places(spans);
    let parent = |at: usize| spans[at].parent_id.and_then(|id| places.get(&id).copied());
    let mut known = vec![State::Unseen; spans.len()];
    let mut path = Vec::new();
    for start in 0..spans.len() {
        let mut next = Some(start);
        while let Some(at) = next.filter(|&at| known[at] == State::Unseen) {
            known[at] = State::OnPath(path.len());
            path.push(at);
            next = parent(at);
        }
        if let Some(at) = next
            && let State::OnPath(first) = known[at]
        {
            for on_cycle in path.drain(first..) {
                known[on_cycle] = State::Done { below: false };
            }
        }
        while let Some(at) = path.pop() {
            let below = parent(at)
                .is_some_and(|above| marked[above] || known[above] == State::Done { below: true });
            known[at] = State::Done { below };
        }
    }
    known
        .into_iter()
        .map(|state| state == State::Done { below: true })
        .collect()
}

/// For each span, whether any of its descendants is `marked`. Spans of a cycle are above nothing.
pub(crate) fn above_marked(spans: &[&Span], marked: &[bool]) -> Vec<bool> {
    let places = places(spans);
    let parent = |at: usize| spans[at].parent_id.and_then(|id| places.get(&id).copied());
    let mut above = vec![false; spans.len()];
    // On the way up from the span of this number, or known to lead into a cycle.
    let mut passed = vec![None; spans.len()];
    let mut leads_to_cycle = vec![false; spans.len()];
    for start in (0..spans.len()).filter(|&at| marked[at]) {
        let mut path = Vec::new();
        passed[start] = Some(start);
        let mut next = parent(start);
        let mut is_cyclic = false;
        while let Some(at) = next.filter(|&at| !above[at]) {
            if passed[at] == Some(start) || leads_to_cycle[at] {
                is_cyclic = true;
                break;
            }
            passed[at] = Some(start);
            path.push(at);
            next = parent(at);
        }
        let reached = if is_cyclic {
            &mut leads_to_cycle
        } else {
            &mut above
        };
        for at in path {
            reached[at] = true;
        }
    }
    above
}

/// Where each span is.
pub(crate) fn places(spans: &[&Span]) -> FxHashMap<SpanId, usize> {
    let ids = spans.iter().map(|span| span.span_id);
    ids.enumerate().map(|(at, id)| (id, at)).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Unseen,
    /// At this place of the path that is being walked.
    OnPath(usize),
    Done {
        below: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::child;

    fn check(edges: &[(u64, u64, bool)]) -> Vec<bool> {
        let spans: Vec<_> = edges
            .iter()
            .map(|(number, parent, _)| child(*number, *parent, []))
            .collect();
        let marked: Vec<_> = edges.iter().map(|(.., marked)| *marked).collect();
        below_marked(&spans.iter().collect::<Vec<_>>(), &marked)
    }

    #[test]
    fn a_mark_reaches_all_descendants_but_not_its_bearer() {
        let below = check(&[
            (4, 3, true),
            (3, 2, false),
            (2, 1, true),
            (1, 0, false),
            (5, 1, true),
        ]);
        assert_eq!(below, [true, true, false, false, false]);
    }

    #[test]
    fn a_mark_reaches_all_ancestors_but_not_its_bearer() {
        let above = |edges: &[(u64, u64, bool)]| {
            let spans: Vec<_> = edges
                .iter()
                .map(|(number, parent, _)| child(*number, *parent, []))
                .collect();
            let marked: Vec<_> = edges.iter().map(|(.., marked)| *marked).collect();
            above_marked(&spans.iter().collect::<Vec<_>>(), &marked)
        };
        let edges = [
            (1, 0, true),
            (2, 1, false),
            (3, 2, true),
            (4, 2, true),
            (5, 1, false),
        ];
        assert_eq!(above(&edges), [true, true, false, false, false]);
        assert_eq!(above(&[(2, 9, true), (1, 1, true)]), [false, false]);
        let cycle = [(1, 2, true), (2, 3, true), (3, 1, true), (4, 1, true)];
        assert_eq!(above(&cycle), [false; 4]);
    }

    #[test]
    fn a_missing_parent_ends_the_walk() {
        assert_eq!(check(&[(2, 9, true), (3, 2, true)]), [false, true]);
    }

    #[test]
    fn spans_of_a_cycle_have_no_ancestors_in_any_order() {
        let mut edges = [
            (1, 1, true),
            (2, 3, true),
            (3, 4, true),
            (4, 2, true),
            (5, 3, true),
        ];
        assert_eq!(check(&edges), [false, false, false, false, true]);
        edges.reverse();
        assert_eq!(check(&edges), [true, false, false, false, false]);
    }

    #[test]
    fn a_chain_of_32_000_spans_is_fine() {
        let edges: Vec<_> = (1..=32_000)
            .map(|number| (number, number - 1, number == 1))
            .collect();
        assert_eq!(check(&edges).iter().filter(|below| **below).count(), 31_999);
        let edges: Vec<_> = edges.into_iter().rev().collect();
        assert_eq!(check(&edges).iter().filter(|below| **below).count(), 31_999);
    }
}
