//! Everything a list shows of a trace, from all its spans and what its client said.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fanlight_model::{
    Cost, ExperimentId, Nanos, Span, StatusCode, TokenUsage, TraceFacts, TraceKey, TraceState,
    TraceSummary, UnixNanos,
};

use crate::ancestry::{below_marked, places};
use crate::keys::Key;
use crate::meaning::{Figures, figures};
use crate::same_call::{Call, is_same, seen_twice};
use crate::tags::{TRACE_NAME, tags};
use crate::{cost, preview, token_usage, trace_facts};

/// Metadata keys with a field of their own.
const SESSION: &str = "mlflow.trace.session";
const USER: &str = "mlflow.trace.user";
const SOURCE_RUN: &str = "mlflow.sourceRun";
const TOKEN_USAGE: &str = "mlflow.trace.tokenUsage";
const COST: &str = "mlflow.trace.cost";

/// Spans in order of time, with what each of them says.
struct Trace<'a> {
    facts: Option<Cow<'a, TraceFacts>>,
    spans: Vec<&'a Span>,
    figures: Vec<Figures<'a>>,
    /// Whether a span is a call that another one beside it has as well.
    twice: Vec<bool>,
}

/// Derives the summary of a trace. The order of `spans` does not matter; each id is expected once.
///
/// What the client said about the trace as a whole (`facts`) wins over what its spans say of it, and that over what follows from them. `experiment` is where the
/// trace lives, which may differ from what `facts` say.
pub fn summarize(
    key: TraceKey,
    experiment: ExperimentId,
    facts: Option<&TraceFacts>,
    spans: &[Arc<Span>],
) -> TraceSummary {
    let trace = Trace::new(key, experiment, facts, spans);
    let facts = trace.facts.as_deref();
    let (start, duration) = trace.times();
    let mut tags = tags(facts, &trace.spans);
    let of_spans = trace.usage();
    let usage = trace
        .said(TOKEN_USAGE)
        .and_then(|text| token_usage::of_trace(text, of_spans))
        .or(of_spans);
    TraceSummary {
        key,
        alias: facts.and_then(|facts| facts.alias.clone()),
        experiment,
        client_request_id: facts.and_then(|facts| facts.client_request_id.clone()),
        start,
        duration,
        state: trace.state(),
        name: tags.remove(TRACE_NAME),
        root_name: trace.roots().next().map(|root| root.name.clone()),
        request_preview: trace.request_preview(),
        response_preview: trace.response_preview(),
        session: trace.said_or_first(SESSION, |figures| figures.session.as_deref()),
        user: trace.said_or_first(USER, |figures| figures.user.as_deref()),
        source_run: trace.said(SOURCE_RUN).map(str::to_owned),
        usage,
        cost: trace
            .said(COST)
            .and_then(cost::from_text)
            .or_else(|| trace.cost()),
        models: trace.models(),
        span_count: count(trace.spans.len()),
        error_count: count(
            trace
                .spans
                .iter()
                .filter(|span| span.status.code == StatusCode::Error)
                .count(),
        ),
        tags,
        metadata: trace.metadata(usage.as_ref()),
    }
}

/// Order for display: roots first, then by start; spans that start together by id.
pub fn sort_spans(spans: &mut [Arc<Span>]) {
    spans.sort_by_key(|span| (!span.is_root(), span.start, span.span_id));
}

impl<'a> Trace<'a> {
    fn new(
        key: TraceKey,
        experiment: ExperimentId,
        facts: Option<&'a TraceFacts>,
        spans: &'a [Arc<Span>],
    ) -> Self {
        let mut spans: Vec<_> = spans.iter().map(Arc::as_ref).collect();
        spans.sort_by_key(|span| (span.start, span.span_id));
        let nothing = || TraceFacts::new(key.trace, experiment);
        let facts = trace_facts::joined(facts, nothing, &spans);
        let mut figures: Vec<_> = spans.iter().map(|span| figures(span)).collect();
        let twice = without_wrappers(&spans, &mut figures);
        Self {
            facts,
            spans,
            figures,
            twice,
        }
    }

