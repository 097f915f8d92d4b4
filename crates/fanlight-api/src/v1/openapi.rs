//! The `OpenAPI` document of `/api/v1`, made from the types that are sent.

use serde_json::{Map, Value as Json, json};

use super::bodies::{
    DeleteBody, ExperimentChangeBody, ExperimentsBody, ExportBody, ImportReply, NewAssessmentBody,
    NewExperimentBody, PricesBody, SearchBody, SessionsBody, SpansBody, SqlBody, StatsBody,
    TagsBody,
};
use super::schema::{Book, Schema};
use super::{
    AssessmentView, ChangedReply, ErrorReply, ExperimentView, ExperimentsReply, FullTraceReply,
    HitsReply, PriceTableView, PricesReply, RepricingReply, SearchReply, SessionsReply, SpansReply,
    StatsReply, TraceTreeReply, ValuesReply,
};

type Describe = fn(&mut Book) -> Json;

/// What can be asked at one path with one method.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub method: &'static str,
    /// Below `/api/v1`, with its parameters in braces.
    pub path: &'static str,
    summary: &'static str,
    /// Name and description of each parameter of the URL; those with `?` may be left out.
    query: &'static [(&'static str, &'static str)],
    body: Option<Describe>,
    reply: Reply,
}

#[derive(Clone, Copy, Debug)]
enum Reply {
    Json(Describe),
    /// 204, without a body.
    Nothing,
    /// Bytes of one of these types.
    Stream(&'static [&'static str]),
}

const fn operation(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    body: Option<Describe>,
    reply: Reply,
) -> Operation {
    Operation {
        method,
        path,
        summary,
        query: &[],
        body,
        reply,
    }
}

const fn with_query(
    mut operation: Operation,
    query: &'static [(&'static str, &'static str)],
) -> Operation {
    operation.query = query;
    operation
}

const fn json_of<T: Schema>() -> Reply {
    Reply::Json(T::schema)
}

const EXPORT_QUERY: &[(&str, &str)] = &[
    ("experiments", "ids, separated by commas"),
    ("filter?", "empty for everything"),
    ("format?", "otlp, mlflow, traces or spans"),
    ("as?", "lines or parquet; the latter for traces and spans"),
    ("cursor?", "goes on where another stream was cut off"),
];

const EXPORTED: Reply = Reply::Stream(&["application/x-ndjson", "application/vnd.apache.parquet"]);

