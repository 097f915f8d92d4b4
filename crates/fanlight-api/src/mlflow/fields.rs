//! Typed access to the members of a request, by MLflow's rules for JSON bodies and URL parameters.
//!
//! A member may be spelled in `snake_case` or `lowerCamelCase`, `null` is the same as absent, integers
//! may come as decimal text, and an error names the parameter and the value that was wrong.

use serde_json::{Map, Value as Json};

use crate::ApiError;

/// Where the members came from, which decides what a text may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Body,
    /// Every value is text, and a repeated key is a list.
    Query,
}

/// The members of a request, or of an object inside it.
#[derive(Clone, Debug)]
pub struct Fields {
    members: Map<String, Json>,
    /// Where this object sits in the request, for error messages: empty, or such as `trace.`.
    path: String,
    source: Source,
}

impl Fields {
    /// Reads a body. A JSON text holding an object counts as that object. Anything else that is no
    /// object is treated as an empty one, so that the error is the first missing member.
    pub fn from_body(body: &[u8]) -> Self {
        let members = match serde_json::from_slice(body) {
            Ok(Json::Object(members)) => members,
            Ok(Json::String(text)) => serde_json::from_str(&text).unwrap_or_default(),
            _ => Map::new(),
        };
        Self {
            members,
            path: String::new(),
            source: Source::Body,
        }
    }

    /// Reads URL parameters, percent-decoded. A repeated key becomes a list.
    pub fn from_query(pairs: Vec<(String, String)>) -> Self {
        let mut members = Map::new();
        for (key, value) in pairs {
            let values = members
                .entry(key)
                .or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(values) = values {
                values.push(Json::String(value));
            }
        }
        Self {
            members,
            path: String::new(),
            source: Source::Query,
        }
    }

