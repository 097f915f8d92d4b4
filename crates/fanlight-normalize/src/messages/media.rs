//! Pictures, sound and files inside messages.

use fanlight_model::Value;

use super::message::{Modality, Part};
use crate::document::{first_member, first_text, member, text};

const MIME_TYPE: [&str; 6] = [
    "mime_type",
    "mimeType",
    "media_type",
    "mediaType",
    "content_type",
    "image_mimetype",
];
const URI: [&str; 8] = [
    "url",
    "uri",
    "fileUri",
    "file_uri",
    "image_url",
    "document_url",
    "audio_url",
    "path",
];
const FILE_ID: [&str; 3] = ["file_id", "fileId", "id"];
const DATA: [&str; 8] = [
    "data",
    "file_data",
    "base64",
    "bytes",
    "base64_image",
    "base64_data",
    "content",
    "image",
];

/// What `value` points at or contains: a bare URL, a bare base64 text, or an object in the shape of any provider.
pub(super) fn read(modality: Modality, value: &Value) -> Option<Part> {
    match value {
        Value::String(address) => Some(from_text(modality, None, address)),
        Value::Map(_) => from_object(modality, value),
        _ => None,
    }
}

/// As [`read`], for kinds of parts that hold anything: what it is follows from its MIME type.
pub(super) fn read_any(value: &Value) -> Option<Part> {
    let modality =
        mime_type(value).map_or(Modality::Document, |mime| Modality::of_mime_type(&mime));
    read(modality, value)
}

fn from_object(modality: Modality, value: &Value) -> Option<Part> {
    let mime_type = mime_type(value).or_else(|| of_format(modality, text(value, "format")?));
    if let Some(source) = member(value, "source").filter(|source| matches!(source, Value::Map(_))) {
        return from_object(modality, source).map(|part| with_mime_type(part, mime_type));
    }
    if let Some(text) = first_text(value, &URI) {
        return Some(from_text(modality, mime_type, text));
    }
    // `{"image_url": {"url": …}}`, `{"s3Location": {"uri": …}}`
    for inner in ["image_url", "url", "s3Location", "image"] {
        if let Some(inner @ Value::Map(_)) = member(value, inner) {
            return from_object(modality, inner).map(|part| with_mime_type(part, mime_type));
        }
    }
    match first_member(value, &DATA) {
        Some(Value::String(data)) => return Some(from_data(modality, mime_type, data)),
        Some(bytes @ Value::Bytes(_)) => {
            let content = bytes.to_text().trim_matches('"').to_owned();
            return Some(Part::Blob {
                modality,
                mime_type,
                content,
            });
        }
        _ => {}
    }
    let file_id = first_text(value, &FILE_ID)?.to_owned();
    Some(Part::File {
        modality,
        mime_type,
        file_id,
    })
}

/// A text that stands where an address or data may stand.
fn from_text(modality: Modality, mime_type: Option<String>, text: &str) -> Part {
    if is_base64(text) {
        from_data(modality, mime_type, text)
    } else {
        from_address(modality, mime_type, text)
    }
}

/// Names of files have a dot, addresses a colon.
fn is_base64(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    text.len().is_multiple_of(4) && text.bytes().all(is_digit)
}

fn from_data(modality: Modality, mime_type: Option<String>, data: &str) -> Part {
    if data.starts_with("data:") || data.contains("://") {
        return from_address(modality, mime_type, data);
    }
    Part::Blob {
        modality,
        mime_type,
        content: data.to_owned(),
    }
}

fn from_address(modality: Modality, mime_type: Option<String>, address: &str) -> Part {
    if let Some((header, content)) = address
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(','))
    {
        let stated = header.split(';').next().filter(|mime| !mime.is_empty());
        return Part::Blob {
            modality,
            mime_type: stated.map(str::to_owned).or(mime_type),
            content: content.to_owned(),
        };
    }
    Part::Uri {
        modality,
        mime_type: mime_type.or_else(|| of_attachment(address)),
        uri: address.to_owned(),
    }
}

/// MLflow's clients keep data apart and leave `mlflow-attachment://<id>?content_type=image%2Fpng&…` in its place.
fn of_attachment(address: &str) -> Option<String> {
    let (_, query) = address
        .strip_prefix("mlflow-attachment://")?
        .split_once('?')?;
    let mut pairs = query.split('&');
    let stated = pairs.find_map(|pair| pair.strip_prefix("content_type="))?;
    Some(stated.replace("%2F", "/").replace("%2f", "/"))
}

fn mime_type(value: &Value) -> Option<String> {
    first_text(value, &MIME_TYPE).map(str::to_owned)
}

/// `png` of a picture is `image/png`.
fn of_format(modality: Modality, format: &str) -> Option<String> {
    let subtype = match format {
        "mp3" => "mpeg",
        other => other,
    };
    match modality {
        Modality::Document if format == "pdf" => Some("application/pdf".to_owned()),
        Modality::Document => None,
        _ => Some(format!("{}/{subtype}", modality.as_str())),
    }
}

fn with_mime_type(mut part: Part, known: Option<String>) -> Part {
    if let Part::Blob { mime_type, .. }
    | Part::Uri { mime_type, .. }
    | Part::File { mime_type, .. } = &mut part
    {
        *mime_type = mime_type.take().or(known);
    }
    part
}
