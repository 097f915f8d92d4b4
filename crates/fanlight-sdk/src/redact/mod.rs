//! What must not leave the process is taken out of spans before they are encoded.

mod identifiers;
mod json;
mod network;
mod payment;
mod secrets;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use fanlight_model::Value;
use regex::Regex;

use crate::record::SpanRecord;
use crate::settings::Processor;

/// Kinds of personal data and secrets that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `-----BEGIN … PRIVATE KEY-----`, tokens of well-known services (`sk-…`, `ghp_…`, `AKIA…`, `AIza…`, `xox…`, …),
    /// JSON web tokens, `Bearer …`, passwords in addresses and after `password=`; whole values whose name says so.
    Secret,
    /// Addresses of e-mail.
    Email,
    /// With the checksum of ISO 13616 and the length of its country.
    Iban,
    /// 13 to 19 digits of a known network, with Luhn's checksum.
    CreditCard,
    /// Social security numbers of the United States that can have been given.
    UsSsn,
    /// International with `+`, North American, and national with a leading zero, where separators show it is one.
    Phone,
    /// Version 4 and 6, but for those that mean this machine or any.
    IpAddress,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Secret,
        Self::Email,
        Self::Iban,
        Self::CreditCard,
        Self::UsSsn,
        Self::Phone,
        Self::IpAddress,
    ];

    /// What stands in its place.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Secret => "[SECRET]",
            Self::Email => "[EMAIL]",
            Self::Iban => "[IBAN]",
            Self::CreditCard => "[CREDIT_CARD]",
            Self::UsSsn => "[SSN]",
            Self::Phone => "[PHONE]",
            Self::IpAddress => "[IP]",
        }
    }

    /// Where it is in `text`.
    fn find(self, text: &str) -> Vec<Range<usize>> {
        apart(match self {
            Self::Secret => secrets::find(text),
            Self::Email => identifiers::emails(text),
            Self::Iban => payment::ibans(text),
            Self::CreditCard => payment::cards(text),
            Self::UsSsn => identifiers::social_security_numbers(text),
            Self::Phone => identifiers::phones(text),
            Self::IpAddress => network::addresses(text),
        })
    }
}

/// Puts placeholders in the place of personal data and secrets: in the name, inputs, outputs, attributes, events, links
/// and status of spans, and in what is said of their trace.
///
/// Text that is JSON stays JSON: only the strings in it change. Whatever is found is replaced by
/// [`Kind::placeholder`], so a reader sees that something was there, and what.
///
/// ```
/// use fanlight::redact::{Kind, Redaction};
///
/// let redaction = Redaction::default()
///     .without(Kind::IpAddress)
///     .pattern(r"EMP-\d{6}", "[EMPLOYEE]")
///     .unwrap();
/// assert_eq!(
///     redaction.text("EMP-004711 wrote to ada@example.com from 10.1.2.3"),
///     "[EMPLOYEE] wrote to [EMAIL] from 10.1.2.3",
/// );
/// ```
#[derive(Clone)]
pub struct Redaction {
    kinds: Vec<Kind>,
    custom: Vec<Custom>,
}

/// A rule of the application's own.
#[derive(Clone)]
enum Custom {
    Pattern { regex: Regex, replacement: String },
    Function(Arc<Function>),
}

type Function = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern is not understood: {message}")]
pub struct PatternError {
    message: String,
}

/// Everything that is known here.
impl Default for Redaction {
    fn default() -> Self {
        Self {
            kinds: Kind::ALL.to_vec(),
            custom: Vec::new(),
        }
    }
}

impl Redaction {
    /// Nothing but what is added.
    pub fn none() -> Self {
        Self {
            kinds: Vec::new(),
            custom: Vec::new(),
        }
    }

