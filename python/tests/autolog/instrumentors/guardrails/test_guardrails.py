"""Guardrails AI, up to the last version that its OpenInference instrumentor knows."""

from __future__ import annotations

from typing import Any

from provider import Provider
from recorded import Recorded


def test_guardrails(provider: Provider, autolog: Any, recorded: Recorded) -> None:
    import guardrails
    import openai
    from guardrails.validators import PassResult, Validator, register_validator

    @register_validator(name="short", data_type="string")
    class Short(Validator):
        def validate(self, value: Any, metadata: Any) -> Any:
            return PassResult()

    autolog("guardrails", "openai")
    client = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="x")

    def ask(prompt: str, **others: Any) -> Any:
        messages: Any = [{"role": "user", "content": prompt}]
        return client.chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content

    guard = guardrails.Guard.from_string(validators=[Short(on_fail="noop")])
    guard.configure(allow_metrics_collection=False)
    assert guard(ask, prompt="Hello there").validation_passed
    assert recorded.tree() == [
        "Runner.step GUARDRAIL",
        "  step UNKNOWN",
        "    call UNKNOWN",
        "      ArbitraryCallable.__call__ LLM",
        "        Completions CHAT_MODEL",
        "    short.validate UNKNOWN",
        "    AsyncValidatorService.after_run_validator UNKNOWN",
    ]
    assert recorded.tokens() == (9, 5)
