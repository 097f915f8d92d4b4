//! Whose request a span belongs to.

use std::borrow::Cow;

use fanlight_model::Value;

use crate::document::first_member;
use crate::found::Found;
use crate::json_text;
use crate::keys::Key;

/// In the order they are asked; what frameworks call a thread or a chat is a session.
const SESSION: &[Key] = &[
    Key::SessionId,
    Key::GenAiConversationId,
    Key::LangfuseSession,
    Key::TraceloopSession,
    Key::TraceloopConversation,
    Key::TraceloopChat,
    Key::TraceloopThread,
    Key::LangSmithSession,
    Key::LangSmithConversation,
    Key::LangSmithThread,
    Key::AdkSession,
    Key::VercelSession,
    Key::VoltConversationId,
    Key::CodexConversation,
];
const USER: &[Key] = &[
    Key::UserId,
    Key::LangfuseUser,
    Key::TraceloopUser,
    Key::LangSmithUser,
    Key::VercelUser,
    Key::EndUserId,
];
/// Where LangChain's run metadata names a session, under MLflow and OpenInference.
const SESSION_IN_METADATA: &[&str] = &["session_id", "conversation_id", "thread_id"];

pub(crate) fn session<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    first_id(found, SESSION).or_else(|| session_in_metadata(found).map(Cow::Owned))
}

/// Metadata is rarely about sessions: a search for the names comes before the parse.
fn session_in_metadata(found: &Found<'_>) -> Option<String> {
    let metadata = found.get(Key::Metadata)?;
    if let Value::String(text) = metadata
        && !SESSION_IN_METADATA.iter().any(|name| text.contains(name))
    {
        return None;
    }
    let metadata = json_text::decode_json_text(metadata);
    let id = first_member(&metadata, SESSION_IN_METADATA)?
        .to_text()
        .into_owned();
    (!id.is_empty()).then_some(id)
}

pub(crate) fn user<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    first_id(found, USER)
}

/// Ids are often numbers; they are shown as text.
fn first_id<'a>(found: &Found<'a>, keys: &[Key]) -> Option<Cow<'a, str>> {
    keys.iter().find_map(|key| {
        let id = match found.get(*key)? {
            Value::Null => return None,
            Value::String(text) => json_text::plain(text),
            other => other.to_text(),
        };
        (!id.is_empty()).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    #[test]
    fn the_session_is_named_by_two_conventions() {
        let both = span([
            ("gen_ai.conversation.id", "c".into()),
            ("session.id", "s".into()),
        ]);
        assert_eq!(session(&Found::of(&both)).as_deref(), Some("s"));
        let one = span([
            ("gen_ai.conversation.id", "c".into()),
            ("session.id", "".into()),
        ]);
        assert_eq!(session(&Found::of(&one)).as_deref(), Some("c"));
    }

    #[test]
    fn every_session_and_user_key_is_read_on_its_own() {
        for key in SESSION {
            let span = span([(key.name(), "s".into())]);
            assert_eq!(session(&Found::of(&span)).as_deref(), Some("s"), "{key:?}");
        }
        for key in USER {
            let span = span([(key.name(), "u".into())]);
            assert_eq!(user(&Found::of(&span)).as_deref(), Some("u"), "{key:?}");
        }
    }

    #[test]
    fn a_thread_in_the_metadata_of_a_run_is_a_session() {
        let thread = span([(
            "metadata",
            r#"{"thread_id": "t-1", "langgraph_step": 1}"#.into(),
        )]);
        assert_eq!(session(&Found::of(&thread)).as_deref(), Some("t-1"));
        let other = span([("metadata", r#"{"note": "no thread_id here"}"#.into())]);
        assert_eq!(session(&Found::of(&other)), None);
    }

    #[test]
    fn a_numeric_user_becomes_text() {
        let span = span([("user.id", 7.into())]);
        assert_eq!(user(&Found::of(&span)).as_deref(), Some("7"));
    }
}
