//! Which terms a trace is found by.

use std::sync::Arc;

use fanlight_model::{Assessment, Attributes, Judgement, Span, TraceEdits, TraceSummary, Value};
use fanlight_normalize::{Field, Meaning};

use super::facets::{FacetsBuilder, ListLimits, Property, SPAN_SEPARATOR, UNLISTED};

/// Tags and metadata are made to be filtered by; attributes are many, and long ones are texts.
const TAG_LIMITS: ListLimits = ListLimits {
    distinct: u32::MAX,
    value_bytes: 256,
};
const ATTRIBUTE_LIMITS: ListLimits = ListLimits {
    distinct: 20_000,
    value_bytes: 100,
};
const PROFILE_LIMITS: ListLimits = ListLimits {
    distinct: 50_000,
    value_bytes: 400,
};

/// How many values a property may list, by the first byte of its terms.
pub(super) fn listed_values(number: u8) -> u32 {
    let of = |property: Property<'_>, limits: ListLimits| {
        (property.number() == number).then_some(limits.distinct)
    };
    of(Property::Attribute(""), ATTRIBUTE_LIMITS)
        .or_else(|| of(Property::Span, PROFILE_LIMITS))
        .unwrap_or(TAG_LIMITS.distinct)
}

/// Stands for an absent span type or model in a profile.
const ABSENT: &str = "\u{2}";

/// The parts of a span's profile term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanProfile<'a> {
    pub span_type: Option<&'a str>,
    pub status: &'a str,
    pub model: Option<&'a str>,
    pub name: &'a str,
}

impl<'a> SpanProfile<'a> {
    /// Takes a term of [`Property::Span`] apart.
    pub fn parse(term: &'a str) -> Option<Self> {
        let mut parts = term.splitn(4, SPAN_SEPARATOR);
        let mut part = || parts.next();
        let present = |part: &'a str| (part != ABSENT).then_some(part);
        Some(Self {
            span_type: present(part()?),
            status: part()?,
            model: present(part()?),
            name: part()?,
        })
    }

    /// `None` when a part holds a separator.
    fn to_term(self) -> Option<String> {
        let parts = [
            self.span_type.unwrap_or(ABSENT),
            self.status,
            self.model.unwrap_or(ABSENT),
            self.name,
        ];
        if parts[..3].iter().any(|part| part.contains(SPAN_SEPARATOR)) {
            return None;
        }
        Some(parts.join(SPAN_SEPARATOR.encode_utf8(&mut [0; 4])))
    }
}

/// What was recorded of a trace; edits change nothing of it.
pub(super) fn add_recorded(facets: &mut FacetsBuilder, row: u32, summary: &TraceSummary) {
    let mut add = |property, value: &str| facets.add(property, value, row, TAG_LIMITS);
    add(Property::Workspace, &summary.key.workspace.0.to_string());
    add(Property::Experiment, &summary.experiment.to_string());
    add(Property::State, summary.state.as_str());
    let optional = [
        (Property::ClientRequestId, &summary.client_request_id),
        (Property::Session, &summary.session),
        (Property::User, &summary.user),
        (Property::SourceRun, &summary.source_run),
        (Property::Alias, &summary.alias),
    ];
    for (property, value) in optional {
        if let Some(value) = value {
            add(property, value);
        }
    }
    summary
        .metadata
        .iter()
        .for_each(|(key, value)| add(Property::Metadata(key), value));
}

/// What edits change; `summary` has those of tags and name applied.
pub(super) fn add_editable(
    facets: &mut FacetsBuilder,
    row: u32,
    summary: &TraceSummary,
    edits: Option<&TraceEdits>,
) {
    let mut add =
        |property: Property<'_>, value: &str| facets.add(property, value, row, TAG_LIMITS);
    if let Some(name) = &summary.name {
        add(Property::Name, name);
    }
    summary
        .tags
        .iter()
        .for_each(|(key, value)| add(Property::Tag(key), value));
    let Some(edits) = edits else { return };
    add(Property::Edited, "");
    for run in &edits.runs {
        if summary.source_run.as_ref() != Some(run) {
            add(Property::LinkedRun, run);
        }
    }
    for prompt in &edits.prompts {
        add(
            Property::Prompt,
            &format!("{}/{}", prompt.name, prompt.version),
        );
    }
    if !edits.assessments.is_empty() {
        add(Property::Assessed, "");
    }
    for given in edits.assessments.iter().filter(|given| given.valid) {
        add_judgement(&mut add, given);
    }
}

