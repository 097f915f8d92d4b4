//! Inputs and outputs of a span.

use fanlight_model::Value;

use crate::found::Found;
use crate::keys::Key;
use crate::{claude_code, gemini_cli, message_events, traceloop, vercel};

/// Where inputs or outputs come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    /// Verbatim the value of one raw attribute, which may be JSON text.
    Attribute(&'a str, &'a Value),
    /// Built from several attributes or events, with JSON text decoded.
    Composed(Value),
}

impl Field<'_> {
    pub fn value(&self) -> &Value {
        match self {
            Self::Attribute(_, value) => value,
            Self::Composed(value) => value,
        }
    }
}

/// One place to look.
enum Source {
    /// The first of these attributes that says something.
    Keys(&'static [Key]),
    /// More than copying one attribute.
    Rule(for<'a> fn(&Found<'a>) -> Option<Field<'a>>),
}
use Source::{Keys, Rule};

/// In the order they are asked; the first answer counts. Events are a last resort.
const INPUTS: &[Source] = &[
    Keys(&[Key::OpenInferenceInput]),
    Rule(gemini_cli::inputs),
    Rule(claude_code::inputs),
    Keys(&[
        Key::GenAiInputMessages,
        Key::GenAiToolArguments,
        Key::GenAiRetrievalQuery,
        Key::GenAiMemoryQuery,
    ]),
    Keys(&[Key::TraceloopInput]),
    Rule(traceloop::inputs),
    Keys(&[Key::AdkLlmRequest, Key::AdkToolArguments]),
    Rule(vercel::inputs),
    Keys(&[
        Key::VercelPrompt,
        Key::VercelToolArguments,
        Key::VercelValue,
        Key::VercelValues,
    ]),
    Keys(&[Key::VoltAgentMessages, Key::VoltLlmMessages, Key::VoltInput]),
    Keys(&[
        Key::LiveKitUserInput,
        Key::LiveKitUserTranscript,
        Key::LiveKitChatContext,
        Key::LiveKitInputText,
        Key::LiveKitToolArguments,
        Key::LiveKitPiiUserInput,
        Key::LiveKitPiiUserTranscript,
        Key::LiveKitPiiChatContext,
        Key::LiveKitPiiInputText,
        Key::LiveKitPiiToolArguments,
    ]),
    Keys(&[Key::LaminarInput]),
    Keys(&[Key::LangfuseInput, Key::LangfuseTraceInput]),
    Keys(&[Key::HaystackInput, Key::HaystackPipelineInput]),
    Keys(&[
        Key::PydanticToolArguments,
        Key::PydanticAllMessages,
        Key::PydanticAllMessagesEvents,
    ]),
    Keys(&[Key::LangSmithInput]),
    Keys(&[Key::McpRequest]),
    Rule(message_events::spring_inputs),
    Rule(message_events::inputs),
];

const OUTPUTS: &[Source] = &[
    Keys(&[Key::OpenInferenceOutput]),
    Rule(gemini_cli::outputs),
    Rule(claude_code::outputs),
    Keys(&[
        Key::GenAiOutputMessages,
        Key::GenAiToolResult,
        Key::GenAiRetrievalDocuments,
        Key::GenAiMemoryRecords,
    ]),
    Keys(&[Key::TraceloopOutput]),
    Rule(traceloop::outputs),
    Keys(&[Key::AdkLlmResponse, Key::AdkToolResponse]),
    Rule(vercel::outputs),
    Keys(&[
        Key::VercelText,
        Key::VercelToolResult,
        Key::VercelToolCalls,
        Key::VercelObject,
        Key::VercelEmbedding,
        Key::VercelEmbeddings,
    ]),
    Keys(&[Key::VoltOutput]),
    Keys(&[
        Key::LiveKitResponseText,
        Key::LiveKitFunctionCalls,
        Key::LiveKitToolOutput,
        Key::LiveKitPiiResponseText,
        Key::LiveKitPiiFunctionCalls,
        Key::LiveKitPiiToolOutput,
    ]),
    Keys(&[Key::LaminarOutput]),
    Keys(&[Key::LangfuseOutput, Key::LangfuseTraceOutput]),
    Keys(&[Key::HaystackOutput, Key::HaystackPipelineOutput]),
    Keys(&[Key::PydanticToolResponse, Key::PydanticFinalResult]),
    Keys(&[Key::LangSmithOutput]),
    Keys(&[Key::McpResponse]),
    Rule(message_events::spring_outputs),
    Rule(message_events::outputs),
    Rule(claude_code::event_outputs),
];

pub(crate) fn inputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    own_or_first(found, Key::SpanInputs, INPUTS)
}

pub(crate) fn outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    own_or_first(found, Key::SpanOutputs, OUTPUTS)
}

/// What an MLflow client recorded is final, even when it recorded nothing.
fn own_or_first<'a>(found: &Found<'a>, own: Key, sources: &[Source]) -> Option<Field<'a>> {
    match found.get(own) {
        Some(Value::Null) => None,
        Some(value) => Some(Field::Attribute(own.name(), value)),
        None => sources.iter().find_map(|source| match source {
            Keys(keys) => found
                .first_content(keys)
                .map(|(name, value)| Field::Attribute(name, value)),
            Rule(rule) => rule(found),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    fn check(keys: &[Key], find: for<'a> fn(&Found<'a>) -> Option<Field<'a>>) {
        for key in keys {
            let span = span([(key.name(), "content".into())]);
            assert_eq!(
                find(&Found::of(&span)),
                Some(Field::Attribute(key.name(), &"content".into()))
            );
        }
    }

    #[test]
    fn every_plain_attribute_is_read_on_its_own() {
        for source in INPUTS {
            if let Keys(keys) = source {
                check(keys, inputs);
            }
        }
        for source in OUTPUTS {
            if let Keys(keys) = source {
                check(keys, outputs);
            }
        }
        check(&[Key::SpanInputs], inputs);
        check(&[Key::SpanOutputs], outputs);
    }

    #[test]
    fn empty_values_do_not_end_the_search() {
        let span = span([
            ("input.value", "".into()),
            ("gcp.vertex.agent.llm_request", "{}".into()),
            ("gcp.vertex.agent.tool_call_args", Value::Array(Vec::new())),
            ("input", 0.into()),
            ("lmnr.span.input", "found".into()),
        ]);
        assert_eq!(
            inputs(&Found::of(&span)),
            Some(Field::Attribute("lmnr.span.input", &"found".into()))
        );
    }

    #[test]
    fn what_the_client_recorded_wins_even_when_it_is_nothing() {
        let span = span([
            ("mlflow.spanOutputs", Value::Null),
            ("output.value", "x".into()),
        ]);
        assert_eq!(outputs(&Found::of(&span)), None);
    }
}