/// Everything there is below `/api/v1`.
pub const OPERATIONS: &[Operation] = &[
    operation(
        "get",
        "/openapi.json",
        "This document",
        None,
        json_of::<Map<String, Json>>(),
    ),
    operation(
        "post",
        "/experiments/search",
        "Experiments with their counts",
        Some(ExperimentsBody::schema),
        json_of::<ExperimentsReply>(),
    ),
    operation(
        "post",
        "/experiments",
        "Make an experiment",
        Some(NewExperimentBody::schema),
        json_of::<ExperimentView>(),
    ),
    operation(
        "get",
        "/experiments/{experiment_id}",
        "An experiment with its counts",
        None,
        json_of::<ExperimentView>(),
    ),
    operation(
        "patch",
        "/experiments/{experiment_id}",
        "Rename an experiment, change its tags",
        Some(ExperimentChangeBody::schema),
        json_of::<ExperimentView>(),
    ),
    operation(
        "delete",
        "/experiments/{experiment_id}",
        "Hide an experiment",
        None,
        json_of::<ExperimentView>(),
    ),
    operation(
        "post",
        "/experiments/{experiment_id}/restore",
        "Bring a deleted experiment back",
        None,
        json_of::<ExperimentView>(),
    ),
    operation(
        "post",
        "/traces/search",
        "A page of traces, and counts over everything that matches",
        Some(SearchBody::schema),
        json_of::<SearchReply>(),
    ),
    with_query(
        operation(
            "get",
            "/traces/export",
            "All matching traces, a line each or as a file",
            None,
            EXPORTED,
        ),
        EXPORT_QUERY,
    ),
    operation(
        "post",
        "/traces/export",
        "All matching traces, a line each or as a file",
        Some(ExportBody::schema),
        EXPORTED,
    ),
    with_query(
        operation(
            "post",
            "/traces/import",
            "Take traces, a line each",
            None,
            json_of::<ImportReply>(),
        ),
        &[
            ("experiment?", "a name or an id that everything goes to"),
            ("on_error?", "`skip` leaves bad lines out"),
        ],
    ),
    operation(
        "post",
        "/traces/tags",
        "Change tags of traces",
        Some(TagsBody::schema),
        json_of::<ChangedReply>(),
    ),
    operation(
        "post",
        "/traces/delete",
        "Delete traces",
        Some(DeleteBody::schema),
        json_of::<ChangedReply>(),
    ),
    operation(
        "get",
        "/traces/{trace_id}",
        "A trace with its spans",
        None,
        json_of::<FullTraceReply>(),
    ),
    operation(
        "get",
        "/traces/{trace_id}/tree",
        "A trace with its spans, without their payloads",
        None,
        json_of::<TraceTreeReply>(),
    ),
    operation(
        "post",
        "/traces/{trace_id}/spans",
        "Some spans of a trace with their payloads",
        Some(SpansBody::schema),
        json_of::<SpansReply>(),
    ),
    with_query(
        operation(
            "get",
            "/traces/{trace_id}/hits",
            "Places in a trace where a text is",
            None,
            json_of::<HitsReply>(),
        ),
        &[
            ("filter", "conditions with `LIKE`, `ILIKE` or `RLIKE`"),
            ("limit?", "1 to 1000; 200 when not given"),
        ],
    ),
    operation(
        "post",
        "/traces/{trace_id}/assessments",
        "Say something about a trace or one of its spans",
        Some(NewAssessmentBody::schema),
        json_of::<AssessmentView>(),
    ),
    operation(
        "delete",
        "/traces/{trace_id}/assessments/{assessment_id}",
        "Take back what was said; what it replaced counts again",
        None,
        json_of::<ChangedReply>(),
    ),
    operation(
        "post",
        "/sessions/search",
        "Traces gathered by session or user",
        Some(SessionsBody::schema),
        json_of::<SessionsReply>(),
    ),
    operation(
        "get",
        "/prices",
        "Price tables, in the order in which they are asked",
        None,
        json_of::<PricesReply>(),
    ),
    operation(
        "put",
        "/prices",
        "Give the workspace a price table",
        Some(PricesBody::schema),
        json_of::<PriceTableView>(),
    ),
    operation(
        "delete",
        "/prices",
        "Take the workspace's price table away",
        None,
        Reply::Nothing,
    ),
    operation(
        "post",
        "/prices/reprice",
        "Begin to price again what is kept",
        None,
        json_of::<RepricingReply>(),
    ),
    operation(
        "get",
        "/prices/reprice",
        "How far pricing again has come",
        None,
        json_of::<RepricingReply>(),
    ),
    with_query(
        operation(
            "get",
            "/values",
            "Values of a property, for completion",
            None,
            json_of::<ValuesReply>(),
        ),
        &[
            ("property", "such as `name` or `tag.env`"),
            ("experiments", "ids, separated by commas"),
            ("prefix?", "of the values"),
            ("limit?", "1 to 1000; 50 when not given"),
        ],
    ),
    with_query(
        operation(
            "get",
            "/keys",
            "Keys in use, for completion",
            None,
            json_of::<ValuesReply>(),
        ),
        &[
            ("of", "`tag`, `metadata` or `attribute`"),
            ("experiments", "ids, separated by commas"),
            ("prefix?", "of the keys"),
            ("limit?", "1 to 1000; 50 when not given"),
        ],
    ),
    operation(
        "post",
        "/stats",
        "Figures for a dashboard",
        Some(StatsBody::schema),
        json_of::<StatsReply>(),
    ),
    operation(
        "post",
        "/sql",
        "One statement in SQL",
        Some(SqlBody::schema),
        Reply::Stream(&[
            "application/json",
            "application/x-ndjson",
            "text/csv",
            "application/vnd.apache.arrow.stream",
            "application/vnd.apache.parquet",
        ]),
    ),
];

/// `OpenAPI` 3.1.
pub fn document() -> Json {
    let mut book = Book::default();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = format!("/api/v1{}", operation.path);
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[operation.method] = operation.render(&mut book);
    }
    let schemas: Map<String, Json> = book
        .0
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fanlight",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

impl Operation {
    fn render(&self, book: &mut Book) -> Json {
        let mut json = json!({"summary": self.summary, "parameters": self.parameters()});
        if let Some(body) = self.body {
            json["requestBody"] =
                json!({"required": true, "content": {"application/json": {"schema": body(book)}}});
        }
        let content: Map<String, Json> = match self.reply {
            Reply::Json(schema) => {
                let one = json!({"schema": schema(book)});
                Map::from_iter([("application/json".to_owned(), one)])
            }
            Reply::Nothing => Map::new(),
            Reply::Stream(types) => types
                .iter()
                .map(|media| ((*media).to_owned(), json!({})))
                .collect(),
        };
        let failure = json!({"application/json": {"schema": ErrorReply::schema(book)}});
        let status = match self.reply {
            Reply::Nothing => "204",
            _ => "200",
        };
        json["responses"] = json!({
            status: {"description": "Done", "content": content},
            "default": {"description": "Refused or failed", "content": failure},
        });
        json
    }

    fn parameters(&self) -> Json {
        let segments = self.path.split('/');
        let in_path = segments.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path = in_path.map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
        });
        let in_query = self.query.iter().map(|(name, about)| {
            json!({
                "name": name.trim_end_matches('?'), "in": "query", "required": !name.ends_with('?'),
                "description": about, "schema": {"type": "string"},
            })
        });
        in_path.chain(in_query).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of the document.
    fn references(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Object(members) => {
                found.extend(
                    members
                        .get("$ref")
                        .and_then(Json::as_str)
                        .map(str::to_owned),
                );
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 40);
        for reference in found {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{name}"
            );
        }
    }

    #[test]
    fn each_operation_is_there_once() {
        let mut known: Vec<_> = OPERATIONS.iter().map(|it| (it.path, it.method)).collect();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), OPERATIONS.len());
    }
}
