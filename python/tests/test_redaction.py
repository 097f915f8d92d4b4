"""Personal data and secrets do not reach the server, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator

import fanlight
import pytest
from fanlight import _core


@pytest.fixture(autouse=True)
def off_again() -> Iterator[None]:
    yield
    fanlight.config.enable_pii_redaction(False)


def sent(text: str) -> str:
    """A trace that says `text` everywhere, as the server has it."""
    with fanlight.start_span(f"asked by {text}") as span:
        span.set_inputs({"messages": [{"role": "user", "content": text}]})
        span.set_outputs([text, 7])
        span.set_attribute("note", text)
        span.add_event("heard", attributes={"what": text})
        span.record_exception(ValueError(text))
        span.set_status("ERROR", text)
        fanlight.update_current_trace(tags={"who": text}, request_preview=text, response_preview=text)
    trace = fanlight.get_trace(span.trace_id)
    assert trace is not None
    return trace.to_json()


def test_everything_personal_is_taken_out_and_json_stays_json() -> None:
    fanlight.config.enable_pii_redaction(True)
    found = {
        "ada@example.com": "[EMAIL]",
        "4111 1111 1111 1111": "[CREDIT_CARD]",
        "DE89 3704 0044 0532 0130 00": "[IBAN]",
        "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789": "[SECRET]",
        "203.0.113.7": "[IP]",
    }
    for secret, placeholder in found.items():
        text = sent(f"it is {secret} I think")
        assert secret not in text
        assert text.count(placeholder) >= 8, text


def test_what_is_not_personal_stays() -> None:
    fanlight.config.enable_pii_redaction()
    for harmless in ("order 4111 1111 1111 1112", "version 1.2.3", "at 12:30", "call 7 of 9"):
        assert harmless in sent(harmless)


def test_off_is_off() -> None:
    fanlight.config.enable_pii_redaction(True)
    fanlight.config.enable_pii_redaction(False)
    assert "ada@example.com" in sent("ada@example.com")


def test_kinds_patterns_and_functions_of_the_application() -> None:
    fanlight.config.enable_pii_redaction(
        kinds=["email"],
        patterns={r"EMP-(\d{2})\d{4}": "EMP-$1…"},
        functions=[lambda text: text.replace("Ada", "A.")],
    )
    text = sent("Ada, EMP-004711, ada@example.com, 203.0.113.7")
    assert "EMP-00…" in text and "[EMAIL]" in text and "203.0.113.7" in text
    assert "Ada" not in text


def test_a_function_that_raises_lets_nothing_out() -> None:
    def broken(_text: str) -> str:
        raise RuntimeError

    fanlight.config.enable_pii_redaction(functions=[broken])
    text = sent("the one thing nobody may see")
    assert "nobody may see" not in text and "[REDACTED]" in text


def test_what_is_wrong_is_named_and_changes_nothing() -> None:
    fanlight.config.enable_pii_redaction(kinds=["phone"])
    with pytest.raises(ValueError, match="unknown kind `shoe_size`; there are secret, email"):
        fanlight.config.enable_pii_redaction(kinds=["shoe_size"])
    with pytest.raises(ValueError, match="not understood"):
        fanlight.config.enable_pii_redaction(patterns=["("])
    assert _core.redacted("+1 212 555 0187, ada@example.com") == "[PHONE], ada@example.com"