    /// The members of an object found at `path`.
    pub fn from_object(members: Map<String, Json>, path: &str) -> Self {
        Self {
            members,
            path: format!("{path}."),
            source: Source::Body,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether the member is there, even as `null`.
    pub fn mentions(&self, name: &str) -> bool {
        self.members.contains_key(name) || self.members.contains_key(&camel_case(name))
    }

    /// The member as it came; `None` when absent or `null`.
    pub fn json(&self, name: &str) -> Result<Option<&Json>, ApiError> {
        let camel = camel_case(name);
        let found = match (self.members.get(name), self.members.get(&camel)) {
            (Some(_), Some(_)) if camel != name => {
                let message = format!(
                    "parameter `{}{name}` is given twice, also as `{camel}`",
                    self.path
                );
                return Err(ApiError::invalid(message));
            }
            (found, other) => found.or(other),
        };
        Ok(found.filter(|value| !value.is_null()))
    }

    /// The member when it is to be one value: of a repeated URL parameter, the last.
    fn scalar(&self, name: &str) -> Result<Option<&Json>, ApiError> {
        let found = self.json(name)?;
        match (self.source, found) {
            (Source::Query, Some(Json::Array(values))) => Ok(values.last()),
            _ => Ok(found),
        }
    }

    fn wrong(&self, name: &str, value: &Json, expected: &str) -> ApiError {
        ApiError::invalid(format!(
            "invalid value {} for parameter `{}{name}`: expected {expected}",
            shown(value),
            self.path
        ))
    }

    fn missing(&self, name: &str) -> ApiError {
        ApiError::invalid(format!(
            "missing value for required parameter `{}{name}`",
            self.path
        ))
    }

    pub fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.scalar(name)? {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, other, "a string")),
        }
    }

    /// Text that has to be there; the empty text counts as missing.
    pub fn required_text(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| self.missing(name))
    }

    pub fn owned_text(&self, name: &str) -> Result<Option<String>, ApiError> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    pub fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.scalar(name)? else {
            return Ok(None);
        };
        integer_of(value)
            .map(Some)
            .ok_or_else(|| self.wrong(name, value, "an integer"))
    }

    pub fn required_integer(&self, name: &str) -> Result<i64, ApiError> {
        self.integer(name)?.ok_or_else(|| self.missing(name))
    }

    /// An integer that counts something or is a time: not negative.
    pub fn unsigned(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(number) = self.integer(name)? else {
            return Ok(None);
        };
        let refuse = |_| self.wrong(name, &number.into(), "an integer of at least 0");
        u64::try_from(number).map(Some).map_err(refuse)
    }

    /// The size of a page: `default` when absent, refused below 1 and above `most`.
    pub fn page_size(&self, name: &str, default: usize, most: usize) -> Result<usize, ApiError> {
        let Some(number) = self.integer(name)? else {
            return Ok(default);
        };
        let size = usize::try_from(number).ok().filter(|size| *size > 0);
        let size = size.ok_or_else(|| self.wrong(name, &number.into(), "a positive integer"))?;
        if size > most {
            return Err(self.wrong(name, &number.into(), &format!("at most {most}")));
        }
        Ok(size)
    }

    /// A number, or `NaN`, `Infinity` or `-Infinity` as text.
    pub fn number(&self, name: &str) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.scalar(name)? else {
            return Ok(None);
        };
        let number = match value {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => number_of(text),
            _ => None,
        };
        number
            .map(Some)
            .ok_or_else(|| self.wrong(name, value, "a number"))
    }

    pub fn required_number(&self, name: &str) -> Result<f64, ApiError> {
        self.number(name)?.ok_or_else(|| self.missing(name))
    }

    /// A truth value; in URL parameters as text in any letter case.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match (self.source, self.scalar(name)?) {
            (_, None) => Ok(None),
            (_, Some(Json::Bool(flag))) => Ok(Some(*flag)),
            (Source::Query, Some(Json::String(text))) if text.eq_ignore_ascii_case("true") => {
                Ok(Some(true))
            }
            (Source::Query, Some(Json::String(text))) if text.eq_ignore_ascii_case("false") => {
                Ok(Some(false))
            }
            (_, Some(other)) => Err(self.wrong(name, other, "true or false")),
        }
    }

    fn list(&self, name: &str) -> Result<Option<&[Json]>, ApiError> {
        match self.json(name)? {
            None => Ok(None),
            Some(Json::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.wrong(name, other, "a list")),
        }
    }

    /// A list of texts; `None` when absent.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, ApiError> {
        let Some(items) = self.list(name)? else {
            return Ok(None);
        };
        let text = |item: &'_ Json| item.as_str().map(str::len);
        if let Some(wrong) = items.iter().find(|item| text(item).is_none()) {
            return Err(self.wrong(name, wrong, "a list of strings"));
        }
        Ok(Some(items.iter().filter_map(Json::as_str).collect()))
    }

    /// A list that has to be there; an empty one counts as present.
    pub fn required_texts(&self, name: &str) -> Result<Vec<&str>, ApiError> {
        self.texts(name)?.ok_or_else(|| self.missing(name))
    }

    pub fn object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        match self.json(name)? {
            None => Ok(None),
            Some(Json::Object(members)) => Ok(Some(Self::from_object(
                members.clone(),
                &format!("{}{name}", self.path),
            ))),
            Some(other) => Err(self.wrong(name, other, "an object")),
        }
    }

    pub fn required_object(&self, name: &str) -> Result<Self, ApiError> {
        self.object(name)?.ok_or_else(|| self.missing(name))
    }

    /// A list of objects, each knowing its place (`tags[0].`); empty when absent.
    pub fn objects(&self, name: &str) -> Result<Vec<Self>, ApiError> {
        let items = self.list(name)?.unwrap_or_default();
        let parse = |(index, item): (usize, &Json)| match item {
            Json::Object(members) => Ok(Self::from_object(
                members.clone(),
                &format!("{}{name}[{index}]", self.path),
            )),
            other => Err(self.wrong(&format!("{name}[{index}]"), other, "an object")),
        };
        items.iter().enumerate().map(parse).collect()
    }

    /// An object whose members are all texts; empty when absent. A member that is `null` is left out.
    pub fn text_map(&self, name: &str) -> Result<Vec<(String, String)>, ApiError> {
        let members = match self.json(name)? {
            None => return Ok(Vec::new()),
            Some(Json::Object(members)) => members,
            Some(other) => return Err(self.wrong(name, other, "an object")),
        };
        let mut pairs = Vec::with_capacity(members.len());
        for (key, value) in members {
            match value {
                Json::Null => {}
                Json::String(text) => pairs.push((key.clone(), text.clone())),
                other => return Err(self.wrong(&format!("{name}.{key}"), other, "a string")),
            }
        }
        Ok(pairs)
    }

    /// A list of `{key, value}`, or an object as some clients send; a missing value is empty.
    pub fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, ApiError> {
        if let Some(Json::Object(_)) = self.json(name)? {
            return self.text_map(name);
        }
        let pair = |item: &Self| {
            let key = item.required_text("key")?.to_owned();
            Ok((key, item.text("value")?.unwrap_or_default().to_owned()))
        };
        self.objects(name)?.iter().map(pair).collect()
    }
}

/// An integer, also as an integral double or decimal text.
fn integer_of(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Some(integer),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "integral and within 2^53, checked before"
            )]
            None => number
                .as_f64()
                .filter(|number| number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0)
                .map(|number| number as i64),
        },
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn number_of(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust also reads `inf`, `nan` and such, which are not numbers on this wire.
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// A value for an error message, cut to a readable length.
fn shown(value: &Json) -> String {
    const MOST_CHARS: usize = 100;
    let text = value.to_string();
    match text.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `max_results` as `maxResults`. Source: the JSON mapping of protocol buffers.
fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        if letter == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            camel.push(letter.to_ascii_uppercase());
        } else {
            camel.push(letter);
        }
    }
    camel
}

#[cfg(test)]
mod tests;
