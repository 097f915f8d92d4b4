//! What a condition can be about, and which operators and values each field takes.

/// A property of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TraceField {
    /// As MLflow writes it: `tr-` and hex digits, or the client's own.
    TraceId,
    ClientRequestId,
    State,
    /// Milliseconds since 1970, rounded down.
    Start,
    /// Milliseconds, rounded down.
    Duration,
    /// Milliseconds since 1970, rounded down.
    End,
    Name,
    /// The run the trace was made in; for `=`, also one it was linked to.
    Run,
    /// `name/version` of a linked prompt.
    Prompt,
    /// Any text of any span.
    Text,
    /// Made by [`TraceField::tag`].
    Tag(String),
    /// Made by [`TraceField::metadata`].
    Metadata(String),
    Session,
    User,
    /// Token usage as rendered JSON text.
    Usage,
    /// Cost as rendered JSON text.
    Cost,
    /// Values of valid feedback with this name.
    Feedback(String),
    /// Values of valid expectations with this name.
    Expectation(String),
    /// Ids of the issues the trace shows.
    Issue,
}

/// A property of a span.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SpanField {
    Name,
    Type,
    /// `OK`, `ERROR` or `UNSET`.
    Status,
    Model,
    /// Decoded text of an attribute, raw or derived.
    Attribute(String),
    /// Any text of the span.
    Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Trace(TraceField),
    Span(SpanField),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Like,
    ILike,
    RLike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
}

/// What may stand right of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Text,
    /// `name/version`
    Prompt,
    Integer,
    Number,
    /// A number that may be quoted.
    LooseNumber,
}

impl TraceField {
    /// The tag `key`, or the field it is kept as.
    pub fn tag(key: &str) -> Self {
        match key {
            "mlflow.traceName" => Self::Name,
            _ => Self::Tag(key.to_owned()),
        }
    }

    /// The metadata `key`, or the field it is kept as.
    pub fn metadata(key: &str) -> Self {
        match key {
            "mlflow.trace.session" => Self::Session,
            "mlflow.trace.user" => Self::User,
            "mlflow.sourceRun" => Self::Run,
            "mlflow.trace.tokenUsage" => Self::Usage,
            "mlflow.trace.cost" => Self::Cost,
            _ => Self::Metadata(key.to_owned()),
        }
    }

    /// The attribute `key`; `prefixed` when `trace.` or `attributes.` stands before it.
    pub(crate) fn attribute(key: &str, prefixed: bool) -> Option<Self> {
        Some(match key {
            "request_id" => Self::TraceId,
            "client_request_id" => Self::ClientRequestId,
            "status" => Self::State,
            "timestamp" | "timestamp_ms" => Self::Start,
            "execution_time"
            | "execution_time_ms"
            | "execution_duration"
            | "execution_duration_ms" => Self::Duration,
            "end_time" | "end_time_ms" => Self::End,
            "name" => Self::Name,
            "run_id" => Self::Run,
            "prompt" => Self::Prompt,
            "text" if prefixed => Self::Text,
            _ => return None,
        })
    }

    fn operators(&self) -> &'static [Operator] {
        use Operator::{Eq, Ge, Gt, ILike, In, IsNotNull, IsNull, Le, Like, Lt, Ne, NotIn, RLike};
        match self {
            Self::TraceId | Self::ClientRequestId | Self::State => {
                &[Eq, Ne, In, NotIn, Like, ILike, RLike]
            }
            Self::Start | Self::Duration | Self::End => &[Eq, Ne, Lt, Le, Gt, Ge],
            Self::Name
            | Self::Run
            | Self::Tag(_)
            | Self::Metadata(_)
            | Self::Session
            | Self::User => &[Eq, Ne, Like, ILike, RLike, IsNull, IsNotNull],
            Self::Usage | Self::Cost => &[Eq, Ne, IsNull, IsNotNull],
            Self::Feedback(_) | Self::Expectation(_) => &[
                Eq, Ne, Lt, Le, Gt, Ge, Like, ILike, RLike, IsNull, IsNotNull,
            ],
            Self::Text => &[Like, ILike],
            Self::Prompt | Self::Issue => &[Eq],
        }
    }

    fn value_kind(&self, operator: Operator) -> ValueKind {
        use Operator::{Ge, Gt, Le, Lt};
        match self {
            Self::Prompt => ValueKind::Prompt,
            Self::Start => ValueKind::Integer,
            Self::Duration | Self::End => ValueKind::LooseNumber,
            Self::Feedback(_) | Self::Expectation(_) if matches!(operator, Lt | Le | Gt | Ge) => {
                ValueKind::Number
            }
            _ => ValueKind::Text,
        }
    }
}

impl SpanField {
    fn operators(&self) -> &'static [Operator] {
        use Operator::{Eq, ILike, In, Like, Ne, NotIn, RLike};
        match self {
            Self::Content => &[Like, ILike],
            Self::Name | Self::Type | Self::Status | Self::Model | Self::Attribute(_) => {
                &[Eq, Ne, In, NotIn, Like, ILike, RLike]
            }
        }
    }
}

impl Field {
    pub(crate) fn operators(&self) -> &'static [Operator] {
        match self {
            Self::Trace(field) => field.operators(),
            Self::Span(field) => field.operators(),
        }
    }

    pub(crate) fn value_kind(&self, operator: Operator) -> ValueKind {
        match self {
            Self::Trace(field) => field.value_kind(operator),
            Self::Span(_) => ValueKind::Text,
        }
    }
}

impl Operator {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Like => "LIKE",
            Self::ILike => "ILIKE",
            Self::RLike => "RLIKE",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
            Self::IsNull => "IS NULL",
            Self::IsNotNull => "IS NOT NULL",
        }
    }
}
