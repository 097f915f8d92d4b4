//! `GET /api/v1/values` and `GET /api/v1/keys`: what could be typed next.

use fanlight_model::WorkspaceId;
use fanlight_query::{Facet, Keyed, Scope, Values};

use super::schema::shape;
use super::search::unknown_property;
use super::{Members, Refusal, parse_experiments};

const DEFAULT_VALUES: usize = 50;
const MAX_VALUES: usize = 1000;

/// What to complete.
#[derive(Debug)]
pub struct Completion<T> {
    pub of: T,
    pub scope: Scope,
    pub prefix: String,
    pub limit: usize,
}

impl Completion<Facet> {
    pub fn parse_values(mut query: Members, workspace: WorkspaceId) -> Result<Self, Refusal> {
        let property = query.required_text("property")?;
        let facet = Facet::parse(&property);
        let of = facet.ok_or_else(|| unknown_property("property", &property))?;
        parse(query, workspace, of)
    }
}

impl Completion<Keyed> {
    pub fn parse_keys(mut query: Members, workspace: WorkspaceId) -> Result<Self, Refusal> {
        let of = match query.required_text("of")?.as_str() {
            "tag" => Keyed::Tag,
            "metadata" => Keyed::Metadata,
            "attribute" => Keyed::Attribute,
            _ => {
                return Err(Refusal::at(
                    "of",
                    "`of` has to be tag, metadata or attribute",
                ));
            }
        };
        parse(query, workspace, of)
    }
}

fn parse<T>(mut query: Members, workspace: WorkspaceId, of: T) -> Result<Completion<T>, Refusal> {
    let completion = Completion {
        of,
        scope: Scope {
            workspace,
            experiments: parse_experiments(&mut query)?,
        },
        prefix: query.text("prefix")?.unwrap_or_default(),
        limit: query
            .number("limit", 1..=MAX_VALUES)?
            .unwrap_or(DEFAULT_VALUES),
    };
    query.finish()?;
    Ok(completion)
}

shape! {
    /// What could be typed next.
    ValuesReply {
        values: Vec<String>,
        /// Whether there are further ones.
        more: bool,
    }
}

pub fn render_values(values: Values) -> ValuesReply {
    ValuesReply {
        values: values.values,
        more: values.more,
    }
}
