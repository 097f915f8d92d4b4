//! What one span means.

use std::borrow::Cow;
use std::sync::Arc;

use fanlight_model::{Cost, Price, Priced, Span, TokenUsage, Value};

use crate::content::{self, Field};
use crate::found::{Found, has_content};
use crate::keys::Key;
use crate::prices::{Call, Prices};
use crate::{cost, identity, model_name, span_type, token_usage};

/// What one span means; borrowed from the span where possible. Absent is unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meaning<'a> {
    /// `LLM`, `CHAIN`, `TOOL`, … or whatever a client calls it.
    pub span_type: Option<Cow<'a, str>>,
    pub inputs: Option<Field<'a>>,
    pub outputs: Option<Field<'a>>,
    pub usage: Option<TokenUsage>,
    /// As the client said, else computed from `usage` and `model`.
    pub cost: Option<Cost>,
    pub model: Option<Cow<'a, str>>,
    pub provider: Option<Cow<'a, str>>,
    /// Whose message shapes inputs and outputs have: `openai`, `gemini`, …
    pub message_format: Option<Cow<'a, str>>,
    /// Definitions of the tools a model may call; as sent, so possibly JSON text.
    pub tools: Option<Cow<'a, Value>>,
    pub session: Option<Cow<'a, str>>,
    pub user: Option<Cow<'a, str>>,
}

/// The part of a meaning that a trace needs of each of its spans.
#[derive(Clone, Debug)]
pub(crate) struct Figures<'a> {
    pub(crate) usage: Option<TokenUsage>,
    pub(crate) cost: Option<Cost>,
    pub(crate) model: Option<Cow<'a, str>>,
    pub(crate) session: Option<Cow<'a, str>>,
    pub(crate) user: Option<Cow<'a, str>>,
}

/// Reads a span in the light of all conventions: attributes of MLflow's clients first, then each convention in turn.
///
/// Runs for every stored span: one pass over the attributes, and JSON is parsed only where a value is made of several.
pub fn meaning(span: &Span) -> Meaning<'_> {
    let found = Found::of(span);
    let inputs = content::inputs(&found);
    let outputs = content::outputs(&found);
    let model = model_name::model(&found)
        .or_else(|| model_name::model_in_content(inputs.as_ref()?))
        .or_else(|| model_name::model_in_content(outputs.as_ref()?));
    let usage = token_usage::usage(&found);
    let provider = model_name::provider(&found);
    Meaning {
        span_type: span_type::span_type(&found),
        cost: cost_of(
            &found,
            usage.as_ref(),
            provider.as_deref(),
            model.as_deref(),
        ),
        inputs,
        outputs,
        usage,
        model,
        provider,
        message_format: model_name::message_format(&found),
        tools: tools(&found),
        session: identity::session(&found),
        user: identity::user(&found),
    }
}

/// As [`meaning`], without what a summary does not need.
pub(crate) fn figures(span: &Span) -> Figures<'_> {
    let found = Found::of(span);
    let model = model_of(&found);
    let usage = token_usage::usage(&found);
    Figures {
        cost: cost_of(
            &found,
            usage.as_ref(),
            model_name::provider(&found).as_deref(),
            model.as_deref(),
        ),
        usage,
        model,
        session: identity::session(&found),
        user: identity::user(&found),
    }
}

fn cost_of(
    found: &Found<'_>,
    usage: Option<&TokenUsage>,
    provider: Option<&str>,
    model: Option<&str>,
) -> Option<Cost> {
    if let stated @ Some(_) = cost::stated(found) {
        return stated;
    }
    let (usage, model) = (usage?, model?);
    let rates = match &found.span.price {
        Priced::At(price) => price.rates,
        Priced::Unknown => return None,
        Priced::Unasked => built_in_price(&call_of(found, usage, provider, model)?)?.rates,
    };
    is_payable(usage).then(|| cost::computed(usage, &rates))
}

