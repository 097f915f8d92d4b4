"""However a program is traced, Fanlight shows what its models were asked and what they answered, tokens and dollars."""

from __future__ import annotations

import pytest
from conventions.calls import of_request, shown
from conventions.conftest import Programs

INSTRUMENTATIONS = ["mlflow", "openinference", "openllmetry", "contrib"]
PROGRAMS = ["with_openai", "with_anthropic", "with_langchain", "with_llama_index", "with_pydantic_ai"]


@pytest.mark.parametrize("instrumentation", INSTRUMENTATIONS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_calls_are_shown_as_they_were(programs: Programs, program: str, instrumentation: str) -> None:
    skip_unless_installed(program)
    made = [of_request(request) for request in programs.run(program, instrumentation)]
    assert made
    calls, rows = shown(programs.url, programs.experiment(program, instrumentation))
    assert calls == made
    for kind in ("input", "output"):
        total = sum(getattr(call, f"{kind}_tokens") for call in made)
        assert sum(row["tokens"][kind] for row in rows) == total
    cost = sum(call.cost for call in made)
    assert sum(row["cost"]["total"] for row in rows) == pytest.approx(cost, rel=1e-9)


def skip_unless_installed(program: str) -> None:
    library = program.removeprefix("with_").replace("llama_index", "llama_index.core")
    pytest.importorskip(library, reason=f"{library} lives in another environment")
