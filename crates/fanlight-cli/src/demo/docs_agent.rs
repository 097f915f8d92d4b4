//! An agent that answers questions about a product's documentation, traced through `OpenInference`.
//!
//! Each answer takes two calls of a model, before and after a search. The prompts are kept short by the application, so
//! the two calls always use the same numbers of tokens.

use fanlight_model::{Span, SpanKind, UnixNanos};
use serde_json::json;

use super::dice::Dice;
use super::failure::Failure;
use super::rhythm;
use super::step::{Source, Step, answer_time_ms};

const TRACES: usize = 80;

/// Tokens of one call: input, output, total.
type Usage = [i64; 3];
const PLANNING: Usage = [67, 45, 112];
const ANSWERING: Usage = [245, 180, 425];

const OVERLOADED_AT: usize = 33;
static OVERLOADED: Failure = Failure {
    exception: "anthropic.OverloadedError",
    message: "Error code: 529 - overloaded_error: the service is busy, try again later",
    calls: &[
        (
            "/srv/docs_agent/agent.py",
            64,
            "plan",
            "reply = self.client.messages.create(**request)",
        ),
        (
            "/usr/lib/python3.12/site-packages/anthropic/_base_client.py",
            1067,
            "request",
            "raise self._make_status_error_from_response(err.response)",
        ),
    ],
};

pub(super) fn traces(now: UnixNanos, dice: &mut Dice) -> Vec<Vec<Span>> {
    let source = Source::new(
        "docs-agent",
        "0.14.0",
        ("openinference.instrumentation.openai", "0.1.41"),
    );
    let trace = |index| {
        let start = rhythm::start(now, dice);
        answer(index, dice).record(start, &source, dice)
    };
    (0..TRACES).map(trace).collect()
}

fn answer(index: usize, dice: &mut Dice) -> Step {
    let page = dice.pick(&PAGES);
    let model = if index == OVERLOADED_AT || dice.chance(30) {
        CLAUDE
    } else {
        GPT
    };
    let user = format!("dev-{:02}", dice.between(1, 24));
    let mut plan = call(
        model,
        PLANNING,
        &[("system", PROMPT), ("user", page.question)],
        page.query,
        dice,
    );
    if index == OVERLOADED_AT {
        plan = plan.failing(&OVERLOADED);
    }
    let excerpt = format!("{}: {}", page.title, page.text);
    let asked = [
        ("system", PROMPT),
        ("user", page.question),
        ("tool", excerpt.as_str()),
    ];
    Step::new("docs_agent")
        .with("openinference.span.kind", "AGENT")
        .with("input.value", page.question)
        .with("input.mime_type", "text/plain")
        .with("output.value", page.answer)
        .with("output.mime_type", "text/plain")
        .with("user.id", user)
        .with_json_text(
            "metadata",
            &json!({"docs_version": "4.2", "channel": dice.pick(&["web", "cli", "editor"])}),
        )
        .child(plan)
        .child(search(page, dice))
        .child(call(model, ANSWERING, &asked, page.answer, dice))
        .lasting_ms(dice.between(4, 15))
}

/// Name, provider, milliseconds per token.
type Model = (&'static str, &'static str, u64);
const GPT: Model = ("gpt-4o-mini", "openai", 8);
const CLAUDE: Model = ("claude-sonnet-4-5", "anthropic", 16);

const PROMPT: &str =
    "Answer from the documentation only. Search before you answer, and name the page you used.";

fn call(
    (model, provider, pace): Model,
    [input, output, total]: Usage,
    asked: &[(&str, &str)],
    reply: &str,
    dice: &mut Dice,
) -> Step {
    let messages: Vec<_> = asked
        .iter()
        .map(|(role, content)| json!({"role": role, "content": content}))
        .collect();
    let name = if provider == "openai" {
        "ChatCompletion"
    } else {
        "Messages"
    };
    let mut step = Step::new(name)
        .kind(SpanKind::Client)
        .with("openinference.span.kind", "LLM")
        .with("llm.model_name", model)
        .with("llm.provider", provider)
        .with("llm.system", provider)
        .with("llm.token_count.prompt", input)
        .with("llm.token_count.completion", output)
        .with("llm.token_count.total", total)
        .with_json_text(
            "llm.invocation_parameters",
            &json!({"model": model, "temperature": 0.2, "max_tokens": 800}),
        )
        .with_json_text(
            "input.value",
            &json!({"model": model, "messages": messages}),
        )
        .with("input.mime_type", "application/json")
        .with("output.value", reply)
        .with("output.mime_type", "text/plain");
    for (place, (role, content)) in asked.iter().enumerate() {
        step = step
            .with(format!("llm.input_messages.{place}.message.role"), *role)
            .with(
                format!("llm.input_messages.{place}.message.content"),
                *content,
            );
    }
    step.with("llm.output_messages.0.message.role", "assistant")
        .with("llm.output_messages.0.message.content", reply)
        .lasting_ms(answer_time_ms(output.unsigned_abs(), pace, dice))
}