/// There is something a price is for.
fn is_payable(usage: &TokenUsage) -> bool {
    usage.input.is_some() || usage.output.is_some()
}

fn built_in_price(call: &Call<'_>) -> Option<Arc<Price>> {
    static PRICES: Prices = Prices { tables: Vec::new() };
    PRICES.price(call).map(Arc::clone)
}

fn call_of<'a>(
    found: &Found<'_>,
    usage: &TokenUsage,
    provider: Option<&'a str>,
    model: &'a str,
) -> Option<Call<'a>> {
    is_payable(usage).then(|| Call {
        provider,
        model,
        at: found.span.start,
        input_tokens: usage.input.unwrap_or(0),
        served: cost::served(found),
    })
}

/// What a price of `span` depends on. `None` for a span that has nothing to pay for, or says its cost itself.
pub(crate) fn call<T>(span: &Span, then: impl FnOnce(&Call<'_>) -> T) -> Option<T> {
    let found = Found::of(span);
    let usage = token_usage::usage(&found).filter(is_payable)?;
    if cost::stated(&found).is_some() {
        return None;
    }
    let model = model_of(&found)?;
    let provider = model_name::provider(&found);
    Some(then(&call_of(&found, &usage, provider.as_deref(), &model)?))
}

/// The tokens of `span` and the price they have.
pub(crate) fn priced<T>(
    span: &Span,
    then: impl FnOnce(&TokenUsage, &Arc<Price>) -> T,
) -> Option<T> {
    let usage = token_usage::usage(&Found::of(span)).filter(is_payable)?;
    let price = match &span.price {
        Priced::At(price) => Arc::clone(price),
        Priced::Unknown => return None,
        Priced::Unasked => call(span, built_in_price)??,
    };
    Some(then(&usage, &price))
}

fn model_of<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    model_name::model(found)
        .or_else(|| model_name::model_in_content(&content::inputs(found)?))
        .or_else(|| model_name::model_in_content(&content::outputs(found)?))
}

fn tools<'a>(found: &Found<'a>) -> Option<Cow<'a, Value>> {
    let mut values = [Key::ChatTools, Key::GenAiToolDefinitions]
        .into_iter()
        .filter_map(|key| found.get(key));
    values.find(|value| has_content(value)).map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{json, span};

    #[test]
    fn a_span_without_a_known_attribute_means_nothing() {
        assert_eq!(
            meaning(&span([("code.lineno", 7.into())])),
            Meaning::default()
        );
    }

    #[test]
    fn a_model_named_only_in_the_inputs_still_has_a_price() {
        let span = span([
            (
                "mlflow.spanInputs",
                json(r#"{"model": "gpt-4o", "messages": []}"#),
            ),
            (
                "mlflow.chat.tokenUsage",
                json(r#"{"input_tokens": 1000, "output_tokens": 100}"#),
            ),
        ]);
        let meaning = meaning(&span);
        assert_eq!(meaning.model.as_deref(), Some("gpt-4o"));
        let cost = meaning.cost.unwrap();
        assert!((cost.total - 0.0035).abs() < 1e-12, "{cost:?}");
        assert_eq!(figures(&span).cost, Some(cost));
    }

    #[test]
    fn a_stated_cost_is_not_computed_again() {
        let span = span([
            (
                "mlflow.llm.cost",
                r#"{"input_cost": 1.0, "output_cost": 2.0, "total_cost": 3.0}"#.into(),
            ),
            ("gen_ai.usage.input_tokens", 5.into()),
            ("gen_ai.request.model", "gpt-4o".into()),
        ]);
        assert_eq!(
            meaning(&span).cost,
            Some(Cost {
                input: 1.0,
                output: 2.0,
                total: 3.0
            })
        );
    }

    #[test]
    fn tools_are_returned_as_sent() {
        let text = Value::from(r#"[{"type":"function"}]"#);
        let span = span([("gen_ai.tool.definitions", text.clone())]);
        assert_eq!(meaning(&span).tools.as_deref(), Some(&text));
    }
}
