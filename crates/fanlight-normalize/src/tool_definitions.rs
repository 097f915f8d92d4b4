//! The tools a model may call, in one form whoever defines them.

use fanlight_model::{Span, Value};

use crate::content;
use crate::document::{at, first_member, first_text, items, member};
use crate::found::Found;
use crate::json_text::decode_json_text;
use crate::messages::numbered;

/// What a model is told about a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    /// `function`, or the provider's name of a tool it runs itself.
    pub kind: String,
    pub name: String,
    pub description: Option<String>,
    /// JSON Schema of the arguments.
    pub parameters: Option<Value>,
}

/// Attributes that hold a list of definitions, in the order they are asked; the first that has some counts.
const ATTRIBUTES: &[&str] = &[
    "mlflow.chat.tools",
    "gen_ai.tool.definitions",
    "ai.prompt.tools",
    "gen_ai.request.tools",
    "gen_ai.agent.tools",
    "lk.function_tools",
    "model_request_parameters",
    "llm.request.functions",
];
/// Attributes with these prefixes and a number, one definition each: OpenInference, OpenLLMetry.
const NUMBERED: &[&str] = &["llm.tools.", "llm.request.functions."];
/// Where requests have their definitions.
const PLACES: &[&[&str]] = &[
    &["tools"],
    &["function_tools"],
    &["functions"],
    &["config", "tools"],
    &["toolConfig", "tools"],
    &["invocation_params", "tools"],
    &["request_data", "tools"],
];
/// Requests that are attributes of their own.
const REQUESTS: &[&str] = &[
    "invocation_params",
    "llm.invocation_parameters",
    "request_data",
];
/// Attributes that describe the tool of a span that runs one.
const NAME: &[&str] = &["name"];
const PARAMETERS: &[&str] = &[
    "parameters",
    "input_schema",
    "inputSchema",
    "parameters_json_schema",
    "parametersJsonSchema",
    "json_schema",
    "args_schema",
    "parameter_definitions",
];

/// Definitions of the tools that the model of this span may call.
pub fn tool_definitions(span: &Span) -> Vec<ToolDefinition> {
    let from_attributes = ATTRIBUTES.iter().map(|name| {
        let value = span.attributes.get(name);
        value.map_or_else(Vec::new, |value| definitions(&decode_json_text(value)))
    });
    let from_numbers = NUMBERED.iter().map(|prefix| {
        let listed = numbered::list(span, prefix);
        listed.iter().flat_map(definition).collect()
    });
    let from_requests = REQUESTS
        .iter()
        .map(|name| span.attributes.get(name).map_or_else(Vec::new, in_request));
    let found = Found::of(span);
    from_attributes
        .chain(from_numbers)
        .chain(from_requests)
        .chain(std::iter::once_with(|| {
            content::inputs(&found).map_or_else(Vec::new, |inputs| in_request(inputs.value()))
        }))
        .find(|definitions| !definitions.is_empty())
        .unwrap_or_default()
}

fn in_request(request: &Value) -> Vec<ToolDefinition> {
    let request = decode_json_text(request);
    let lists = PLACES.iter().filter_map(|path| at(&request, path));
    lists
        .map(|list| definitions(&decode_json_text(list)))
        .find(|definitions| !definitions.is_empty())
        .unwrap_or_default()
}

fn definitions(value: &Value) -> Vec<ToolDefinition> {
    match value {
        Value::Array(list) => list.iter().flat_map(definition).collect(),
        Value::Map(_) if member(value, "function_tools").is_some() => {
            member(value, "function_tools").map_or_else(Vec::new, definitions)
        }
        // `{"get_weather": {…}}`
        Value::Map(members) => members
            .iter()
            .filter(|(_, described)| first_member(described, PARAMETERS).is_some())
            .flat_map(|(name, described)| described_by(described, Some(name)))
            .collect(),
        _ => Vec::new(),
    }
}

