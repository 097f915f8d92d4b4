//! A filter applied to one trace.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use fanlight_model::{Assessment, Judgement, LinkedPrompt, Span, TraceSummary};
use serde_json::Value as Json;

use super::span_texts::SpanTexts;
use super::{
    Filter, Needle, Number, SpanCondition, SpanField, Test, TraceCondition, TraceField, cost_text,
    float_text, python_json, usage_shown,
};

/// A trace as filters see it.
pub trait FilterSubject {
    /// With the edits of tags and name applied.
    fn summary(&self) -> &TraceSummary;
    /// As MLflow writes it: `tr-` and hex digits, or the client's own.
    fn trace_id_text(&self) -> Cow<'_, str>;
    /// Its own, superseded ones included.
    fn assessments(&self) -> &[Assessment];
    /// Those of the other traces of its session that count for the whole session.
    fn session_assessments(&self) -> &[Assessment];
    /// Runs it was linked to.
    fn runs(&self) -> &BTreeSet<String>;
    fn prompts(&self) -> &BTreeSet<LinkedPrompt>;
    /// False when certainly no text of its spans has the letters, as far as that can be told without looking.
    fn may_have(&self, _needle: &Needle) -> bool {
        true
    }
    /// The same after looking at what was sent: spares working out what that means.
    fn has(&self, _needle: &Needle) -> bool {
        true
    }
    /// False when certainly no span fulfils the condition: spares looking at them.
    fn may_have_span(&self, _condition: &SpanCondition) -> bool {
        true
    }
    /// May be costly: called only when [`Filter::needs_spans`] and nothing cheaper has decided.
    fn spans(&self) -> &[Arc<Span>];
}

impl Filter {
    /// Whether the filter wants this trace.
    pub fn matches(&self, subject: &dyn FilterSubject) -> bool {
        match self {
            Self::Everything => true,
            Self::And(parts) => by_cost(parts).all(|part| part.matches(subject)),
            Self::Or(parts) => by_cost(parts).any(|part| part.matches(subject)),
            Self::Not(part) => !part.matches(subject),
            Self::Trace(condition) => condition.matches(subject),
            Self::Span(condition) => {
                subject.may_have_span(condition)
                    && any_span(subject, |span| span.fulfils(condition))
            }
        }
    }
}

/// Those that look at the trace alone come first.
fn by_cost(parts: &[Filter]) -> impl Iterator<Item = &Filter> {
    let cheap = parts.iter().filter(|part| !part.needs_spans());
    cheap.chain(parts.iter().filter(|part| part.needs_spans()))
}

fn any_span(subject: &dyn FilterSubject, wanted: impl Fn(&SpanTexts<'_>) -> bool) -> bool {
    let id = subject.trace_id_text();
    subject
        .spans()
        .iter()
        .any(|span| wanted(&SpanTexts::new(span, &id)))
}

impl TraceCondition {
    fn matches(&self, subject: &dyn FilterSubject) -> bool {
        let summary = subject.summary();
        let test = &self.test;
        match &self.field {
            TraceField::TraceId => test.accepts_text(Some(&subject.trace_id_text())),
            TraceField::ClientRequestId => test.accepts_text(summary.client_request_id.as_deref()),
            TraceField::State => test.accepts_text(Some(summary.state.as_str())),
            TraceField::Start => test.accepts_number(Some(millis(summary.start.as_millis()))),
            TraceField::Duration => test.accepts_number(summary.duration_ms().map(millis)),
            TraceField::End => {
                test.accepts_number(summary.end().map(|end| millis(end.as_millis())))
            }
            TraceField::Name => test.accepts_text(summary.name.as_deref()),
            TraceField::Run => run_matches(test, subject),
            TraceField::Prompt => {
                let accepted = |prompt: &LinkedPrompt| {
                    test.accepts_text(Some(&format!("{}/{}", prompt.name, prompt.version)))
                };
                subject.prompts().iter().any(accepted)
            }
            TraceField::Text => {
                let needle = test.needle();
                // What was sent is at hand; what it says as JSON, or means, has to be worked out.
                needle.is_none_or(|needle| subject.may_have(needle))
                    && (any_span(subject, |span| span.passes_as_sent(test))
                        || needle.is_none_or(|needle| subject.has(needle))
                            && any_span(subject, |span| span.passes(&SpanField::Content, test)))
            }
            // Rendered for clients, never stored.
            TraceField::Tag(key) if key == "mlflow.trace.spansLocation" => {
                test.accepts_text(Some("TRACKING_STORE"))
            }
            TraceField::Tag(key) => test.accepts_text(summary.tags.get(key).map(String::as_str)),
            TraceField::Metadata(key) => {
                test.accepts_text(summary.metadata.get(key).map(String::as_str))
            }
            TraceField::Session => test.accepts_text(summary.session.as_deref()),
            TraceField::User => test.accepts_text(summary.user.as_deref()),
            TraceField::Usage => test.accepts_text(usage_shown(summary).as_deref()),
            TraceField::Cost => test.accepts_text(summary.cost.as_ref().map(cost_text).as_deref()),
            TraceField::Feedback(_) | TraceField::Expectation(_) | TraceField::Issue => self
                .holds_for(
                    subject
                        .assessments()
                        .iter()
                        .chain(subject.session_assessments()),
                ),
        }
    }

    /// Whether a trace with these assessments fulfils a condition on feedback, expectations or issues: any of them
    /// may. Superseded ones do not count. False for a condition on something else.
    pub fn holds_for<'a>(&self, assessments: impl Iterator<Item = &'a Assessment>) -> bool {
        let mut valid = assessments.filter(|given| given.valid);
        match &self.field {
            TraceField::Feedback(name) => {
                let values = valid
                    .filter(|given| given.name == *name)
                    .filter_map(|given| match &given.judgement {
                        Judgement::Feedback { value, .. } => Some(value),
                        _ => None,
                    });
                self.test.accepts_judgements(values)
            }
            TraceField::Expectation(name) => {
                let values = valid
                    .filter(|given| given.name == *name)
                    .filter_map(|given| match &given.judgement {
                        Judgement::Expectation { value } => Some(value),
                        _ => None,
                    });
                self.test.accepts_judgements(values)
            }
            // The name of the assessment is the id of the issue; `issue_name` is for people.
            TraceField::Issue => valid.any(|given| {
                matches!(given.judgement, Judgement::Issue { .. })
                    && self.test.accepts_text(Some(&given.name))
            }),
            _ => false,
        }
    }
}

