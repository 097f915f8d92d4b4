//! Messages and model calls as `LangChain`'s tracer writes them.

use serde_json::{Value as Json, json};

use crate::demo::dice::Dice;
use crate::demo::step::{Step, answer_time_ms, tokens_of};

/// One message of a conversation.
#[derive(Clone, Debug)]
pub(super) struct Message {
    role: Role,
    text: String,
    call: Option<Call>,
}

#[derive(Clone, Copy, Debug)]
enum Role {
    User,
    Assistant,
    Tool,
}

/// The tool a message calls, or whose result it is.
#[derive(Clone, Debug)]
struct Call {
    id: String,
    tool: String,
    arguments: String,
}

impl Message {
    pub(super) fn user(text: &str) -> Self {
        Self {
            role: Role::User,
            text: text.to_owned(),
            call: None,
        }
    }

    pub(super) fn assistant(text: &str) -> Self {
        Self {
            role: Role::Assistant,
            text: text.to_owned(),
            call: None,
        }
    }

    pub(super) fn tool_call(tool: &str, arguments: &str, dice: &mut Dice) -> Self {
        let id = format!("call_{:016x}", dice.next());
        let call = Call {
            id,
            tool: tool.to_owned(),
            arguments: arguments.to_owned(),
        };
        Self {
            role: Role::Assistant,
            text: String::new(),
            call: Some(call),
        }
    }

    /// The result of what `call` asked for.
    pub(super) fn tool(text: &str, call: &Self) -> Self {
        Self {
            role: Role::Tool,
            text: text.to_owned(),
            call: call.call.clone(),
        }
    }

    /// As a node of the graph passes it on.
    pub(super) fn to_graph(&self) -> Json {
        let common = |kind: &str| json!({"content": self.text, "additional_kwargs": {}, "response_metadata": {}, "type": kind});
        match (self.role, &self.call) {
            (Role::User, _) => common("human"),
            (Role::Tool, Some(call)) => {
                let mut message = common("tool");
                message["name"] = json!(call.tool);
                message["tool_call_id"] = json!(call.id);
                message["status"] = json!("success");
                message
            }
            (Role::Assistant, Some(call)) => {
                let mut message = common("ai");
                let arguments: Json = serde_json::from_str(&call.arguments).unwrap_or_default();
                message["tool_calls"] = json!([{"name": call.tool, "args": arguments, "id": call.id, "type": "tool_call"}]);
                message
            }
            (Role::Assistant | Role::Tool, None) => common("ai"),
        }
    }

    /// As the model's API takes it.
    fn to_api(&self) -> Json {
        match (self.role, &self.call) {
            (Role::User, _) => json!({"role": "user", "content": self.text}),
            (Role::Tool, Some(call)) => {
                json!({"role": "tool", "content": self.text, "tool_call_id": call.id})
            }
            (Role::Assistant, Some(call)) => json!({
                "role": "assistant",
                "content": null,
                "tool_calls": [{
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.tool, "arguments": call.arguments},
                }],
            }),
            (Role::Assistant | Role::Tool, None) => {
                json!({"role": "assistant", "content": self.text})
            }
        }
    }

    fn tokens(&self) -> u64 {
        let arguments = self
            .call
            .as_ref()
            .map_or(0, |call| tokens_of(&call.arguments));
        tokens_of(&self.text) + arguments
    }
}

pub(super) fn graph_messages(messages: &[Message]) -> Vec<Json> {
    messages.iter().map(Message::to_graph).collect()
}

/// One call of a model.
pub(super) struct ChatOpenAi<'a> {
    model: &'a str,
    node: &'a str,
    prompt: &'a str,
    asked: &'a [Message],
    reply: &'a Message,
}

impl<'a> ChatOpenAi<'a> {
    pub(super) fn new(
        model: &'a str,
        node: &'a str,
        prompt: &'a str,
        asked: &'a [Message],
        reply: &'a Message,
    ) -> Self {
        Self {
            model,
            node,
            prompt,
            asked,
            reply,
        }
    }

    pub(super) fn step(&self, dice: &mut Dice) -> Step {
        let Self {
            model,
            node,
            prompt,
            asked,
            reply,
        } = self;
        let system = json!({"role": "system", "content": prompt});
        let messages: Vec<Json> = std::iter::once(system)
            .chain(asked.iter().map(Message::to_api))
            .collect();
        let input: u64 = tokens_of(prompt) + asked.iter().map(Message::tokens).sum::<u64>();
        let output = reply.tokens();
        let finish = if reply.call.is_some() {
            "tool_calls"
        } else {
            "stop"
        };
        let parameters = json!({"model": model, "model_name": model, "stream": false, "temperature": 0.1, "_type": "openai-chat"});
        let metadata = json!({
            "ls_integration": "langchain_chat_model",
            "langgraph_node": node,
            "ls_provider": "openai",
            "ls_model_name": model,
            "ls_model_type": "chat",
            "ls_temperature": 0.1,
        });
        let usage =
            json!({"input_tokens": input, "output_tokens": output, "total_tokens": input + output});
        Step::new("ChatOpenAI")
            .with("mlflow.spanType", "CHAT_MODEL")
            .with("mlflow.message.format", "langchain")
            .with("mlflow.llm.model", *model)
            .with("mlflow.llm.provider", "openai")
            .with_json("mlflow.chat.tokenUsage", usage)
            .with_json("mlflow.spanInputs", json!({"messages": messages}))
            .with_json(
                "mlflow.spanOutputs",
                json!({"choices": [{"message": reply.to_api(), "finish_reason": finish}]}),
            )
            .with_json("invocation_params", parameters)
            .with_json("metadata", metadata)
            .with("batch_size", 1)
            .with("mlflow.spanLogLevel", 20)
            .lasting_ms(answer_time_ms(
                output,
                if *model == "gpt-4o" { 13 } else { 7 },
                dice,
            ))
    }
}
