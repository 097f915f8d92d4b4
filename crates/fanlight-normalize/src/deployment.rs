//! Which deployment of an application a span is from.

use fanlight_model::Span;

use crate::json_text;

/// Absent is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    pub environment: Option<String>,
    pub release: Option<String>,
}

/// In the order they are asked; each of the span first, then of its resource.
const ENVIRONMENT: &[&str] = &[
    "langfuse.environment",
    "deployment.environment.name",
    "deployment.environment",
    "ai.telemetry.metadata.environment",
    "langsmith.metadata.environment",
    "environment",
    "env",
];
const RELEASE: &[&str] = &[
    "langfuse.release",
    "service.version",
    "app.version",
    "langsmith.metadata.revision_id",
    "vcs.ref.head.revision",
];

pub fn deployment(span: &Span) -> Deployment {
    Deployment {
        environment: first(span, ENVIRONMENT),
        release: first(span, RELEASE),
    }
}

fn first(span: &Span, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let own = span.attributes.get_str(name);
        let text = own.or_else(|| span.resource.attributes.get_str(name))?;
        let text = json_text::plain(text);
        (!text.is_empty()).then(|| text.into_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fanlight_model::Resource;

    use super::*;
    use crate::testing::{attributes, span};

    #[test]
    fn a_span_speaks_for_itself_before_its_resource() {
        let mut span = span([("langfuse.environment", "staging".into())]);
        span.resource = Arc::new(Resource {
            attributes: attributes([
                ("deployment.environment.name", "production".into()),
                ("service.version", "1.2".into()),
            ]),
        });
        let expected = Deployment {
            environment: Some("staging".to_owned()),
            release: Some("1.2".to_owned()),
        };
        assert_eq!(deployment(&span), expected);
    }
}
