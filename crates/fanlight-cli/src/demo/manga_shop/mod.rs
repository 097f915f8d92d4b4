//! The assistant of a shop for manga: retrieval, reranking, an answer, and guardrails around it.
//!
//! Pipeline steps report through `OpenInference`; the call of the model through `OpenTelemetry`'s `GenAI` conventions.

mod books;
mod failures;

use fanlight_model::{Span, SpanKind, UnixNanos, Value};
use serde_json::json;

use super::dice::Dice;
use super::rhythm;
use super::step::{Source, Step, answer_time_ms, tokens_of};
use books::{BOOKS, Book, QUESTIONS, Question};

const TRACES: usize = 100;

pub(super) fn traces(now: UnixNanos, dice: &mut Dice) -> Vec<Vec<Span>> {
    let source = Source::new("manga-shop", "2026.11.2", ("manga_shop.assistant", "3.2.0"));
    let mut traces = Vec::with_capacity(TRACES);
    for index in 0..TRACES {
        let start = rhythm::start(now, dice);
        traces.push(pipeline(index, dice).record(start, &source, dice));
    }
    traces
}

fn pipeline(index: usize, dice: &mut Dice) -> Step {
    let question = dice.pick(&QUESTIONS);
    let found: Vec<&Book> = (0..4)
        .map(|offset| &BOOKS[(question.best + offset * 3) % BOOKS.len()])
        .collect();
    let region = *dice.pick(&["ap-northeast-1", "eu-west-1", "us-east-1"]);
    let guest = dice.chance(40);
    let mut vector_search = search("vector_search", question, &found, dice);
    if let Some(failure) = failures::of_search(index) {
        vector_search = vector_search.lasting_ms(5_000).failing(failure);
    }
    let mut root = Step::new("answer_customer")
        .kind(SpanKind::Server)
        .with("openinference.span.kind", "CHAIN")
        .with_json_text(
            "input.value",
            &json!({"message": question.text, "page": "catalogue"}),
        )
        .with("input.mime_type", "application/json")
        .with("output.value", question.answer)
        .with("output.mime_type", "text/plain")
        .with("mlflow.traceTag.intent", question.intent)
        .with("mlflow.traceTag.region", region)
        .with(
            "mlflow.traceTag.user_type",
            if guest { "guest" } else { "member" },
        )
        .with("session.id", format!("basket-{:06x}", dice.next() >> 40));
    if !guest {
        root = root.with("user.id", format!("reader-{:03}", dice.between(1, 60)));
    }
    root.child(classify(question, dice))
        .child(embed(question, dice))
        .child(
            Step::new("retrieve")
                .with("openinference.span.kind", "CHAIN")
                .with("input.value", question.text)
                .concurrent()
                .child(search("keyword_search", question, &found[..2], dice))
                .child(vector_search),
        )
        .child(rerank(question, &found, dice))
        .child(chat(question, &found[..2], failures::of_model(index), dice))
        .child(guardrails(question, dice))
        .lasting_ms(dice.between(5, 20))
}

fn classify(question: &Question, dice: &mut Dice) -> Step {
    let rules = dice.chance(35);
    let confidence = share(dice.between(620, 990));
    Step::new("intent_classification")
        .with("openinference.span.kind", "CHAIN")
        .with("input.value", question.text)
        .with_json_text(
            "output.value",
            &json!({"intent": question.intent, "confidence": confidence}),
        )
        .with("output.mime_type", "application/json")
        .with(
            "classification_path",
            if rules { "rules" } else { "ml_model" },
        )
        .with("confidence", confidence)
        .with("model_version", "distilbert-manga-v3.2")
        .lasting_ms(if rules { 2 } else { dice.between(14, 48) })
}

fn embed(question: &Question, dice: &mut Dice) -> Step {
    let tokens = tokens_of(question.text).cast_signed();
    Step::new("embed_query")
        .kind(SpanKind::Client)
        .with("openinference.span.kind", "EMBEDDING")
        .with("embedding.model_name", "text-embedding-3-small")
        .with("llm.provider", "openai")
        .with("embedding.embeddings.0.embedding.text", question.text)
        .with("llm.token_count.prompt", tokens)
        .with("llm.token_count.total", tokens)
        .with("input.value", question.text)
        .lasting_ms(dice.between(45, 160))
}