fn search(page: &Page, dice: &mut Dice) -> Step {
    let mut step = Step::new("search_docs")
        .with("openinference.span.kind", "RETRIEVER")
        .with("input.value", page.query)
        .with("input.mime_type", "text/plain");
    let found = [page, dice.pick(&PAGES)];
    for (place, page) in found.into_iter().enumerate() {
        let prefix = format!("retrieval.documents.{place}.document");
        let score = if place == 0 {
            dice.between(71, 94)
        } else {
            dice.between(22, 58)
        };
        step = step
            .with(format!("{prefix}.id"), page.id)
            .with(format!("{prefix}.content"), page.text)
            .with(
                format!("{prefix}.score"),
                f64::from(u32::try_from(score).unwrap_or(0)) / 100.0,
            )
            .with_json_text(format!("{prefix}.metadata"), &json!({"title": page.title}));
    }
    step.lasting_ms(dice.between(35, 210))
}

struct Page {
    id: &'static str,
    title: &'static str,
    text: &'static str,
    question: &'static str,
    query: &'static str,
    answer: &'static str,
}

const PAGES: [Page; 7] = [
    Page {
        id: "guide/retries",
        title: "Retries and timeouts",
        text: "Every call may be retried. The first retry waits 200 ms, each further one twice as long, up to the limit \
               in `max_delay`. Calls that change data are only retried when they carry an idempotency key.",
        question: "Does the client retry a failed POST by itself?",
        query: "retry policy for requests that change data",
        answer: "Only when the request carries an idempotency key. Without one a failed POST is returned to you at once, \
                 because the client cannot know whether it took effect. See *Retries and timeouts*.",
    },
    Page {
        id: "guide/pagination",
        title: "Lists and pages",
        text: "Lists return up to 100 entries and a `next` token. The token stays valid for a day. Asking with an old \
               token gives the error `expired_token`.",
        question: "Why do I get expired_token when I resume an export the next morning?",
        query: "expired_token pagination token validity",
        answer: "A `next` token is valid for one day. Store the id of the last entry you received instead and start again \
                 with `after=<id>`; see *Lists and pages*.",
    },
    Page {
        id: "guide/webhooks",
        title: "Webhooks",
        text: "Deliveries are signed with HMAC-SHA256 over the time stamp and the body. Reject time stamps older than five \
               minutes.",
        question: "How do I check that a webhook really comes from you?",
        query: "verify webhook signature",
        answer: "Compute HMAC-SHA256 over `timestamp.body` with your signing secret and compare it with the signature \
                 header in constant time. Also refuse time stamps older than five minutes, so that nobody can replay a \
                 delivery. The page is *Webhooks*.",
    },
    Page {
        id: "install/offline",
        title: "Installing without internet",
        text: "Download the archive for your platform and its checksum on another machine. `setup --offline <archive>` \
               installs it and fetches nothing.",
        question: "Can I install the command line tool on a machine that has no network?",
        query: "offline installation command line tool",
        answer: "Yes. Fetch the archive and its checksum elsewhere, copy both, and run `setup --offline <archive>`. \
                 Nothing is downloaded then. Described in *Installing without internet*.",
    },
    Page {
        id: "reference/limits",
        title: "Limits",
        text: "A project may send 600 requests a minute. Bursts of 50 are allowed. Beyond it, the answer is 429 with the \
               header `retry-after`.",
        question: "What is the rate limit and how do I know when to try again?",
        query: "rate limit requests per minute retry-after",
        answer: "600 requests a minute per project, with bursts of 50. When you get 429, wait the seconds given in \
                 `retry-after`. *Limits* lists the others.",
    },
    Page {
        id: "reference/regions",
        title: "Regions",
        text: "Data stays in the region of the project. A project cannot be moved; export it and import it into a new one.",
        question: "Can we move our project from the US region to the EU?",
        query: "change region of a project",
        answer: "Not in place: a project keeps its region for life. Create one in the EU, export the old project and \
                 import it there; ids stay the same. See *Regions*.",
    },
    Page {
        id: "guide/testing",
        title: "Test mode",
        text: "Keys that begin with `test_` work on a separate copy of your project that is emptied every Sunday.",
        question: "Where did my test data go over the weekend?",
        query: "test mode data deleted weekend",
        answer: "Test mode is emptied every Sunday. If you need fixed data, load it from a script at the start of your \
                 tests; *Test mode* has an example.",
    },
];