fn definition(value: &Value) -> Vec<ToolDefinition> {
    let value = decode_json_text(value);
    match value.as_ref() {
        // Strands has names alone.
        Value::String(name) if is_name(name) => vec![ToolDefinition {
            kind: "function".to_owned(),
            name: name.clone(),
            description: None,
            parameters: None,
        }],
        Value::Map(_) => described_by(&value, None),
        _ => Vec::new(),
    }
}

/// A definition of OpenAI, Anthropic, Bedrock, OpenInference, or Gemini's group of several.
fn described_by(value: &Value, name: Option<&str>) -> Vec<ToolDefinition> {
    let group = first_member(value, &["functionDeclarations", "function_declarations"]);
    if let Some(group) = group {
        return items(group).iter().flat_map(definition).collect();
    }
    let inner = ["function", "toolSpec", "tool"]
        .iter()
        .filter_map(|name| member(value, name))
        .find(|inner| matches!(inner, Value::Map(_)));
    if let Some(inner) = inner {
        return described_by(inner, name);
    }
    let schema =
        first_member(value, PARAMETERS).map(|schema| decode_json_text(schema).into_owned());
    if let Some(schema) = &schema
        && (member(schema, "function").is_some()
            || member(schema, "input_schema").is_some()
            || (first_text(value, NAME).is_none() && member(schema, "name").is_some()))
    {
        return described_by(schema, name);
    }
    let kind = first_text(value, &["type", "kind"]).unwrap_or("function");
    let Some(name) = first_text(value, NAME).or(name).or_else(|| built_in(kind)) else {
        return Vec::new();
    };
    // Bedrock: `{"json": {…}}`.
    let parameters = schema.map(|schema| member(&schema, "json").cloned().unwrap_or(schema));
    vec![ToolDefinition {
        kind: if kind == "custom" { "function" } else { kind }.to_owned(),
        name: name.to_owned(),
        description: first_text(value, &["description"]).map(str::to_owned),
        parameters,
    }]
}

/// A tool the provider runs is named by its type alone.
fn built_in(kind: &str) -> Option<&str> {
    (kind != "function" && kind != "object").then_some(kind)
}

fn is_name(text: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || "_-.".contains(character);
    !text.is_empty() && text.len() <= 128 && text.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{json, span};

    /// The same tool as every provider defines it.
    #[test]
    fn a_tool_is_the_same_in_every_spelling() {
        let schema = r#"{"type": "object", "properties": {"city": {"type": "string"}}}"#;
        let expected = [ToolDefinition {
            kind: "function".to_owned(),
            name: "get_weather".to_owned(),
            description: Some("Weather.".to_owned()),
            parameters: Some(json(schema)),
        }];
        let said = r#""name": "get_weather", "description": "Weather.""#;
        let requests = [
            format!(
                r#"{{"tools": [{{"type": "function", "function": {{{said}, "parameters": {schema}}}}}]}}"#
            ),
            format!(r#"{{"tools": [{{"type": "function", {said}, "parameters": {schema}}}]}}"#),
            format!(r#"{{"tools": [{{{said}, "input_schema": {schema}}}]}}"#),
            format!(
                r#"{{"config": {{"tools": [{{"function_declarations": [{{{said}, "parameters": {schema}}}]}}]}}}}"#
            ),
            format!(
                r#"{{"toolConfig": {{"tools": [{{"toolSpec": {{{said}, "inputSchema": {{"json": {schema}}}}}}}]}}}}"#
            ),
        ];
        for request in requests {
            let span = span([("input.value", request.as_str().into())]);
            assert_eq!(tool_definitions(&span), expected, "{request}");
        }
        let numbered =
            format!(r#"{{"type": "function", "function": {{{said}, "parameters": {schema}}}}}"#);
        let span = span([("llm.tools.0.tool.json_schema", numbered.as_str().into())]);
        assert_eq!(tool_definitions(&span), expected);
    }

    #[test]
    fn a_tool_of_the_provider_is_named_by_its_type() {
        let span = span([("mlflow.chat.tools", r#"[{"type": "web_search"}]"#.into())]);
        let tools = tool_definitions(&span);
        assert_eq!(
            (tools[0].kind.as_str(), tools[0].name.as_str()),
            ("web_search", "web_search")
        );
    }
}
