"""However a program is traced, Fanlight shows what its models were asked and what they answered, tokens and dollars."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import product

import pytest
from conventions.calls import of_request, shown
from conventions.conftest import Programs


def installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:
        return False


INSTRUMENTATIONS = ["mlflow", "openinference", "openllmetry", "contrib"]
# LlamaIndex needs an older OpenAI client, so it has an environment of its own: each has the programs it has libraries for.
LIBRARIES = {
    "with_openai": "openinference.instrumentation.openai",
    "with_openai_cached": "openinference.instrumentation.openai",
    "with_anthropic": "openinference.instrumentation.anthropic",
    "with_anthropic_stream": "openinference.instrumentation.anthropic",
    "with_anthropic_cached": "openinference.instrumentation.anthropic",
    "with_langchain": "openinference.instrumentation.langchain",
    "with_llama_index": "openinference.instrumentation.llama_index",
    "with_pydantic_ai": "openinference.instrumentation.pydantic_ai",
}
PROGRAMS = [program for program, library in LIBRARIES.items() if installed(library)]


# What an instrumentation itself loses or gets wrong, nobody can show.
WRONG = {
    ("with_anthropic_stream", "mlflow"): "records that there was a stream, not what it said",
    ("with_anthropic_stream", "openllmetry"): "adds the token count of the first event to the final one",
}
RUNS = [run for run in product(PROGRAMS, INSTRUMENTATIONS) if run not in WRONG]


@pytest.mark.parametrize(("program", "instrumentation"), RUNS)
def test_calls_are_shown_as_they_were(programs: Programs, program: str, instrumentation: str) -> None:
    made = [of_request(request) for request in programs.run(program, instrumentation)]
    assert made
    calls, rows = shown(programs.url, programs.experiment(program, instrumentation))
    assert calls == made
    for kind in ("input", "output"):
        total = sum(getattr(call, f"{kind}_tokens") for call in made)
        assert sum(row["tokens"][kind] for row in rows) == total
    cost = sum(call.cost for call in made)
    assert sum(row["cost"]["total"] for row in rows) == pytest.approx(cost, rel=1e-9)
