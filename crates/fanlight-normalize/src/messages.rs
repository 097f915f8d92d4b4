//! The conversation a span is part of: what went in and what came out, as messages of one type.
//!
//! Computed when somebody reads a span, never when it arrives. Where messages come from is the table below; how each
//! provider writes them is in `messages/payload.rs` (requests and responses), `item.rs` (one message), `part.rs` (one
//! piece of it), `tool.rs` and `media.rs`.

mod events;
mod item;
mod media;
mod message;
pub(crate) mod numbered;
mod part;
mod payload;
mod stream;
mod tool;

use fanlight_model::{Span, Value};

pub use message::{Message, Modality, Part};

use self::payload::{Reader, Side};
use crate::content;
use crate::finish_reason::finish_reasons;
use crate::found::Found;
use crate::keys::{
    Key, OPEN_INFERENCE_INPUT_MESSAGES, OPEN_INFERENCE_OUTPUT_MESSAGES, OPEN_INFERENCE_PROMPTS,
    TRACELOOP_COMPLETIONS, TRACELOOP_PROMPTS,
};
use crate::span_type::span_type;

/// Types of spans that call a model, so that text alone is a prompt or an answer.
const MODEL_CALLS: [&str; 2] = ["LLM", "CHAT_MODEL"];
/// Types of spans whose content is arguments and results.
const NO_CONVERSATION: [&str; 4] = ["TOOL", "RETRIEVER", "RERANKER", "EMBEDDING"];
const SYSTEM: &str = "system";
const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";

/// Messages of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conversation {
    pub input: Vec<Message>,
    /// Without the input, which agents return together with what they added.
    pub output: Vec<Message>,
}

