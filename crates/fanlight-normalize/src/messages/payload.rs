//! The messages in what a model or an agent was given and gave back, whoever's request or response it is.
//!
//! Shapes are told apart by their members, not by who claims to have sent them: an attribute that holds a request of
//! OpenAI looks the same in every convention.

use fanlight_model::Value;

use super::item::{self, ASSISTANT};
use super::message::{Message, Part};
use super::{part, stream};
use crate::document::{at, entries, first_member, items, member, text};
use crate::json_text::decode_json_text;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

/// What is read from, and how much may be taken for a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) side: Side,
    /// The span calls a model: text without a role is what was asked or answered. Elsewhere it is just text.
    pub(super) is_model_call: bool,
}

/// Instructions beside the messages, by request: Anthropic, Vercel and Bedrock, Responses, Gemini, Cohere.
const SYSTEM: &[&[&str]] = &[
    &["system"],
    &["instructions"],
    &["system_instruction"],
    &["systemInstruction"],
    &["config", "system_instruction"],
    &["config", "systemInstruction"],
    &["preamble"],
    &["system_prompt"],
];
/// Lists of messages, by request. The first that has some counts.
const INPUT_LISTS: &[&str] = &[
    "messages",
    "input",
    "contents",
    "prompt",
    "history",
    "chat_history",
    "message_history",
    "items",
];
/// What comes after the history, by request: LlamaIndex, Pydantic AI.
const LATEST: &[&str] = &["user_msg", "user_prompt"];
/// What frameworks put around a request or a response.
const WRAPPERS: &[&str] = &[
    "inputs",
    "input",
    "request",
    "kwargs",
    "outputs",
    "output",
    "response",
    "result",
    "message",
    "chat_message",
    "data",
    "body",
    "params",
    "modelInput",
    "modelOutput",
    "ev",
    "new_messages",
    "_state",
    "args",
];
/// Where a model call keeps text that is no message.
const PLAIN: &[&str] = &[
    "text",
    "prompt",
    "completion",
    "response",
    "content",
    "output",
];
const MAX_DEPTH: usize = 6;

impl Reader {
    /// All messages in `value`, in order; none when it holds something else.
    pub(super) fn messages(self, value: &Value) -> Vec<Message> {
        let decoded = decode_json_text(value);
        let mut messages = self.read(&decoded, MAX_DEPTH);
        if messages.is_empty() && self.is_model_call {
            messages.extend(self.plain(&decoded));
        }
        merge_steps(messages)
    }

    fn read(self, value: &Value, depth: usize) -> Vec<Message> {
        if depth == 0 {
            return Vec::new();
        }
        match value {
            Value::Array(list) => self.list(list, depth),
            Value::Map(_) => self.object(value, depth),
            // JSON within JSON, as some frameworks nest it.
            Value::String(text) => crate::json_text::decode(text)
                .filter(|inner| !matches!(inner, Value::String(_)))
                .map_or_else(Vec::new, |inner| self.read(&inner, depth - 1)),
            _ => Vec::new(),
        }
    }

    fn list(self, list: &[Value], depth: usize) -> Vec<Message> {
        if list.is_empty() {
            return Vec::new();
        }
        // LangChain keeps a list for each request of a batch.
        if list.iter().all(|inner| matches!(inner, Value::Array(_))) {
            return list
                .iter()
                .flat_map(|inner| self.read(inner, depth - 1))
                .collect();
        }
        if let Some(message) = stream::gathered(list) {
            return self.read(&message, depth - 1);
        }
        if list.iter().any(item::is_message) {
            let said = list.iter().filter(|item| is_said(item));
            return without_repeats(said.flat_map(|item| self.listed(item)).collect());
        }
        // LangGraph: what a node changes of the state.
        let updates: Vec<_> = list
            .iter()
            .filter_map(|item| member(item, "update"))
            .collect();
        if !updates.is_empty() {
            return updates
                .into_iter()
                .flat_map(|update| self.read(update, depth - 1))
                .collect();
        }
        if list.iter().all(part::is_part) && self.may_be_bare(list) {
            let parts = list.iter().flat_map(part::read_or_keep).collect();
            return vec![Message::new(self.role(), parts)];
        }
        Vec::new()
    }

    /// A list of parts without a message around it: what a model said, or a call or result that cannot be anything else.
    fn may_be_bare(self, list: &[Value]) -> bool {
        let names_a_tool = |item: &Value| member(item, "toolUse").is_some();
        self.is_model_call || list.iter().any(names_a_tool)
    }

    fn listed(self, value: &Value) -> Vec<Message> {
        match value {
            Value::Map(_) => item::read(value),
            Value::String(text) => vec![Message::new(self.role(), vec![Part::Text(text.clone())])],
            _ => Vec::new(),
        }
    }

