//! `span!`.

/// Starts a span of the tracer of this process: a child of the current span, unless a parent is given. While tracing is
/// off it costs about a nanosecond, and no value is evaluated.
///
/// Attributes are `name = value` or `"name" = value`, of any type that is [`IntoValue`](crate::IntoValue); `?value`
/// stands for its `Debug` form and `%value` for its `Display` form. Before them may stand `type: "TOOL"`,
/// `parent: &span` and `inputs: value`, where the value is written as JSON.
///
/// ```
/// let city = "Paris";
/// let span = fanlight::span!("weather", type: "TOOL", inputs: city, "geo.city" = city, retries = 2);
/// let celsius = span.in_scope(|| 21);
/// span.set_outputs(&celsius);
/// ```
#[macro_export]
macro_rules! span {
    ($name:expr $(, $($rest:tt)*)?) => {
        if $crate::global::is_recording() {
            $crate::__span!([$crate::Span::builder($name)] $($($rest)*)?).start()
        } else {
            $crate::Span::none()
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __span {
    ([$builder:expr]) => { $builder };
    ([$builder:expr] type: $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span!([$builder.span_type($value)] $($($rest)*)?)
    };
    ([$builder:expr] parent: $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span!([$builder.parent($value)] $($($rest)*)?)
    };
    ([$builder:expr] inputs: $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span!([$builder.inputs(&$value)] $($($rest)*)?)
    };
    ([$builder:expr] $key:literal = $($rest:tt)+) => {
        $crate::__span!(@value [$builder] [$key] $($rest)+)
    };
    ([$builder:expr] $($key:ident).+ = $($rest:tt)+) => {
        $crate::__span!(@value [$builder] [$crate::__dotted!($($key).+)] $($rest)+)
    };
    (@value [$builder:expr] [$key:expr] ?$value:expr $(, $($rest:tt)*)?) => {
        $crate::__span!([$builder.attribute($key, ::std::format!("{:?}", $value))] $($($rest)*)?)
    };
    (@value [$builder:expr] [$key:expr] %$value:expr $(, $($rest:tt)*)?) => {
        $crate::__span!([$builder.attribute($key, ::std::string::ToString::to_string(&$value))] $($($rest)*)?)
    };
    (@value [$builder:expr] [$key:expr] $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span!([$builder.attribute($key, $value)] $($($rest)*)?)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __dotted {
    ($first:ident $(. $rest:ident)*) => {
        ::core::concat!(::core::stringify!($first) $(, ".", ::core::stringify!($rest))*)
    };
}
