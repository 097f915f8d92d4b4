//! Which spans of a trace count in sums over spans: a call that several of them report counts once.

use std::sync::Arc;

use fanlight_model::Span;

use crate::Meaning;
use crate::ancestry::above_marked;
use crate::same_call::{Call, seen_twice};

/// For each span, whether its tokens and cost are counted with another span: one below it, whose sum it repeats, or one
/// beside it, which is the same call seen by another instrumentation.
///
/// Sums by model or name are of the calls themselves, so the innermost spans count. The sum of a trace is what its
/// outermost spans say; where an outer span says more than those below it, the two differ.
pub fn counted_elsewhere(spans: &[Arc<Span>], meanings: &[Meaning<'_>]) -> Vec<bool> {
    let mut elsewhere = vec![false; spans.len()];
    let reports = |meaning: &Meaning<'_>| meaning.usage.is_some() || meaning.cost.is_some();
    if meanings.iter().filter(|meaning| reports(meaning)).count() < 2 {
        return elsewhere;
    }
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|&at| (spans[at].start, spans[at].span_id));
    let in_order: Vec<&Span> = order.iter().map(|&at| &*spans[at]).collect();
    let calls: Vec<_> = order.iter().map(|&at| call_of(&meanings[at])).collect();
    let twice = seen_twice(&in_order, &calls);
    let marked: Vec<bool> = order
        .iter()
        .zip(&twice)
        .map(|(&at, twice)| twice.is_none() && reports(&meanings[at]))
        .collect();
    let above = above_marked(&in_order, &marked);
    for ((at, twice), above) in order.into_iter().zip(twice).zip(above) {
        elsewhere[at] = reports(&meanings[at]) && (twice.is_some() || above);
    }
    elsewhere
}

fn call_of<'a>(meaning: &'a Meaning<'_>) -> Option<Call<'a>> {
    let (model, usage) = (meaning.model.as_deref()?, meaning.usage?);
    Some(Call { model, usage })
}

#[cfg(test)]
mod tests {
    use fanlight_model::Value;

    use super::*;
    use crate::meaning;
    use crate::testing::child;

    fn check(spans: Vec<Span>) -> Vec<bool> {
        let spans: Vec<_> = spans.into_iter().map(Arc::new).collect();
        let meanings: Vec<_> = spans.iter().map(|span| meaning(span)).collect();
        counted_elsewhere(&spans, &meanings)
    }

    fn call(number: u64, parent: u64, input: i64) -> Span {
        child(
            number,
            parent,
            [
                ("gen_ai.request.model", "gpt-4o".into()),
                ("gen_ai.usage.input_tokens", Value::Int(input)),
                ("gen_ai.usage.output_tokens", Value::Int(1)),
            ],
        )
    }

    #[test]
    fn the_innermost_calls_count() {
        let agent = call(1, 0, 30);
        let spans = vec![agent, child(2, 1, []), call(3, 2, 10), call(4, 2, 20)];
        assert_eq!(check(spans), [true, false, false, false]);
    }

    #[test]
    fn a_sum_without_parts_counts() {
        let spans = vec![call(1, 0, 30), child(2, 1, []), child(3, 1, [])];
        assert_eq!(check(spans), [false; 3]);
    }

    #[test]
    fn what_is_wrapped_twice_counts_once_in_any_order() {
        let spans = vec![call(3, 2, 10), call(2, 1, 10), call(1, 0, 10)];
        assert_eq!(check(spans), [false, true, true]);
    }
}