    fn object(self, value: &Value, depth: usize) -> Vec<Message> {
        if let Some(answers) = answers(value) {
            return answers;
        }
        if item::is_message(value) {
            return item::read(value);
        }
        let mut messages = self.request(value, depth);
        if !messages.is_empty() {
            messages.splice(0..0, system(value));
            return messages;
        }
        let wrapped = WRAPPERS.iter().filter_map(|name| member(value, name));
        let only = match entries(value) {
            // Haystack: `{"llm": {"messages": […]}}`.
            [(_, only @ Value::Map(_))] => Some(only),
            _ => None,
        };
        wrapped
            .chain(only)
            .map(|inner| self.read(inner, depth - 1))
            .find(|messages| !messages.is_empty())
            .unwrap_or_default()
    }

    /// The lists of a request, or of a state that has the shape of one.
    fn request(self, value: &Value, depth: usize) -> Vec<Message> {
        // A text is a prompt only in a request that names its model.
        let is_request = self.is_model_call || member(value, "model").is_some();
        for name in INPUT_LISTS {
            let Some(list) = member(value, name) else {
                continue;
            };
            let messages = match list {
                Value::String(text) if is_request && crate::json_text::decode(text).is_none() => {
                    vec![Message::new("user", vec![Part::Text(text.clone())])]
                }
                Value::Map(_) if is_gemini_content(list) => item::read(list),
                Value::Array(parts) if *name == "contents" && is_gemini_list(parts) => {
                    gemini_list(parts)
                }
                list => self.read(list, depth - 1),
            };
            if !messages.is_empty() {
                return messages.into_iter().chain(latest(value)).collect();
            }
        }
        latest(value).into_iter().collect()
    }

    /// What a model call took or gave, for want of messages.
    fn plain(self, value: &Value) -> Option<Message> {
        match value {
            Value::Array(texts) => {
                let texts: Option<Vec<_>> = texts.iter().map(Value::as_str).collect();
                self.said(&texts?.join("\n"))
            }
            Value::Map(_) => self.plain_member(value),
            other => self.said(other.as_str()?),
        }
    }

    fn plain_member(self, value: &Value) -> Option<Message> {
        if let Some(calls) = member(value, "toolCalls") {
            return Some(vercel_answer(value, calls));
        }
        if let Some(content) = member(value, "content").filter(|content| !items(content).is_empty())
        {
            let message = Message::new(self.role(), item::content_parts(content));
            return with_reason(vec![message], value).pop();
        }
        let mut texts = PLAIN.iter().filter_map(|name| text(value, name));
        let said = texts.find_map(|text| self.said(text));
        said.and_then(|message| with_reason(vec![message], value).pop())
            .or_else(|| self.plain(member(value, "args")?))
    }

    fn said(self, text: &str) -> Option<Message> {
        let says_something = !text.is_empty() && text != "null" && !is_python_object(text);
        says_something.then(|| Message::new(self.role(), vec![Part::Text(text.to_owned())]))
    }

    const fn role(self) -> &'static str {
        match self.side {
            Side::Input => "user",
            Side::Output => ASSISTANT,
        }
    }
}

/// Pydantic AI repeats its instructions with every request.
fn without_repeats(mut messages: Vec<Message>) -> Vec<Message> {
    let mut seen: Vec<Vec<Part>> = Vec::new();
    messages.retain(|message| {
        if message.role != "system" {
            return true;
        }
        let is_new = !seen.contains(&message.parts);
        if is_new {
            seen.push(message.parts.clone());
        }
        is_new
    });
    messages
}

/// Langfuse lists the tools a model may call among its messages, LiveKit how its agents change.
fn is_said(value: &Value) -> bool {
    let is_change = matches!(
        text(value, "type"),
        Some("agent_config_update" | "agent_handoff")
    );
    !is_change && at(value, &["content", "function", "parameters"]).is_none()
}

/// `{"text": …, "toolCalls": […], "finishReason": …}` of Vercel's SDK.
fn vercel_answer(value: &Value, calls: &Value) -> Message {
    let text = text(value, "text").filter(|text| !text.is_empty());
    let text = text.map(|text| Part::Text(text.to_owned()));
    let calls = items(calls).iter().filter_map(super::tool::call);
    let mut message = Message::new(ASSISTANT, text.into_iter().chain(calls).collect());
    message.finish_reason = item::finish_reason(value);
    message
}

/// `<openai.Stream object at 0x7f…>`: what is left of an answer that nobody recorded.
fn is_python_object(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>') && text.contains(" at 0x")
}

fn system(value: &Value) -> Option<Message> {
    let instructions = SYSTEM.iter().find_map(|path| at(value, path))?;
    let parts = item::content_parts(instructions);
    let is_said = parts
        .iter()
        .all(|part| matches!(part, Part::Text(_) | Part::Blob { .. } | Part::Uri { .. }));
    (!parts.is_empty() && is_said).then(|| Message::new("system", parts))
}

