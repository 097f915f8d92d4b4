//! Long texts are cut, and say so.

use fanlight_model::Value;

use crate::record::SpanRecord;

/// Cuts every text of the span that is longer than `max_bytes`.
pub(crate) fn cut_long_values(span: &mut SpanRecord, max_bytes: usize) {
    let of_events = span
        .events
        .iter_mut()
        .flat_map(|event| &mut event.attributes);
    let of_links = span.links.iter_mut().flat_map(|link| &mut link.attributes);
    for (_, value) in span.attributes.iter_mut().chain(of_events).chain(of_links) {
        cut(value, max_bytes);
    }
    cut_text(&mut span.status_message, max_bytes);
}

fn cut(value: &mut Value, max_bytes: usize) {
    match value {
        Value::String(text) => cut_text(text, max_bytes),
        Value::Bytes(bytes) => bytes.truncate(max_bytes),
        Value::Array(items) => items.iter_mut().for_each(|item| cut(item, max_bytes)),
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|(_, item)| cut(item, max_bytes)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) => {}
    }
}

fn cut_text(text: &mut String, max_bytes: usize) {
    if text.len() <= max_bytes {
        return;
    }
    let whole = text.len();
    text.truncate(text.floor_char_boundary(max_bytes));
    let kept = text.len();
    *text = format!("{text}… [cut: {kept} of {whole} bytes]");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_at_a_letter_and_says_how_much_is_gone() {
        let mut text = "aé".repeat(4);
        cut_text(&mut text, 5);
        assert_eq!(text, "aéa… [cut: 4 of 12 bytes]");
        let mut short = "aé".to_owned();
        cut_text(&mut short, 3);
        assert_eq!(short, "aé");
    }
}
