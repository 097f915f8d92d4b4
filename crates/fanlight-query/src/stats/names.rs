//! Numbers for texts, so that rows are grouped by comparing numbers.

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

/// The number of a text; 0 stands for an absent one.
pub(crate) type Name = u32;
pub(crate) const ABSENT: Name = 0;

/// What one thread has asked for.
pub(crate) type KnownNames = FxHashMap<String, Name>;

/// Shared by all threads of one tabulation.
#[derive(Debug, Default)]
pub(crate) struct Names(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    numbers: FxHashMap<String, Name>,
    texts: Vec<String>,
}

impl Names {
    pub(crate) fn number(&self, text: &str) -> Name {
        if let Some(number) = self.0.read().numbers.get(text) {
            return *number;
        }
        let mut inner = self.0.write();
        if let Some(number) = inner.numbers.get(text) {
            return *number;
        }
        inner.texts.push(text.to_owned());
        let number = Name::try_from(inner.texts.len()).unwrap_or(Name::MAX);
        inner.numbers.insert(text.to_owned(), number);
        number
    }

    /// As [`Self::number`], asking `known` first: threads that ask for every span would wait for each other.
    pub(crate) fn number_by(&self, known: &mut KnownNames, text: &str) -> Name {
        if let Some(number) = known.get(text) {
            return *number;
        }
        let number = self.number(text);
        known.insert(text.to_owned(), number);
        number
    }

    pub(crate) fn of_option(&self, text: Option<&str>) -> Name {
        text.map_or(ABSENT, |text| self.number(text))
    }

    pub(crate) fn text(&self, number: Name) -> Option<String> {
        let place = (number as usize).checked_sub(1)?;
        self.0.read().texts.get(place).cloned()
    }
}
