//! Documents that a retriever found or a reranker put in order.

use fanlight_model::{Span, Value};

use crate::content;
use crate::document::{first_member, first_text, items, member};
use crate::found::Found;
use crate::json_text::decode_json_text;
use crate::messages::numbered;
use crate::span_type::span_type;

/// One document; absent is unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub id: Option<String>,
    pub content: Option<String>,
    pub score: Option<f64>,
    pub metadata: Option<Value>,
}

/// Attributes that hold a list, in the order they are asked; the first that has documents counts.
const ATTRIBUTES: &[&str] = &["gen_ai.retrieval.documents", "retrieval.documents"];
/// Attributes with these prefixes and a number, as OpenInference has them: found, then put in order.
const NUMBERED: &[&str] = &[
    "retrieval.documents.",
    "reranker.output_documents.",
    "reranker.input_documents.",
];
/// Types of spans whose output may be documents.
const RETRIEVES: [&str; 2] = ["RETRIEVER", "RERANKER"];

const CONTENT: &[&str] = &["page_content", "content", "text", "document", "pageContent"];
const ID: &[&str] = &[
    "id",
    "document_id",
    "doc_id",
    "id_",
    "node_id",
    "doc_uri",
    "_id",
];
const SCORE: &[&str] = &["score", "relevance_score", "relevanceScore", "similarity"];
/// What vector stores and frameworks put around documents.
const LISTS: &[&str] = &[
    "documents",
    "source_documents",
    "results",
    "matches",
    "nodes",
    "output",
];

pub fn documents(span: &Span) -> Vec<Document> {
    let found = Found::of(span);
    let retrieves = span_type(&found).is_some_and(|own| RETRIEVES.contains(&own.as_ref()));
    let from_attributes = ATTRIBUTES.iter().map(|name| {
        let value = span.attributes.get(name);
        value.map_or_else(Vec::new, listed)
    });
    let from_numbers = NUMBERED.iter().map(|prefix| {
        let documents = numbered::list(span, prefix);
        documents.iter().filter_map(document).collect()
    });
    let from_outputs = retrieves
        .then(|| content::outputs(&found).map_or_else(Vec::new, |outputs| listed(outputs.value())));
    from_attributes
        .chain(from_numbers)
        .chain(from_outputs)
        .find(|documents: &Vec<Document>| !documents.is_empty())
        .unwrap_or_default()
}

fn listed(value: &Value) -> Vec<Document> {
    let value = decode_json_text(value);
    let list = first_member(&value, LISTS).unwrap_or(&value);
    items(list).iter().filter_map(document).collect()
}

fn document(value: &Value) -> Option<Document> {
    if let Value::String(content) = value {
        return Some(Document {
            content: Some(content.clone()),
            ..Document::default()
        });
    }
    // OpenInference `{"document": {…}}`, LangChain `{"lc": 1, "kwargs": {…}}`, LlamaIndex `{"node": {…}, "score": …}`.
    let inner = ["document", "kwargs", "node"]
        .iter()
        .filter_map(|name| member(value, name))
        .find(|inner| matches!(inner, Value::Map(_)));
    let score = first_member(value, SCORE).and_then(number);
    if let Some(inner) = inner {
        let document = document(inner)?;
        return Some(Document {
            score: document.score.or(score),
            ..document
        });
    }
    let document = Document {
        id: first_member(value, ID).map(|id| id.to_text().into_owned()),
        content: first_text(value, CONTENT).map(str::to_owned),
        score,
        metadata: member(value, "metadata").map(|metadata| decode_json_text(metadata).into_owned()),
    };
    let says_something = document.content.is_some() || document.id.is_some();
    says_something.then_some(document)
}

fn number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "scores are small numbers")]
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    fn expected() -> Document {
        Document {
            id: Some("7".to_owned()),
            content: Some("Traces have spans.".to_owned()),
            score: Some(0.5),
            metadata: None,
        }
    }

    #[test]
    fn documents_are_the_same_in_every_spelling() {
        let lists = [
            (
                "gen_ai.retrieval.documents",
                r#"[{"id": "7", "content": "Traces have spans.", "score": 0.5}]"#,
            ),
            (
                "mlflow.spanOutputs",
                r#"[{"id": 7, "page_content": "Traces have spans.", "score": 0.5}]"#,
            ),
            (
                "output.value",
                r#"{"documents": [{"score": "0.5", "node": {"id_": "7", "text": "Traces have spans."}}]}"#,
            ),
            (
                "traceloop.entity.output",
                r#"[{"lc": 1, "kwargs": {"id": "7", "page_content": "Traces have spans."}, "score": 0.5}]"#,
            ),
        ];
        for (name, list) in lists {
            let span = span([("mlflow.spanType", "RETRIEVER".into()), (name, list.into())]);
            assert_eq!(documents(&span), [expected()], "{name}");
        }
        let numbered = span([
            ("retrieval.documents.0.document.id", 7.into()),
            (
                "retrieval.documents.0.document.content",
                "Traces have spans.".into(),
            ),
            ("retrieval.documents.0.document.score", 0.5.into()),
        ]);
        assert_eq!(documents(&numbered), [expected()]);
    }

    #[test]
    fn the_output_of_other_spans_is_no_list_of_documents() {
        let span = span([(
            "mlflow.spanOutputs",
            r#"[{"id": 7, "content": "x"}]"#.into(),
        )]);
        assert_eq!(documents(&span), []);
    }
}