fn search(name: &str, question: &Question, found: &[&Book], dice: &mut Dice) -> Step {
    let mut step = Step::new(name)
        .with("openinference.span.kind", "RETRIEVER")
        .with("input.value", question.text)
        .with("results_count", found.len().cast_signed() as i64);
    for (place, book) in found.iter().enumerate() {
        step = with_document(
            step,
            "retrieval.documents",
            place,
            book,
            dice.between(300, 880),
        );
    }
    step.lasting_ms(dice.between(18, 140))
}

fn rerank(question: &Question, found: &[&Book], dice: &mut Dice) -> Step {
    let mut step = Step::new("rerank")
        .with("openinference.span.kind", "RERANKER")
        .with("reranker.query", question.text)
        .with("reranker.model_name", "bge-reranker-v2-m3")
        .with("reranker.top_k", 2);
    for (place, book) in found.iter().enumerate() {
        step = with_document(
            step,
            "reranker.input_documents",
            place,
            book,
            dice.between(300, 880),
        );
    }
    for (place, book) in found.iter().take(2).enumerate() {
        step = with_document(
            step,
            "reranker.output_documents",
            place,
            book,
            dice.between(880, 990),
        );
    }
    step.lasting_ms(dice.between(30, 95))
}

fn with_document(step: Step, list: &str, place: usize, book: &Book, score: u64) -> Step {
    let prefix = format!("{list}.{place}.document");
    step.with(format!("{prefix}.id"), book.isbn)
        .with(format!("{prefix}.content"), book.text)
        .with(format!("{prefix}.score"), share(score))
        .with_json_text(
            format!("{prefix}.metadata"),
            &json!({"title": book.title, "price": book.price}),
        )
}

fn chat(
    question: &Question,
    found: &[&Book],
    failure: Option<&super::failure::Failure>,
    dice: &mut Dice,
) -> Step {
    const PROMPT: &str = "You are the assistant of a shop for manga. Recommend only books from the list you are given, \
                          never reveal the ending, and mention the price.";
    let (model, provider, pace) = if dice.chance(60) {
        ("claude-sonnet-4-5", "anthropic", 15)
    } else {
        ("gpt-4o", "openai", 12)
    };
    let list: Vec<String> = found
        .iter()
        .map(|book| format!("- {} (${:.2}): {}", book.title, book.price, book.text))
        .collect();
    let user = format!("{}\n\nBooks:\n{}", question.text, list.join("\n"));
    let part = |role: &str, text: &str| json!({"role": role, "parts": [{"type": "text", "content": text}]});
    let output = tokens_of(question.answer);
    let mut reply = part("assistant", question.answer);
    reply["finish_reason"] = json!("stop");
    let reasons = Value::Array(vec!["stop".into()]);
    let step = Step::new(format!("chat {model}"))
        .kind(SpanKind::Client)
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.provider.name", provider)
        .with("gen_ai.request.model", model)
        .with("gen_ai.response.model", model)
        .with("gen_ai.request.temperature", 0.4)
        .with("gen_ai.request.max_tokens", 600)
        .with(
            "gen_ai.usage.input_tokens",
            tokens_of(PROMPT).cast_signed() + tokens_of(&user).cast_signed(),
        )
        .with_json_text(
            "gen_ai.input.messages",
            &json!([part("system", PROMPT), part("user", &user)]),
        )
        .lasting_ms(answer_time_ms(output, pace, dice));
    match failure {
        Some(failure) => step.with("error.type", failure.exception).failing(failure),
        None => step
            .with("gen_ai.response.finish_reasons", reasons)
            .with("gen_ai.usage.output_tokens", output.cast_signed())
            .with_json_text("gen_ai.output.messages", &json!([reply])),
    }
}

fn guardrails(question: &Question, dice: &mut Dice) -> Step {
    let mut pipeline = Step::new("guardrails_pipeline")
        .with("openinference.span.kind", "GUARDRAIL")
        .with_json_text(
            "input.value",
            &json!({"response_length": question.answer.len()}),
        )
        .with_json_text("output.value", &json!({"blocked": false}));
    for stage in ["pii_detection", "spoiler_check", "price_check"] {
        pipeline = pipeline.child(
            Step::new(stage)
                .with("openinference.span.kind", "GUARDRAIL")
                .with_json_text("input.value", &json!({"text": question.answer}))
                .with_json_text("output.value", &json!({"passed": true, "reason": null}))
                .lasting_ms(dice.between(3, 28)),
        );
    }
    pipeline
}

/// Thousandths as a share of one.
fn share(thousandths: u64) -> f64 {
    f64::from(u32::try_from(thousandths).unwrap_or(0)) / 1000.0
}
