//! Whose request a span belongs to.

use std::borrow::Cow;

use fanlight_model::Value;

use crate::found::Found;
use crate::json_text;
use crate::keys::Key;

const SESSION: &[Key] = &[Key::SessionId, Key::GenAiConversationId];
const USER: &[Key] = &[Key::UserId];

pub(crate) fn session<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    first_id(found, SESSION)
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
    fn a_numeric_user_becomes_text() {
        let span = span([("user.id", 7.into())]);
        assert_eq!(user(&Found::of(&span)).as_deref(), Some("7"));
    }
}
