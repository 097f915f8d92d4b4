//! The two questions of the demo that end in an exception.

use crate::demo::failure::Failure;

pub(super) fn of_search(index: usize) -> Option<&'static Failure> {
    (index == 21).then_some(&CONNECTION_REFUSED)
}

pub(super) fn of_model(index: usize) -> Option<&'static Failure> {
    (index == 77).then_some(&TOO_LONG)
}

static CONNECTION_REFUSED: Failure = Failure {
    exception: "ConnectionRefusedError",
    message: "[Errno 111] vector index vectors-2:6334 refused the connection",
    calls: &[
        (
            "/shop/assistant/pipeline.py",
            88,
            "retrieve",
            "hits = await asyncio.gather(*searches)",
        ),
        (
            "/shop/assistant/vectors.py",
            41,
            "search",
            "async with self.pool.connection() as index:",
        ),
        (
            "/shop/assistant/vectors.py",
            23,
            "connection",
            "reader, writer = await asyncio.open_connection(*self.address)",
        ),
        (
            "/usr/lib/python3.12/asyncio/streams.py",
            48,
            "open_connection",
            "transport, _ = await loop.create_connection(",
        ),
    ],
};

static TOO_LONG: Failure = Failure {
    exception: "BadRequestError",
    message: "Error code: 400 - this model's context has 200000 tokens, the request needs 201384",
    calls: &[
        (
            "/shop/assistant/pipeline.py",
            131,
            "answer",
            "reply = await self.model.create(messages=messages)",
        ),
        (
            "/shop/assistant/model.py",
            52,
            "create",
            "raise BadRequestError(response)",
        ),
    ],
};