fn latest(value: &Value) -> Option<Message> {
    // `message` is too common a word to be Cohere's without its model or history.
    let is_cohere = first_member(value, &["model", "chat_history"]).is_some();
    let cohere = is_cohere.then_some("message");
    let names = LATEST.iter().copied().chain(cohere);
    names
        .filter_map(|name| text(value, name))
        .find(|text| !text.is_empty())
        .map(|text| Message::new("user", vec![Part::Text(text.to_owned())]))
}

/// Responses that list their answers: `choices`, `candidates`, `generations`, `replies`, and Gemini's and Bedrock's
/// single ones.
fn answers(value: &Value) -> Option<Vec<Message>> {
    if let Some(list) = first_member(value, &["choices", "candidates", "replies", "generations"]) {
        let answers: Vec<_> = items(list).iter().flat_map(answer).collect();
        return (!answers.is_empty()).then_some(answers);
    }
    // Responses: items, most of which are no messages.
    if let Some(output) = member(value, "output")
        && items(output).iter().any(is_output_item)
    {
        let messages = items(output).iter().flat_map(item::read).collect();
        return Some(with_reason(messages, value));
    }
    // Bedrock: `{"output": {"message": …}, "stopReason": …}`; Cohere, Ollama: `{"message": …}`.
    let single = at(value, &["output", "message"]).or_else(|| member(value, "message"));
    if let Some(message) = single.filter(|message| item::is_message(message)) {
        return Some(with_reason(item::read(message), value));
    }
    let content = member(value, "content").filter(|content| is_gemini_content(content))?;
    Some(with_reason(vec![gemini_answer(content)], value))
}

fn is_output_item(value: &Value) -> bool {
    item::is_response_item(value)
        || (text(value, "type") == Some("message") && item::is_message(value))
}

fn answer(value: &Value) -> Vec<Message> {
    if let Value::Array(batch) = value {
        return batch.iter().flat_map(answer).collect();
    }
    let inner = first_member(value, &["message", "delta"]);
    let messages = match (inner, member(value, "content"), text(value, "text")) {
        (Some(message), ..) => item::read(message),
        (_, Some(content), _) if is_gemini_content(content) => vec![gemini_answer(content)],
        (_, _, Some(text)) => vec![Message::new(ASSISTANT, vec![Part::Text(text.to_owned())])],
        _ if item::is_message(value) => item::read(value),
        _ => Vec::new(),
    };
    with_reason(messages, value)
        .into_iter()
        .map(|mut message| {
            if message.role == "user" {
                ASSISTANT.clone_into(&mut message.role);
            }
            message
        })
        .collect()
}

fn with_reason(mut messages: Vec<Message>, value: &Value) -> Vec<Message> {
    if let Some(last) = messages.last_mut() {
        let incomplete = at(value, &["incomplete_details", "reason"]).and_then(Value::as_str);
        last.finish_reason = last
            .finish_reason
            .take()
            .or_else(|| item::finish_reason(value))
            .or_else(|| incomplete.map(str::to_owned));
    }
    messages
}

fn is_gemini_content(value: &Value) -> bool {
    matches!(member(value, "parts"), Some(Value::Array(_)))
}

fn gemini_answer(content: &Value) -> Message {
    let parts = member(content, "parts").map_or_else(Vec::new, item::content_parts);
    Message::new(ASSISTANT, parts)
}

/// Gemini takes texts and parts where it asks for a list of contents.
fn is_gemini_list(list: &[Value]) -> bool {
    let is_loose = |item: &Value| matches!(item, Value::String(_)) || part::is_part(item);
    list.iter().any(is_gemini_content) || (!list.is_empty() && list.iter().all(is_loose))
}

fn gemini_list(list: &[Value]) -> Vec<Message> {
    if list.iter().any(is_gemini_content) {
        return list.iter().flat_map(item::read).collect();
    }
    let parts = list.iter().flat_map(part::read_or_keep).collect();
    vec![Message::new("user", parts)]
}

/// What a model did in several steps of one answer is one message: thoughts, calls and text of OpenAI's Responses.
fn merge_steps(messages: Vec<Message>) -> Vec<Message> {
    let is_step = |message: &Message| {
        message.role == ASSISTANT
            && message.finish_reason.is_none()
            && message.parts.iter().all(|part| {
                matches!(
                    part,
                    Part::Reasoning(_) | Part::ToolCall { .. } | Part::Other { .. }
                )
            })
    };
    let mut merged: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages {
        match merged.last_mut() {
            Some(last) if message.role == ASSISTANT && is_step(last) => {
                last.parts.extend(message.parts);
                last.finish_reason = message.finish_reason;
                last.name = last.name.take().or(message.name);
            }
            Some(last)
                if last.role == ASSISTANT && last.finish_reason.is_none() && is_step(&message) =>
            {
                last.parts.extend(message.parts);
            }
            _ => merged.push(message),
        }
    }
    merged
}
