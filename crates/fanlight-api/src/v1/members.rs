//! Typed access to the members of a JSON object, each taken once; what is left over is unknown.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::Refusal;

/// An object of a request while it is read.
#[derive(Debug)]
pub struct Members {
    members: Map<String, Json>,
    /// Where the object sits: empty, or such as `facets[1].`.
    path: String,
}

impl Members {
    /// Reads a body: one JSON object.
    pub fn from_body(body: &[u8]) -> Result<Self, Refusal> {
        let read = serde_json::from_slice(body);
        let json =
            read.map_err(|cause| Refusal::at("", format!("the body is not JSON: {cause}")))?;
        Self::from_json(json, String::new())
    }

    /// Takes the parameters of a URL; of a repeated one the last counts.
    pub fn from_query(pairs: Vec<(String, String)>) -> Self {
        let members = pairs.into_iter().map(|(key, value)| (key, value.into()));
        Self {
            members: members.collect(),
            path: String::new(),
        }
    }

    /// The members of an object that sits at `path`: empty, or such as `facets[1].`.
    pub fn from_json(json: Json, path: String) -> Result<Self, Refusal> {
        match json {
            Json::Object(members) => Ok(Self { members, path }),
            other => {
                let at = path.trim_end_matches('.');
                Err(Refusal::at(
                    at,
                    format!("expected an object, found {}", shown(&other)),
                ))
            }
        }
    }

    /// All that was not taken.
    pub fn into_json(self) -> Json {
        Json::Object(self.members)
    }

    fn at(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// The member, unless it is absent or `null`.
    fn take(&mut self, name: &str) -> Option<Json> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, value: &Json, expected: &str) -> Refusal {
        let message = format!(
            "`{}` is {}: expected {expected}",
            self.at(name),
            shown(value)
        );
        Refusal::at(self.at(name), message)
    }

    pub fn missing(&self, name: &str) -> Refusal {
        Refusal::at(self.at(name), format!("`{}` is missing", self.at(name)))
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, &other, "text")),
        }
    }

    pub fn required_text(&mut self, name: &str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    pub fn flag(&mut self, name: &str) -> Result<bool, Refusal> {
        match self.take(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(flag),
            Some(Json::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            Some(other) => Err(self.wrong(name, &other, "true or false")),
        }
    }

    /// A whole number within `range`; a URL has it as text.
    pub fn number(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let number = match &value {
            Json::Number(number) => number.as_u64(),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| usize::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let expected = format!("a whole number from {} to {}", range.start(), range.end());
                Err(self.wrong(name, &value, &expected))
            }
        }
    }

    fn list(&mut self, name: &str, most: usize) -> Result<Option<Vec<Json>>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Array(items)) if items.len() <= most => Ok(Some(items)),
            Some(Json::Array(items)) => {
                let message = format!(
                    "`{}` has {} items; the limit is {most}",
                    self.at(name),
                    items.len()
                );
                Err(Refusal::at(self.at(name), message))
            }
            Some(other) => Err(self.wrong(name, &other, "a list")),
        }
    }

    /// A list of texts; a URL has them separated by commas.
    pub fn texts(&mut self, name: &str, most: usize) -> Result<Option<Vec<String>>, Refusal> {
        if let Some(Json::String(text)) = self.members.get(name) {
            let items = text.split(',').map(Json::from).collect();
            self.members.insert(name.to_owned(), Json::Array(items));
        }
        let Some(items) = self.list(name, most)? else {
            return Ok(None);
        };
        let texts = items.into_iter().enumerate().map(|(at, item)| match item {
            Json::String(text) => Ok(text),
            other => Err(self.wrong(&format!("{name}[{at}]"), &other, "text")),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// A list of objects.
    pub fn objects(&mut self, name: &str, most: usize) -> Result<Vec<Self>, Refusal> {
        let items = self.list(name, most)?.unwrap_or_default().into_iter();
        let objects = items
            .enumerate()
            .map(|(at, item)| Self::from_json(item, self.at(&format!("{name}[{at}]."))));
        objects.collect()
    }

    pub fn object(&mut self, name: &str) -> Result<Option<Self>, Refusal> {
        let path = self.at(&format!("{name}."));
        let found = self.take(name);
        found.map(|json| Self::from_json(json, path)).transpose()
    }

    /// The member as it came.
    pub fn json(&mut self, name: &str) -> Option<Json> {
        self.take(name)
    }

    /// An object whose members are all texts; `None` when absent.
    pub fn text_map(&mut self, name: &str) -> Result<Option<BTreeMap<String, String>>, Refusal> {
        let Some(found) = self.take(name) else {
            return Ok(None);
        };
        let Json::Object(members) = found else {
            return Err(self.wrong(name, &found, "an object"));
        };
        let texts = members.into_iter().map(|(key, value)| match value {
            Json::String(text) => Ok((key, text)),
            other => Err(self.wrong(&format!("{name}.{key}"), &other, "text")),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// Nanoseconds as decimal text, which is exact in every JSON reader.
    pub fn nanos(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(found) = self.take(name) else {
            return Ok(None);
        };
        let number = found.as_str().and_then(|text| text.parse().ok());
        let wrong = || self.wrong(name, &found, "nanoseconds as decimal text");
        number.ok_or_else(wrong).map(Some)
    }

    pub fn required_nanos(&mut self, name: &str) -> Result<u64, Refusal> {
        self.nanos(name)?.ok_or_else(|| self.missing(name))
    }

    /// Refuses the member for a reason of its own.
    pub fn refuse(&self, name: &str, reason: &str) -> Refusal {
        Refusal::at(self.at(name), format!("`{}`: {reason}", self.at(name)))
    }

    /// Refuses what nobody asked for: a misspelt member would be silently without effect.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(unknown) => {
                let shown: String = unknown.chars().take(64).collect();
                Err(Refusal::at(
                    self.at(&shown),
                    format!("`{}` is unknown", self.at(&shown)),
                ))
            }
        }
    }
}

/// The value, cut to a length that fits an error.
fn shown(value: &Json) -> String {
    let text = value.to_string();
    if text.chars().count() <= 64 {
        return text;
    }
    text.chars().take(63).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(body: &str) -> Members {
        Members::from_body(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_wrong_member_is_named_with_its_path_and_value() {
        let mut body = members(r#"{"a": [{"b": "x"}], "n": 0, "t": [1], "extra": 1}"#);
        let mut inner = body.objects("a", 9).unwrap().remove(0);
        let wrong = inner.number("b", 1..=5).unwrap_err();
        assert_eq!(wrong.field.as_deref(), Some("a[0].b"));
        assert_eq!(
            wrong.error.message,
            r#"`a[0].b` is "x": expected a whole number from 1 to 5"#
        );
        assert!(body.number("n", 1..=5).is_err());
        assert_eq!(
            body.texts("t", 5).unwrap_err().field.as_deref(),
            Some("t[0]")
        );
        assert_eq!(
            body.finish().unwrap_err().error.message,
            "`extra` is unknown"
        );
    }

    #[test]
    fn a_url_has_numbers_and_lists_as_text() {
        let pairs = [("limit", "7"), ("experiments", "1,2"), ("deep", "true")];
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut query = Members::from_query(pairs.into());
        assert_eq!(query.number("limit", 1..=9).unwrap(), Some(7));
        assert_eq!(query.texts("experiments", 9).unwrap().unwrap(), ["1", "2"]);
        assert!(query.flag("deep").unwrap());
        assert!(query.finish().is_ok());
    }
}