    fn roots(&self) -> impl DoubleEndedIterator<Item = &'a Span> {
        self.spans.iter().copied().filter(|span| span.is_root())
    }

    /// Metadata the client gave.
    fn said(&self, key: &str) -> Option<&str> {
        let facts = self.facts.as_deref()?;
        facts.metadata.get(key).map(String::as_str)
    }

    /// The first root decides, unless the client said how it ended. A trace without a root is not complete.
    fn state(&self) -> TraceState {
        let said = self.facts.as_deref().and_then(|facts| facts.state);
        if let Some(said @ (TraceState::Ok | TraceState::Error)) = said {
            return said;
        }
        match self.roots().next() {
            Some(root) if root.end.is_none() => TraceState::InProgress,
            Some(root) if root.status.code == StatusCode::Error => TraceState::Error,
            Some(_) => TraceState::Ok,
            None => said.unwrap_or(TraceState::InProgress),
        }
    }

    /// Client values win. Otherwise the known spans count, and an open root means that nobody knows yet.
    fn times(&self) -> (UnixNanos, Option<Nanos>) {
        let said_start = self.facts.as_deref().and_then(|facts| facts.start);
        let start = said_start
            .or(self.spans.first().map(|span| span.start))
            .unwrap_or_default();
        if let Some(said) = self.facts.as_deref().and_then(|facts| facts.duration) {
            return (start, Some(said));
        }
        if self.roots().any(|root| root.end.is_none()) {
            return (start, None);
        }
        let end = self.spans.iter().filter_map(|span| span.end).max();
        (start, end.and_then(|end| end.checked_since(start)))
    }

    /// Of several roots the last one that has inputs. A root without, of a framework or a web server, has what its first
    /// model or agent was asked.
    fn request_preview(&self) -> Option<String> {
        let said = self
            .facts
            .as_deref()
            .and_then(|facts| facts.request_preview.clone());
        said.or_else(|| self.roots().rev().find_map(preview::request))
            .or_else(|| self.speaking().find_map(preview::asked))
    }

    fn response_preview(&self) -> Option<String> {
        let said = self
            .facts
            .as_deref()
            .and_then(|facts| facts.response_preview.clone());
        said.or_else(|| self.roots().rev().find_map(preview::response))
            .or_else(|| self.speaking().rev().find_map(preview::answered))
    }

    /// Spans that may hold messages: they ask a model, or have events, which log records become. Looking into the others
    /// would cost every trace of a web server.
    fn speaking(&self) -> impl DoubleEndedIterator<Item = &'a Span> {
        let figures = self.figures.iter();
        self.spans
            .iter()
            .copied()
            .zip(figures)
            .filter(|(span, figures)| figures.model.is_some() || !span.events.is_empty())
            .map(|(span, _)| span)
    }

    fn said_or_first(
        &self,
        key: &str,
        of: for<'b> fn(&'b Figures<'a>) -> Option<&'b str>,
    ) -> Option<String> {
        self.said(key)
            .or_else(|| self.figures.iter().find_map(of))
            .map(str::to_owned)
    }

    /// Sum over spans without an ancestor that counts. All three main counts are known then, as MLflow shows them.
    fn usage(&self) -> Option<TokenUsage> {
        let zero = TokenUsage {
            input: Some(0),
            output: Some(0),
            total: Some(0),
            ..TokenUsage::default()
        };
        self.outermost(|figures| figures.usage)
            .reduce(|sum, usage| sum.plus(&usage))
            .map(|sum| zero.plus(&sum))
    }

    fn cost(&self) -> Option<Cost> {
        self.outermost(|figures| figures.cost)
            .reduce(|sum, cost| sum.plus(&cost))
    }

    /// The figures of spans whose ancestors have none, and that are not what another span has already: an agent that
    /// reports the sum of its calls would double them.
    fn outermost<T>(&self, of: impl Fn(&Figures<'a>) -> Option<T>) -> impl Iterator<Item = T> {
        let values: Vec<_> = self.figures.iter().map(of).collect();
        let known: Vec<_> = values.iter().map(Option::is_some).collect();
        let is_one = known.iter().filter(|known| **known).count() < 2;
        let below = if is_one {
            vec![false; known.len()]
        } else {
            below_marked(&self.spans, &known)
        };
        values
            .into_iter()
            .zip(below)
            .zip(&self.twice)
            .filter(|((_, below), twice)| !below && !**twice)
            .filter_map(|((value, _), _)| value)
    }

    fn models(&self) -> Vec<String> {
        let distinct: BTreeSet<_> = self
            .figures
            .iter()
            .filter_map(|figures| figures.model.as_deref())
            .collect();
        distinct.into_iter().map(str::to_owned).collect()
    }

    /// Without what has a field of its own. What the client says of tokens stays where its input means something else
    /// than ours: it gets back what it sent.
    fn metadata(&self, usage: Option<&TokenUsage>) -> BTreeMap<String, String> {
        let mut metadata = self
            .facts
            .as_deref()
            .map_or_else(BTreeMap::new, |facts| facts.metadata.clone());
        metadata.retain(|key, text| match key.as_str() {
            SESSION | USER | SOURCE_RUN | COST => false,
            TOKEN_USAGE => token_usage::says_otherwise(text, usage),
            _ => true,
        });
        metadata
    }
}