    /// Also takes out what is of this kind.
    #[must_use]
    pub fn with(mut self, kind: Kind) -> Self {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
            // A number of a card is no phone: the order of `ALL` is that of looking.
            self.kinds
                .sort_by_key(|kind| Kind::ALL.iter().position(|known| known == kind));
        }
        self
    }

    /// Leaves what is of this kind.
    #[must_use]
    pub fn without(mut self, kind: Kind) -> Self {
        self.kinds.retain(|known| *known != kind);
        self
    }

    /// Everything that matches becomes `replacement`, in which `$1` or `$name` stands for a group of the pattern.
    /// Patterns run before what is known here, in the order they were added, in time linear to the text.
    ///
    /// Fails when the pattern is not one of the crate `regex`.
    pub fn pattern(mut self, pattern: &str, replacement: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(pattern).map_err(|error| PatternError {
            message: error.to_string(),
        })?;
        self.custom.push(Custom::Pattern {
            regex,
            replacement: replacement.to_owned(),
        });
        Ok(self)
    }

    /// Called with every text: `Some` takes its place. It runs on the thread that sends.
    #[must_use]
    pub fn function(
        mut self,
        change: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.custom.push(Custom::Function(Arc::new(change)));
        self
    }

    /// `text` without what is looked for. Text that is JSON stays JSON.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        json::redact(self, text)
    }

    /// Takes it out of everything that is said by the span.
    pub fn span(&self, span: &mut SpanRecord) {
        if let Cow::Owned(name) = self.plain(&span.name) {
            span.name = name.into();
        }
        self.string(&mut span.status_message);
        let of_events = span
            .events
            .iter_mut()
            .flat_map(|event| &mut event.attributes);
        let of_links = span.links.iter_mut().flat_map(|link| &mut link.attributes);
        for (key, value) in span.attributes.iter_mut().chain(of_events).chain(of_links) {
            self.member(key, value);
        }
    }

    fn member(&self, name: &str, value: &mut Value) {
        if self.hides_value_of(name)
            && let Value::String(text) = value
        {
            Kind::Secret.placeholder().clone_into(text);
            return;
        }
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.member("", item)),
            Value::Map(entries) => {
                for (name, item) in entries {
                    self.member(name, item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => {}
        }
    }

    fn string(&self, text: &mut String) {
        if let Cow::Owned(changed) = self.text(text) {
            *text = changed;
        }
    }

    /// Whether the name of a member says that its value is a secret.
    fn hides_value_of(&self, name: &str) -> bool {
        self.kinds.contains(&Kind::Secret) && secrets::is_name_of_secret(name)
    }

    /// As [`text`](Self::text), for what is no JSON.
    fn plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.starts_with("data:") && text.contains(";base64,") {
            // An image has no words.
            return Cow::Borrowed(text);
        }
        let mut current = Cow::Borrowed(text);
        for custom in &self.custom {
            let changed = match custom {
                Custom::Pattern { regex, replacement } => {
                    match regex.replace_all(&current, replacement.as_str()) {
                        Cow::Owned(changed) => Some(changed),
                        Cow::Borrowed(_) => None,
                    }
                }
                Custom::Function(change) => change(&current),
            };
            if let Some(changed) = changed {
                current = Cow::Owned(changed);
            }
        }
        for kind in &self.kinds {
            let found = kind.find(&current);
            if !found.is_empty() {
                current = Cow::Owned(replaced(&current, &found, kind.placeholder()));
            }
        }
        current
    }
}

fn replaced(text: &str, found: &[Range<usize>], placeholder: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for place in found {
        result.push_str(&text[at..place.start]);
        result.push_str(placeholder);
        at = place.end;
    }
    result.push_str(&text[at..]);
    result
}

impl From<Redaction> for Processor {
    fn from(redaction: Redaction) -> Self {
        Self::new(move |span| redaction.span(span))
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction")
            .field("kinds", &self.kinds)
            .field("custom", &self.custom.len())
            .finish()
    }
}

/// A pattern of this program, made when it is first used.
type Pattern = LazyLock<Regex>;

const fn pattern(make: fn() -> Regex) -> Pattern {
    LazyLock::new(make)
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this program, used by its tests")
}

/// The character before and after a place.
fn neighbours(text: &str, place: &Range<usize>) -> (Option<char>, Option<char>) {
    (
        text[..place.start].chars().next_back(),
        text[place.end..].chars().next(),
    )
}

/// In order, and of two that overlap the one that begins first.
fn apart(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let mut end = 0;
    places.retain(|place| {
        let is_free = place.start >= end;
        if is_free {
            end = place.end;
        }
        is_free
    });
    places
}

/// Whether a place is a word of its own: neither letters nor digits go on with it.
fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    let goes_on = |char: Option<char>| char.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (before, after) = neighbours(text, place);
    !goes_on(before) && !goes_on(after)
}

#[cfg(test)]
mod tests;
