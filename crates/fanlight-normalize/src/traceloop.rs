//! Messages in numbered attributes, as older Traceloop / OpenLLMetry writes them.

use crate::content::Field;
use crate::found::{Found, has_content};
use crate::keys::{TRACELOOP_COMPLETIONS, TRACELOOP_PROMPTS};

/// Content of the first message; for a span that only calls tools, the arguments of its first call.
pub(crate) fn inputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    first(found, TRACELOOP_PROMPTS, content_number)
        .or_else(|| first(found, TRACELOOP_PROMPTS, user_number))
        .or_else(|| first(found, TRACELOOP_COMPLETIONS, call_number))
}

pub(crate) fn outputs<'a>(found: &Found<'a>) -> Option<Field<'a>> {
    first(found, TRACELOOP_COMPLETIONS, content_number)
}

/// Of the attributes that start with `prefix`, the one with the lowest number that says something.
fn first<'a>(
    found: &Found<'a>,
    prefix: &str,
    number: fn(&str) -> Option<(u32, u32)>,
) -> Option<Field<'a>> {
    if !found.has_numbered_messages {
        return None;
    }
    let numbered = found.span.attributes.iter().filter_map(|(name, value)| {
        let number = number(name.strip_prefix(prefix)?)?;
        has_content(value).then_some((number, name, value))
    });
    numbered
        .min_by_key(|(number, ..)| *number)
        .map(|(_, name, value)| Field::Attribute(name, value))
}

/// `<n>.content`
fn content_number(rest: &str) -> Option<(u32, u32)> {
    Some((rest.strip_suffix(".content")?.parse().ok()?, 0))
}

/// `<n>.user`, which is how the instrumentors of Replicate and watsonx.ai write a prompt.
fn user_number(rest: &str) -> Option<(u32, u32)> {
    Some((rest.strip_suffix(".user")?.parse().ok()?, 0))
}

/// `<n>.tool_calls.<m>.arguments`
fn call_number(rest: &str) -> Option<(u32, u32)> {
    let (message, call) = rest
        .strip_suffix(".arguments")?
        .split_once(".tool_calls.")?;
    Some((message.parse().ok()?, call.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    #[test]
    fn the_message_with_the_lowest_number_counts() {
        let span = span([
            ("gen_ai.prompt.10.content", "later".into()),
            ("gen_ai.prompt.2.content", "first".into()),
            ("gen_ai.prompt.0.role", "user".into()),
            ("gen_ai.completion.0.content", "answer".into()),
        ]);
        let found = Found::of(&span);
        assert_eq!(
            inputs(&found),
            Some(Field::Attribute("gen_ai.prompt.2.content", &"first".into()))
        );
        assert_eq!(
            outputs(&found),
            Some(Field::Attribute(
                "gen_ai.completion.0.content",
                &"answer".into()
            ))
        );
    }

    #[test]
    fn a_prompt_may_stand_under_its_role() {
        let span = span([
            ("gen_ai.prompt.0.user", "Hello".into()),
            ("gen_ai.completion.0.content", "answer".into()),
        ]);
        let expected = Field::Attribute("gen_ai.prompt.0.user", &"Hello".into());
        assert_eq!(inputs(&Found::of(&span)), Some(expected));
    }

    #[test]
    fn arguments_of_a_tool_call_stand_in_for_a_prompt() {
        let span = span([(
            "gen_ai.completion.0.tool_calls.0.arguments",
            "{\"a\":1}".into(),
        )]);
        let found = Found::of(&span);
        let expected = Field::Attribute(
            "gen_ai.completion.0.tool_calls.0.arguments",
            &"{\"a\":1}".into(),
        );
        assert_eq!(inputs(&found), Some(expected));
        assert_eq!(outputs(&found), None);
    }
}