fn add_judgement(add: &mut impl FnMut(Property<'_>, &str), given: &Assessment) {
    match &given.judgement {
        Judgement::Feedback { value, .. } => {
            add(Property::Feedback(&given.name), &value.to_string());
        }
        Judgement::Expectation { value } => {
            add(Property::Expectation(&given.name), &value.to_string());
        }
        Judgement::Issue { .. } => add(Property::Issue, &given.name),
    }
}

/// Whether [`add_editable`] makes terms that begin with this byte.
pub(super) fn is_editable(number: u8) -> bool {
    [
        Property::Name,
        Property::Tag(""),
        Property::Edited,
        Property::LinkedRun,
        Property::Prompt,
        Property::Assessed,
        Property::Feedback(""),
        Property::Expectation(""),
        Property::Issue,
    ]
    .iter()
    .any(|property| property.number() == number & !UNLISTED)
}

pub(super) fn add_span(
    facets: &mut FacetsBuilder,
    row: u32,
    span: &Arc<Span>,
    meaning: &Meaning<'_>,
) {
    let profile = SpanProfile {
        span_type: meaning.span_type.as_deref(),
        status: span.status.code.as_str(),
        model: meaning.model.as_deref(),
        name: &span.name,
    };
    match profile.to_term() {
        Some(term) => facets.add(Property::Span, &term, row, PROFILE_LIMITS),
        None => facets.add_unlisted(Property::Span, row),
    }
    add_attributes(facets, row, &span.attributes);
    add_derived(facets, row, meaning);
}

fn add_attributes(facets: &mut FacetsBuilder, row: u32, attributes: &Attributes) {
    for (key, value) in attributes.iter() {
        let property = Property::Attribute(key);
        match value {
            Value::String(text) if is_plain(text) => {
                facets.add(property, text, row, ATTRIBUTE_LIMITS);
            }
            Value::Bool(_) | Value::Int(_) | Value::Double(_) => {
                facets.add(property, &value.to_text(), row, ATTRIBUTE_LIMITS);
            }
            _ => facets.add_unlisted(property, row),
        }
    }
}

/// Text that reads the same whether or not it is taken for JSON.
fn is_plain(text: &str) -> bool {
    !matches!(
        text.trim_start().as_bytes().first(),
        Some(b'"' | b'{' | b'[')
    )
}

/// What MLflow clients see as attributes although the span never had them.
fn add_derived(facets: &mut FacetsBuilder, row: u32, meaning: &Meaning<'_>) {
    let short = [
        ("mlflow.spanType", &meaning.span_type),
        ("mlflow.llm.model", &meaning.model),
        ("mlflow.llm.provider", &meaning.provider),
        ("mlflow.message.format", &meaning.message_format),
    ];
    for (key, value) in short {
        if let Some(value) = value {
            facets.add(Property::Attribute(key), value, row, ATTRIBUTE_LIMITS);
        }
    }
    let long = [
        ("mlflow.traceRequestId", true),
        (
            "mlflow.spanInputs",
            is_derived(meaning.inputs.as_ref(), "mlflow.spanInputs"),
        ),
        (
            "mlflow.spanOutputs",
            is_derived(meaning.outputs.as_ref(), "mlflow.spanOutputs"),
        ),
        ("mlflow.chat.tokenUsage", meaning.usage.is_some()),
        ("mlflow.llm.cost", meaning.cost.is_some()),
        ("mlflow.chat.tools", meaning.tools.is_some()),
        ("service.name", true),
    ];
    for (key, present) in long {
        if present {
            facets.add_unlisted(Property::Attribute(key), row);
        }
    }
}

fn is_derived(field: Option<&Field<'_>>, own_key: &str) -> bool {
    match field {
        Some(Field::Attribute(key, _)) => *key != own_key,
        Some(Field::Composed(_)) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_comes_back_from_its_term() {
        let profile = SpanProfile {
            span_type: None,
            status: "OK",
            model: Some("gpt-4o"),
            name: "a\u{1}b",
        };
        let term = profile.to_term().unwrap();
        assert_eq!(SpanProfile::parse(&term), Some(profile));
        assert_eq!(
            SpanProfile {
                span_type: Some("a\u{1}"),
                ..profile
            }
            .to_term(),
            None
        );
    }
}
