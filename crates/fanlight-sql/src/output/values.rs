//! Single values as text: what JSON and CSV have in common.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray,
    StructArray, UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

/// Larger whole numbers become others in readers that know only doubles.
const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// One column, ready to be written value by value.
pub(super) enum Values {
    Absent,
    Flags(BooleanArray),
    Integers(Int64Array),
    Unsigned(UInt64Array),
    Floats(Float64Array),
    Texts(StringArray),
    Lists(ListArray, Box<Values>),
    Structs(StructArray, Vec<(String, Values)>),
    /// As the query engine shows them.
    Others(ArrayRef),
}

impl Values {
    pub(super) fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(match array.data_type() {
            DataType::Null => Self::Absent,
            DataType::Boolean => Self::Flags(array.as_boolean().clone()),
            DataType::UInt64 => Self::Unsigned(array.as_primitive::<UInt64Type>().clone()),
            kind if kind.is_integer() => {
                let wide = cast(array, &DataType::Int64)?;
                Self::Integers(wide.as_primitive::<Int64Type>().clone())
            }
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                let wide = cast(array, &DataType::Float64)?;
                Self::Floats(wide.as_primitive::<Float64Type>().clone())
            }
            DataType::Utf8 => Self::Texts(array.as_string::<i32>().clone()),
            DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                let texts = cast(array, &DataType::Utf8)?;
                Self::Texts(texts.as_string::<i32>().clone())
            }
            DataType::List(_) => {
                let lists = array.as_list::<i32>().clone();
                let items = Self::of(lists.values())?;
                Self::Lists(lists, Box::new(items))
            }
            DataType::Struct(fields) => {
                let structs = array.as_struct().clone();
                let columns = fields.iter().zip(structs.columns());
                let members = columns
                    .map(|(field, column)| Ok((field.name().clone(), Self::of(column)?)))
                    .collect::<Result<_, ArrowError>>()?;
                Self::Structs(structs, members)
            }
            _ => Self::Others(array.clone()),
        })
    }

    pub(super) fn is_absent(&self, row: usize) -> bool {
        match self {
            Self::Absent => true,
            Self::Flags(array) => array.is_null(row),
            Self::Integers(array) => array.is_null(row),
            Self::Unsigned(array) => array.is_null(row),
            Self::Floats(array) => array.is_null(row),
            Self::Texts(array) => array.is_null(row),
            Self::Lists(array, _) => array.is_null(row),
            Self::Structs(array, _) => array.is_null(row),
            Self::Others(array) => array.is_null(row),
        }
    }

    /// As a JSON value.
    pub(super) fn write_json(&self, row: usize, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        if self.is_absent(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match self {
            Self::Absent => {}
            Self::Flags(array) => write_text(out, format_args!("{}", array.value(row))),
            Self::Integers(array) => {
                let number = array.value(row);
                write_integer(number.unsigned_abs(), out, format_args!("{number}"));
            }
            Self::Unsigned(array) => {
                let number = array.value(row);
                write_integer(number, out, format_args!("{number}"));
            }
            Self::Floats(array) => match serde_json::Number::from_f64(array.value(row)) {
                Some(number) => write_text(out, format_args!("{number}")),
                None => write_text(out, format_args!("\"{}\"", float_name(array.value(row)))),
            },
            Self::Texts(array) => write_json_text(array.value(row), out),
            Self::Lists(array, items) => {
                let offsets = array.value_offsets();
                let place = |at: usize| usize::try_from(offsets[at]).unwrap_or(0);
                out.push(b'[');
                for (at, item) in (place(row)..place(row + 1)).enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    items.write_json(item, out)?;
                }
                out.push(b']');
            }
            Self::Structs(_, members) => {
                out.push(b'{');
                for (at, (name, values)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write_json_text(name, out);
                    out.push(b':');
                    values.write_json(row, out)?;
                }
                out.push(b'}');
            }
            Self::Others(array) => write_json_text(&shown(array, row)?, out),
        }
        Ok(())
    }

    /// As plain text; nested values as JSON.
    pub(super) fn text(&self, row: usize) -> Result<String, ArrowError> {
        Ok(match self {
            Self::Texts(array) => array.value(row).to_owned(),
            Self::Integers(array) => array.value(row).to_string(),
            Self::Unsigned(array) => array.value(row).to_string(),
            Self::Floats(array) if !array.value(row).is_finite() => {
                float_name(array.value(row)).to_owned()
            }
            Self::Others(array) => shown(array, row)?,
            nested => {
                let mut json = Vec::new();
                nested.write_json(row, &mut json)?;
                String::from_utf8_lossy(&json).into_owned()
            }
        })
    }
}

/// In digits where every reader takes them for the same number, else as text.
fn write_integer(size: u64, out: &mut Vec<u8>, digits: std::fmt::Arguments<'_>) {
    if size <= SAFE_INTEGER {
        write_text(out, digits);
    } else {
        write_text(out, format_args!("\"{digits}\""));
    }
}

fn write_text(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    out.write_fmt(text)
        .expect("writing to memory does not fail");
}

pub(super) fn write_json_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("text has a JSON form");
}

fn float_name(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn shown(array: &ArrayRef, row: usize) -> Result<String, ArrowError> {
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array, &options)?;
    formatter.value(row).try_to_string()
}

/// The name of a type, in words.
pub(super) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Null => "null".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        kind if kind.is_integer() => "integer".to_owned(),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "float".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 => "text".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => {
            "binary".to_owned()
        }
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "time".to_owned(),
        DataType::Interval(_) => "interval".to_owned(),
        DataType::Duration(_) => "duration".to_owned(),
        DataType::List(item) => format!("list of {}", type_name(item.data_type())),
        DataType::Struct(_) => "struct".to_owned(),
        DataType::Map(..) => "map".to_owned(),
        kind if kind.is_decimal() => "decimal".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}
