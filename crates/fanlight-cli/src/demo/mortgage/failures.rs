//! The three questions of the demo that end in an exception.

use crate::demo::failure::Failure;

/// By the number of the trace; none in the first session, which is meant to be read as a whole.
pub(super) fn of_tool(index: usize) -> Option<&'static Failure> {
    match index {
        17 => Some(&BUREAU_TIMEOUT),
        101 => Some(&LEDGER_LOCKED),
        _ => None,
    }
}

pub(super) fn of_model(index: usize) -> Option<&'static Failure> {
    (index == 58).then_some(&RATE_LIMIT)
}

static BUREAU_TIMEOUT: Failure = Failure {
    exception: "httpx.ReadTimeout",
    message: "no answer from the credit bureau within 30.0 s",
    calls: &[
        (
            "/app/graph/tools.py",
            142,
            "call_tool",
            "result = tool.invoke(call.args, config=config)",
        ),
        (
            "/app/graph/bureau.py",
            58,
            "fetch",
            "reply = client.post(self.url, json=query, timeout=30.0)",
        ),
        (
            "/usr/lib/python3.12/site-packages/httpx/_client.py",
            1144,
            "post",
            "return self.request(",
        ),
        (
            "/usr/lib/python3.12/site-packages/httpx/_transports/default.py",
            118,
            "map_httpcore_exceptions",
            "raise mapped_exc(message) from exc",
        ),
    ],
};

static LEDGER_LOCKED: Failure = Failure {
    exception: "LedgerLockedError",
    message: "the ledger is closed for the nightly run until 04:30",
    calls: &[
        (
            "/app/graph/tools.py",
            142,
            "call_tool",
            "result = tool.invoke(call.args, config=config)",
        ),
        (
            "/app/graph/ledger.py",
            91,
            "balance",
            "with self.session(read_only=True) as ledger:",
        ),
        (
            "/app/graph/ledger.py",
            37,
            "session",
            "raise LedgerLockedError(self.reopens_at)",
        ),
    ],
};

static RATE_LIMIT: Failure = Failure {
    exception: "openai.RateLimitError",
    message: "Error code: 429 - rate limit reached for gpt-4o: 30000 tokens per minute, requested 2914",
    calls: &[
        (
            "/app/graph/agents.py",
            77,
            "answer",
            "reply = self.model.invoke(state[\"messages\"])",
        ),
        (
            "/usr/lib/python3.12/site-packages/langchain_openai/chat_models/base.py",
            1341,
            "_generate",
            "response = self.client.create(**payload)",
        ),
        (
            "/usr/lib/python3.12/site-packages/openai/_base_client.py",
            1047,
            "request",
            "raise self._make_status_error_from_response(err.response) from None",
        ),
    ],
};
