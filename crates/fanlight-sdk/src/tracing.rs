//! Spans of the crate `tracing` become spans of Fanlight.
//!
//! ```
//! use tracing_subscriber::filter::LevelFilter;
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! let subscriber = tracing_subscriber::registry().with(
//!     fanlight::tracing::layer()
//!         .max_level(LevelFilter::INFO)
//!         .target("my_agent", LevelFilter::DEBUG),
//! );
//! # let _ = subscriber;
//! ```
//!
//! Spans of both kinds are each other's parents. Fields become attributes; a field `otel.name` is the name of the span,
//! `otel.kind` its kind, `otel.status_code` and `otel.status_description` its status, and `span_type` its type. A span
//! with an `error.type` has failed. Events become events of the span they happened in; one of the level `ERROR` is its
//! status as well.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::Debug;

use fanlight_model::{SpanKind, StatusCode, Value};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::attributes as key;
use crate::context::{Entered, current_span};
use crate::record::{Text, set};
use crate::span::{Span, SpanBuilder};

/// See the module.
#[derive(Clone, Debug)]
pub struct Layer {
    max_level: LevelFilter,
    targets: Vec<(String, LevelFilter)>,
}

/// Takes spans and events up to the level `INFO`, of all targets.
pub fn layer() -> Layer {
    Layer {
        max_level: LevelFilter::INFO,
        targets: Vec::new(),
    }
}

thread_local! {
    /// Those of this thread, by the ids of their `tracing` spans.
    static ENTERED: RefCell<Vec<(u64, Entered)>> = const { RefCell::new(Vec::new()) };
}

/// Kept beside a `tracing` span.
struct OfFanlight(Span);

impl Layer {
    /// For targets that are not named.
    #[must_use]
    pub fn max_level(mut self, level: LevelFilter) -> Self {
        self.max_level = level;
        self
    }

    /// For targets that are `prefix` or below it (`my_agent`, `my_agent::tools`). Of several that fit, the longest
    /// counts.
    #[must_use]
    pub fn target(mut self, prefix: impl Into<String>, level: LevelFilter) -> Self {
        self.targets.push((prefix.into(), level));
        self
    }

    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let fitting = self.targets.iter().filter(|(prefix, _)| {
            let rest = target.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        let named = fitting.max_by_key(|(prefix, _)| prefix.len());
        *metadata.level() <= named.map_or(self.max_level, |(_, level)| *level)
    }
}

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !crate::global::is_recording() || !self.takes(attributes.metadata()) {
            return;
        }
        let Some(of_tracing) = context.span(id) else {
            return;
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let metadata = attributes.metadata();
        let name = fields.name.take();
        let builder = Span::builder(name.map_or(Text::Borrowed(metadata.name()), Text::Owned));
        // Outside of any span of `tracing`, a root and a child are the same to whoever asks for one.
        let is_root = attributes.is_root() && context.lookup_current().is_some();
        let builder = if is_root {
            builder.root()
        } else {
            // What is entered is the current span anyway; a parent that is named may not be entered.
            let named = attributes.parent().and_then(|parent| context.span(parent));
            match named.and_then(|parent| nearest(&parent)) {
                Some(parent) => builder.parent(&parent),
                None => builder,
            }
        };
        let failure = fields.failure.take();
        let span = fields
            .give_to(builder)
            .attribute("tracing.target", metadata.target())
            .attribute("tracing.level", metadata.level().as_str())
            .start();
        if let Some(failure) = failure {
            failure.set_on(&span);
        }
        of_tracing.extensions_mut().insert(OfFanlight(span));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = own(id, &context) {
            let mut fields = Fields::default();
            values.record(&mut fields);
            fields.set_on(&span);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let cause = own(follows, &context);
        let ids = cause.and_then(|cause| cause.trace_id().zip(cause.span_id()));
        if let (Some(span), Some((trace_id, span_id))) = (own(id, &context), ids) {
            span.add_link(trace_id, span_id);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if !crate::global::is_recording() || !self.takes(metadata) {
            return;
        }
        let around = context.event_span(event);
        let span = around.map_or_else(current_span, |around| {
            nearest(&around).unwrap_or_else(current_span)
        });
        if !span.is_recording() {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.message.take();
        if *metadata.level() == tracing_core::Level::ERROR {
            span.set_error(message.clone().unwrap_or_default());
        }
        let mut attributes = fields.attributes;
        set(
            &mut attributes,
            "tracing.level".into(),
            metadata.level().as_str().into(),
        );
        set(
            &mut attributes,
            "tracing.target".into(),
            metadata.target().into(),
        );
        span.add_event(
            message.unwrap_or_else(|| metadata.name().to_owned()),
            attributes,
        );
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = own(id, &context) {
            let entered = span.entered();
            // While the thread ends, nothing more happens within.
            let _ = ENTERED.try_with(|all| all.borrow_mut().push((id.into_u64(), entered)));
        }
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        let left = ENTERED.try_with(|all| {
            let mut all = all.borrow_mut();
            let place = all.iter().rposition(|(known, _)| *known == id.into_u64())?;
            Some(all.remove(place))
        });
        // Dropped when nothing is borrowed: a span may end here.
        drop(left);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = own(&id, &context) {
            span.end();
        }
    }
}

fn own<S>(id: &Id, context: &Context<'_, S>) -> Option<Span>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let of_tracing = context.span(id)?;
    let extensions = of_tracing.extensions();
    Some(extensions.get::<OfFanlight>()?.0.clone())
}

/// The span itself, or the closest one around it that is not filtered out.
fn nearest<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> Option<Span> {
    span.scope().find_map(|span| {
        let extensions = span.extensions();
        Some(extensions.get::<OfFanlight>()?.0.clone())
    })
}

/// Fields as attributes, but for those with a meaning of their own.
#[derive(Default)]
struct Fields {
    name: Option<String>,
    kind: Option<SpanKind>,
    span_type: Option<String>,
    message: Option<String>,
    failure: Option<Failure>,
    attributes: Vec<(Text, Value)>,
}

/// How a span went, by words of OpenTelemetry.
#[derive(Default)]
struct Failure {
    is_ok: bool,
    is_error: bool,
    /// What kind of error, which is all that is said where there is no description.
    kind: Option<String>,
    description: Option<String>,
}

impl Failure {
    fn set_on(self, span: &Span) {
        if self.is_ok {
            span.set_ok();
        } else if self.is_error || self.kind.is_some() {
            let said = self.description.or(self.kind);
            span.with_record(|record| {
                record.status = StatusCode::Error;
                if let Some(said) = said {
                    record.status_message = said;
                }
            });
        } else if let Some(description) = self.description {
            span.with_record(|record| record.status_message = description);
        }
    }
}

impl Fields {
    fn give_to(self, mut builder: SpanBuilder) -> SpanBuilder {
        for (key, value) in self.attributes {
            builder = builder.attribute(key, value);
        }
        if let Some(kind) = self.kind {
            builder = builder.kind(kind);
        }
        match self.span_type {
            Some(span_type) => builder.span_type(&span_type),
            None => builder,
        }
    }

    fn set_on(self, span: &Span) {
        for (key, value) in self.attributes {
            span.set_attribute(key, value);
        }
        if let Some(failure) = self.failure {
            failure.set_on(span);
        }
        if let Some(name) = self.name {
            span.set_name(name);
        }
        if let Some(span_type) = self.span_type {
            span.set_span_type(&span_type);
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        let text = value.as_str().map(str::to_owned);
        match (field.name(), text) {
            ("message", Some(text)) => self.message = Some(text),
            ("otel.name", Some(text)) => self.name = Some(text),
            ("span_type", Some(text)) => self.span_type = Some(text),
            ("otel.kind", Some(text)) => self.kind = kind_called(&text),
            ("otel.status_code", Some(text)) => {
                let failure = self.failure.get_or_insert_default();
                failure.is_ok = text.eq_ignore_ascii_case("ok");
                failure.is_error = text.eq_ignore_ascii_case("error");
            }
            ("otel.status_description" | "otel.status_message", Some(text)) => {
                self.failure.get_or_insert_default().description = Some(text);
            }
            ("error.type" | "gen_ai.tool.error.type", Some(text)) => {
                self.failure.get_or_insert_default().kind = Some(text.clone());
                set(&mut self.attributes, Text::Borrowed(field.name()), value);
            }
            (name, _) => set(&mut self.attributes, Text::Borrowed(name), value),
        }
    }
}

fn kind_called(name: &str) -> Option<SpanKind> {
    Some(match name.to_ascii_lowercase().as_str() {
        "server" => SpanKind::Server,
        "client" => SpanKind::Client,
        "producer" => SpanKind::Producer,
        "consumer" => SpanKind::Consumer,
        "internal" => SpanKind::Internal,
        _ => return None,
    })
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, crate::IntoValue::into_value(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        set(
            &mut self.attributes,
            key::EXCEPTION_MESSAGE.into(),
            value.to_string().into(),
        );
        self.put(field, crate::span::with_causes(value).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}").into());
    }
}
