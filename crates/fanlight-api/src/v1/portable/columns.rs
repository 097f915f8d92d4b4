//! What the columns of a table hold.

use serde_json::{Value as Json, json};

/// A column of exported rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnType,
}

/// Any value may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    /// 64 bits, signed.
    Integer,
    /// 64 bits, floating point.
    Number,
}

impl Column {
    pub(super) const fn text(name: &'static str) -> Self {
        let kind = ColumnType::Text;
        Self { name, kind }
    }

    pub(super) const fn integer(name: &'static str) -> Self {
        let kind = ColumnType::Integer;
        Self { name, kind }
    }

    pub(super) const fn number(name: &'static str) -> Self {
        let kind = ColumnType::Number;
        Self { name, kind }
    }

    /// `{"name", "type"}`
    pub fn render(&self) -> Json {
        let kind = match self.kind {
            ColumnType::Text => "text",
            ColumnType::Integer => "integer",
            ColumnType::Number => "number",
        };
        json!({"name": self.name, "type": kind})
    }
}
