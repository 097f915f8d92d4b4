//! Values as JSON, by whatever their type can do: `Serialize` first, then `Debug`, and nothing where it can neither.
//!
//! The macro does not know types. It calls a method by one name on several references to a wrapper, and the compiler
//! takes the first trait of that name that fits while it takes references off: each trait of a group below is
//! implemented for one reference fewer than the one before it.

use std::any::type_name;
use std::error::Error;
use std::fmt::{Debug, Display};

use serde::Serialize;

use crate::span::{Span, json_text, to_json, write_json};

/// An argument, or what a function gives back.
#[derive(Debug)]
pub struct Value<'a, T: ?Sized>(pub &'a T);

/// Each says whether it wrote anything.
pub trait AsJson {
    fn write_json(&self, json: &mut Vec<u8>) -> bool;
}

pub trait AsDebug {
    fn write_json(&self, json: &mut Vec<u8>) -> bool;
}

pub trait AsNothing {
    fn write_json(&self, json: &mut Vec<u8>) -> bool;
}

impl<T: Serialize + ?Sized> AsJson for &&Value<'_, T> {
    fn write_json(&self, json: &mut Vec<u8>) -> bool {
        write_json(self.0, json);
        true
    }
}

impl<T: Debug + ?Sized> AsDebug for &Value<'_, T> {
    fn write_json(&self, json: &mut Vec<u8>) -> bool {
        write_json(&format!("{:?}", self.0), json);
        true
    }
}

impl<T: ?Sized> AsNothing for Value<'_, T> {
    fn write_json(&self, _: &mut Vec<u8>) -> bool {
        false
    }
}

fn debug_json<T: Debug + ?Sized>(value: &T) -> String {
    json_text(&format!("{value:?}"))
}

/// An item of a stream.
#[derive(Debug)]
pub struct Item<'a, T: ?Sized>(pub &'a T);

/// What is kept of an item.
#[derive(Debug)]
pub enum Captured {
    Json(String),
    Error {
        type_name: &'static str,
        message: String,
    },
    Nothing,
}

pub trait ItemAsJsonResult {
    fn captured(&self) -> Captured;
}

pub trait ItemAsDebugResult {
    fn captured(&self) -> Captured;
}

pub trait ItemAsJson {
    fn captured(&self) -> Captured;
}

pub trait ItemAsDebug {
    fn captured(&self) -> Captured;
}

pub trait ItemAsNothing {
    fn captured(&self) -> Captured;
}

impl<T: Serialize, E: Display> ItemAsJsonResult for &&&&Item<'_, Result<T, E>> {
    fn captured(&self) -> Captured {
        self.0
            .as_ref()
            .map_or_else(error_item, |item| Captured::Json(to_json(item)))
    }
}

impl<T: Debug, E: Display> ItemAsDebugResult for &&&Item<'_, Result<T, E>> {
    fn captured(&self) -> Captured {
        self.0
            .as_ref()
            .map_or_else(error_item, |item| Captured::Json(debug_json(item)))
    }
}

impl<T: Serialize + ?Sized> ItemAsJson for &&Item<'_, T> {
    fn captured(&self) -> Captured {
        Captured::Json(to_json(self.0))
    }
}

impl<T: Debug + ?Sized> ItemAsDebug for &Item<'_, T> {
    fn captured(&self) -> Captured {
        Captured::Json(debug_json(self.0))
    }
}

impl<T: ?Sized> ItemAsNothing for Item<'_, T> {
    fn captured(&self) -> Captured {
        Captured::Nothing
    }
}

fn error_item<E: Display>(error: &E) -> Captured {
    Captured::Error {
        type_name: type_name::<E>(),
        message: error.to_string(),
    }
}

/// The error of a `Result`.
#[derive(Debug)]
pub struct Failure<'a, E: ?Sized>(pub &'a E);

pub trait ErrorAsError {
    fn record_on(&self, span: &Span);
}

pub trait ErrorWithin {
    fn record_on(&self, span: &Span);
}

pub trait ErrorAsDisplay {
    fn record_on(&self, span: &Span);
}

pub trait ErrorAsDebug {
    fn record_on(&self, span: &Span);
}

pub trait ErrorAsNothing {
    fn record_on(&self, span: &Span);
}

impl<E: Error + 'static> ErrorAsError for &&&&Failure<'_, E> {
    fn record_on(&self, span: &Span) {
        span.record_error_of_type(type_name::<E>(), self.0);
    }
}

/// `anyhow::Error`, `Box<dyn Error + Send + Sync>` and others that hold an error, but are none.
impl<E: AsRef<dyn Error + Send + Sync>> ErrorWithin for &&&Failure<'_, E> {
    fn record_on(&self, span: &Span) {
        span.record_error_of_type(type_name::<E>(), self.0.as_ref());
    }
}

impl<E: Display + ?Sized> ErrorAsDisplay for &&Failure<'_, E> {
    fn record_on(&self, span: &Span) {
        record_text::<E>(span, self.0.to_string());
    }
}

impl<E: Debug + ?Sized> ErrorAsDebug for &Failure<'_, E> {
    fn record_on(&self, span: &Span) {
        record_text::<E>(span, format!("{:?}", self.0));
    }
}

impl<E: ?Sized> ErrorAsNothing for Failure<'_, E> {
    fn record_on(&self, span: &Span) {
        record_text::<E>(span, String::new());
    }
}

fn record_text<E: ?Sized>(span: &Span, message: String) {
    span.record_exception(type_name::<E>(), &message, &message);
    span.set_error(message);
}