/// One place to look.
enum Source {
    /// An attribute; the event that may stand in for attributes has it as well.
    Attribute(&'static str),
    /// Attributes with this prefix and a number.
    Numbered(&'static str),
    Events(fn(&Span) -> Vec<Message>),
    /// The whole run of an agent in one list.
    WholeRun(Key),
    /// Inputs or outputs as a reader sees them.
    Content,
}
use Source::{Attribute, Content, Events, Numbered, WholeRun};

/// In the order they are asked; the first that has messages counts.
const INPUTS: &[Source] = &[
    Attribute("mlflow.spanInputs"),
    Attribute("gen_ai.input.messages"),
    Numbered(OPEN_INFERENCE_INPUT_MESSAGES),
    WholeRun(Key::PydanticAllMessages),
    WholeRun(Key::PydanticAllMessagesEvents),
    Numbered(TRACELOOP_PROMPTS),
    Events(events::inputs),
    Content,
    Numbered(OPEN_INFERENCE_PROMPTS),
];
const OUTPUTS: &[Source] = &[
    Attribute("mlflow.spanOutputs"),
    Attribute("gen_ai.output.messages"),
    Numbered(OPEN_INFERENCE_OUTPUT_MESSAGES),
    WholeRun(Key::PydanticAllMessages),
    WholeRun(Key::PydanticAllMessagesEvents),
    Numbered(TRACELOOP_COMPLETIONS),
    Events(events::outputs),
    Content,
];

/// Reads the messages of a span in the light of all conventions. Functions that take and return plain text or plain
/// JSON have none.
pub fn conversation(span: &Span) -> Conversation {
    let found = Found::of(span);
    let span_type = span_type(&found).unwrap_or_default();
    if NO_CONVERSATION.contains(&span_type.as_ref()) {
        return Conversation::default();
    }
    let look = Look {
        found: &found,
        is_model_call: MODEL_CALLS.contains(&span_type.as_ref()),
    };
    let input = look.messages(Side::Input, INPUTS);
    let output = look.messages(Side::Output, OUTPUTS);
    let (input, mut output) = apart(with_instructions(span, input), output);
    if let [answer] = output.as_mut_slice()
        && answer.finish_reason.is_none()
        && look.is_model_call
    {
        answer.finish_reason = finish_reasons(span).into_iter().next();
    }
    Conversation { input, output }
}

pub fn input_messages(span: &Span) -> Vec<Message> {
    conversation(span).input
}

pub fn output_messages(span: &Span) -> Vec<Message> {
    conversation(span).output
}

struct Look<'a, 'b> {
    found: &'b Found<'a>,
    is_model_call: bool,
}

impl Look<'_, '_> {
    /// Text without a role is asked for last: any other place with messages says more.
    fn messages(&self, side: Side, sources: &[Source]) -> Vec<Message> {
        let strict = Reader {
            side,
            is_model_call: false,
        };
        let lenient = Reader {
            side,
            is_model_call: true,
        };
        let readers = [Some(strict), self.is_model_call.then_some(lenient)];
        readers
            .into_iter()
            .flatten()
            .flat_map(|reader| sources.iter().map(move |source| (reader, source)))
            .map(|(reader, source)| self.read(reader, source))
            .find(|messages| !messages.is_empty())
            .unwrap_or_default()
    }

    fn read(&self, reader: Reader, source: &Source) -> Vec<Message> {
        let span = self.found.span;
        let read =
            |value: Option<&Value>| value.map_or_else(Vec::new, |value| reader.messages(value));
        match source {
            Attribute(name) => read(
                span.attributes
                    .get(name)
                    .or_else(|| events::detail(span, name)),
            ),
            // A chain's own list is cut short by some instrumentation; its content is whole.
            Numbered(OPEN_INFERENCE_INPUT_MESSAGES | OPEN_INFERENCE_OUTPUT_MESSAGES)
                if !self.is_model_call && !reader.messages_of_content(self.found).is_empty() =>
            {
                Vec::new()
            }
            Numbered(prefix) => read(Some(&Value::Array(numbered::list(span, prefix)))),
            Events(read) => read(span),
            WholeRun(key) => part_of_run(reader, self.found.get(*key)),
            Content => reader.messages_of_content(self.found),
        }
    }
}

impl Reader {
    fn messages_of_content(self, found: &Found<'_>) -> Vec<Message> {
        let content = match self.side {
            Side::Input => content::inputs(found),
            Side::Output => content::outputs(found),
        };
        content.map_or_else(Vec::new, |content| self.messages(content.value()))
    }
}

/// A run ends with what the agent answered; all before is what led there.
fn part_of_run(reader: Reader, run: Option<&Value>) -> Vec<Message> {
    let mut messages = run.map_or_else(Vec::new, |run| reader.messages(run));
    let is_answered = messages
        .last()
        .is_some_and(|last| last.role == item::ASSISTANT);
    let answer = if is_answered { messages.pop() } else { None };
    match reader.side {
        Side::Input => messages,
        Side::Output => answer.into_iter().collect(),
    }
}

fn with_instructions(span: &Span, mut messages: Vec<Message>) -> Vec<Message> {
    let Some(instructions) = span
        .attributes
        .get(SYSTEM_INSTRUCTIONS)
        .or_else(|| events::detail(span, SYSTEM_INSTRUCTIONS))
    else {
        return messages;
    };
    let parts = item::content_parts(&crate::json_text::decode_json_text(instructions));
    if !parts.is_empty() && messages.first().is_none_or(|first| first.parts != parts) {
        messages.insert(0, Message::new("system", parts));
    }
    messages
}

/// Takes what an agent was given out of what it returned, if that is how its output begins. Instructions between count
/// as given.
fn apart(mut input: Vec<Message>, mut output: Vec<Message>) -> (Vec<Message>, Vec<Message>) {
    let is_same = |a: &Message, b: &Message| a.role == b.role && a.parts == b.parts;
    let mut given = input
        .iter()
        .filter(|message| message.role != SYSTEM)
        .peekable();
    if given.peek().is_none() {
        return (input, output);
    }
    let repeated = output
        .iter()
        .take_while(|message| {
            message.role == SYSTEM || given.next_if(|next| is_same(next, message)).is_some()
        })
        .count();
    if given.peek().is_some() || repeated == output.len() {
        return (input, output);
    }
    let said = output.split_off(repeated);
    if input.iter().all(|message| message.role != SYSTEM) {
        output.retain(|message| message.role == SYSTEM);
        input.splice(0..0, output);
    }
    (input, said)
}
