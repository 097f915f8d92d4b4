//! What can be the value of an attribute.

use std::borrow::Cow;

use fanlight_model::Value;

/// Something that can be the value of an attribute.
///
/// Integers beyond 64 bits with a sign become the nearest one within. An `Option` that is `None` is null.
pub trait IntoValue {
    /// As a value.
    fn into_value(self) -> Value;
}

macro_rules! as_is {
    ($($type:ty),*) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                Value::from(self)
            }
        }
    )*};
}

macro_rules! integers {
    ($($type:ty => $limit:expr),*) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                Value::Int(i64::try_from(self).unwrap_or($limit))
            }
        }
    )*};
}

as_is!(Value, &str, String, bool, i64, f64);
integers!(i8 => 0, i16 => 0, i32 => 0, u8 => 0, u16 => 0, u32 => 0, u64 => i64::MAX, usize => i64::MAX);

impl IntoValue for f32 {
    fn into_value(self) -> Value {
        Value::Double(self.into())
    }
}

impl IntoValue for isize {
    fn into_value(self) -> Value {
        let nearest = if self < 0 { i64::MIN } else { i64::MAX };
        Value::Int(i64::try_from(self).unwrap_or(nearest))
    }
}

impl IntoValue for &String {
    fn into_value(self) -> Value {
        Value::String(self.clone())
    }
}

impl IntoValue for Cow<'_, str> {
    fn into_value(self) -> Value {
        Value::String(self.into_owned())
    }
}

impl IntoValue for serde_json::Value {
    fn into_value(self) -> Value {
        Value::from_json(self)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::Array(self.into_iter().map(IntoValue::into_value).collect())
    }
}

impl<T: IntoValue + Clone> IntoValue for &[T] {
    fn into_value(self) -> Value {
        self.to_vec().into_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width_are_taken() {
        assert_eq!(3_u32.into_value(), Value::Int(3));
        assert_eq!((-3_isize).into_value(), Value::Int(-3));
        assert_eq!(u64::MAX.into_value(), Value::Int(i64::MAX));
        assert_eq!(Some(0.5_f32).into_value(), Value::Double(0.5));
        assert_eq!(None::<bool>.into_value(), Value::Null);
        let texts = vec!["a", "b"].into_value();
        assert_eq!(texts, Value::Array(vec!["a".into(), "b".into()]));
    }
}