/// For each span, whether another one beside it has the same call as well. A span that is the same call as one in it or
/// beside it gets that one's figures, where they say all that its own say and more: clients know of their calls what
/// instrumentations around them leave out.
fn without_wrappers(spans: &[&Span], figures: &mut [Figures<'_>]) -> Vec<bool> {
    let reports = figures.iter().filter(|figures| figures.usage.is_some());
    if reports.count() < 2 {
        return vec![false; spans.len()];
    }
    let calls: Vec<_> = figures.iter().map(call).collect();
    let twice = seen_twice(spans, &calls);
    let places = places(spans);
    let parent = |at: usize| spans[at].parent_id.and_then(|id| places.get(&id).copied());
    let around: Vec<_> = (0..spans.len())
        .map(|at| {
            let outer = twice[at].or_else(|| parent(at))?;
            let (inner, outer_call) = (calls[at]?, calls[outer]?);
            is_same(&inner, &outer_call).then_some(outer)
        })
        .collect();
    // What is inside begins later: from the inside out.
    for (at, outer) in around.into_iter().enumerate().rev() {
        if let Some(outer) = outer
            && outer < at
            && spans[outer].attributes.get(Key::LlmCost.name()).is_none()
            && says_more(&figures[at], &figures[outer])
        {
            (figures[outer].usage, figures[outer].cost) = (figures[at].usage, figures[at].cost);
        }
    }
    twice.iter().map(Option::is_some).collect()
}

fn call<'a>(figures: &'a Figures<'_>) -> Option<Call<'a>> {
    let (model, usage) = (figures.model.as_deref()?, figures.usage?);
    Some(Call { model, usage })
}

/// Of two that count the same input and output.
fn says_more(inner: &Figures<'_>, outer: &Figures<'_>) -> bool {
    let parts = |figures: &Figures<'_>| {
        let usage = figures.usage.unwrap_or_default();
        let parts = [
            usage.cache_read,
            usage.cache_write,
            usage.cache_write_1h,
            usage.audio_input,
            usage.image_input,
            usage.reasoning,
            usage.audio_output,
        ];
        parts.map(|part| part.unwrap_or(0))
    };
    let (inner_parts, outer_parts) = (parts(inner), parts(outer));
    let mut pairs = inner_parts.iter().zip(&outer_parts);
    inner.cost.is_some()
        && inner_parts != outer_parts
        && pairs.all(|(inner, outer)| inner == outer || *outer == 0)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