fn millis(millis: u64) -> Number {
    Number::Int(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Linked runs count for `=` only; the other operators ask about the run the trace was made in.
fn run_matches(test: &Test, subject: &dyn FilterSubject) -> bool {
    test.accepts_text(subject.summary().source_run.as_deref())
        || matches!(test, Test::Eq(wanted) if subject.runs().contains(wanted))
}

impl Test {
    /// Asks about the values of all assessments with one name: any may answer with yes.
    pub fn accepts_judgements<'a>(&self, mut values: impl Iterator<Item = &'a Json>) -> bool {
        match self {
            Self::IsNull => values.next().is_none(),
            Self::IsNotNull => values.next().is_some(),
            _ => values.any(|value| self.accepts_json(value)),
        }
    }

    /// Asks about one value of an assessment, which exists even when it is `null`.
    pub fn accepts_json(&self, value: &Json) -> bool {
        if let Self::Compare(..) = self {
            // Numbers in strings, and booleans, are no numbers here.
            return value
                .as_number()
                .and_then(Number::of_json)
                .is_some_and(|number| self.accepts_number(Some(number)));
        }
        let texts = json_texts(value);
        let mut accepted = texts.iter().map(|text| self.accepts_text(Some(text)));
        if self.is_negative() {
            accepted.all(|yes| yes)
        } else {
            accepted.any(|yes| yes)
        }
    }
}

/// The ways to write a value: MLflow turns every number into a float and writes JSON as Python does, people write
/// `1` and compact JSON.
fn json_texts(value: &Json) -> Vec<Cow<'_, str>> {
    match value {
        Json::String(text) => vec![Cow::Borrowed(text)],
        Json::Null => vec![Cow::Borrowed("null")],
        Json::Bool(flag) => vec![Cow::Borrowed(if *flag { "true" } else { "false" })],
        Json::Number(number) => {
            let mut texts = vec![Cow::Owned(number.to_string())];
            if let Some(float) = number.as_f64() {
                texts.push(Cow::Owned(float_text(float)));
                // The integer that a float such as 1.0 is, while floats are that exact.
                if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
                    texts.push(Cow::Owned(format!("{float:.0}")));
                }
            }
            texts
        }
        Json::Array(_) | Json::Object(_) => vec![
            Cow::Owned(value.to_string()),
            Cow::Owned(python_json(value)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_is_known_by_both_of_its_texts() {
        for value in [json!(1), json!(1.0)] {
            for text in ["1", "1.0"] {
                assert!(
                    Test::Eq(text.into()).accepts_json(&value),
                    "{value} = '{text}'"
                );
                assert!(
                    !Test::Ne(text.into()).accepts_json(&value),
                    "{value} != '{text}'"
                );
            }
        }
        assert!(Test::Eq("0.75".into()).accepts_json(&json!(0.75)));
        assert!(Test::Ne("1".into()).accepts_json(&json!(2)));
    }

    #[test]
    fn documents_are_known_by_compact_and_python_text() {
        let value = json!({"a": [1, "é"]});
        assert!(Test::Eq(r#"{"a":[1,"é"]}"#.into()).accepts_json(&value));
        assert!(Test::Eq(r#"{"a": [1, "é"]}"#.into()).accepts_json(&value));
    }
}
