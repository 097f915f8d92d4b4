"""Programs from guides run unchanged but for the import line, and the server has what they made."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import fanlight
import pytest

from server import Server, clean_environment

HERE = Path(__file__).parent / "snippets"
# What a guide gets wrong itself: the statement, and what it raises everywhere.
RAISES = {"boom(1)": "ValueError", "await async_func(": "AttributeError", "from langchain.prompts import": "ModuleNotFoundError"}
# Those that call a library's autolog, which may not be installed.
NEEDS = {
    "s0a": ["langchain_openai", "fanlight.langchain"],
    "s1a": ["openai", "fanlight.openai"],
    "s2a": ["langgraph", "langchain_openai", "fanlight.langchain"],
    "s3a": ["langchain_openai", "fanlight.langchain"],
    "s3c": ["openai"],
    "s3g": ["openai"],
    "s4a": ["fanlight.openai", "fanlight.anthropic", "fanlight.langchain"],
}


def rewritten(source: str) -> str:
    source = re.sub(r"^import mlflow\.(\S+)$", r"import fanlight.\1; import fanlight as mlflow", source, flags=re.M)
    source = re.sub(r"^import mlflow$", "import fanlight as mlflow", source, flags=re.M)
    return re.sub(r"^(\s*)from mlflow(\.| )", r"\1from fanlight\2", source, flags=re.M)


def run_statements(path: Path, url: str) -> list[dict[str, str]]:
    """Each statement on its own: a failure is kept and the next one is still tried."""
    source = rewritten(path.read_text())
    scope: dict[str, Any] = {"__name__": "__main__", "TRACKING_URI": url}
    loop = asyncio.new_event_loop()
    failures = []
    for node in ast.parse(source).body:
        code = compile(ast.Module([node], []), path.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = eval(code, scope)  # noqa: S307
                if inspect.isawaitable(value):
                    loop.run_until_complete(value)
        except BaseException as error:
            text = ast.get_source_segment(source, node) or ""
            failures.append({"code": text.split("\n")[0], "error": f"{type(error).__name__}: {error}"[:300]})
    return failures


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The stand-in for model providers."""
    script = Path(__file__).resolve().parents[2] / "tests/clients/python/support/fakellm.py"
    process = subprocess.Popen(
        [sys.executable, str(script), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+?:\d+", line)
    assert found, line
    yield found[0]
    process.terminate()
    process.communicate()


@pytest.mark.parametrize("path", sorted(HERE.glob("s[0-9]*.py")), ids=lambda path: path.stem)
def test_a_guide_runs(path: Path, server: Server, provider: str) -> None:
    for module in NEEDS.get(path.stem[:3], []):
        found = pytest.importorskip(module, reason=f"{module}, which the guide uses, is not installed")
        if module.startswith("fanlight.") and not hasattr(found, "autolog"):
            pytest.skip(f"{module} has no autolog")
    done = subprocess.run(
        [sys.executable, __file__, str(path), server.url],
        env={
            **clean_environment(),
            "FANLIGHT_SERVER": server.url,
            "FANLIGHT_SPOOL_DIR": "off",
            "OPENAI_BASE_URL": f"{provider}/v1",
            "OPENAI_API_KEY": "x",
            "ANTHROPIC_BASE_URL": provider,
            "ANTHROPIC_API_KEY": "x",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    failures = json.loads(done.stdout.rsplit("@@@", 1)[1])
    unexpected = [
        failure
        for failure in failures
        if not any(failure["code"].startswith(code) and failure["error"].startswith(error) for code, error in RAISES.items())
    ]
    assert unexpected == [], done.stdout
    check = CHECKS.get(path.stem)
    if check is not None:
        check()


def spans_of(experiment: str) -> list[list[tuple[str, str]]]:
    found = fanlight.search_traces(experiment_names=[experiment], return_type="list")
    return [[(span.name, span.span_type) for span in trace.data.spans] for trace in reversed(found)]


def check_decorators() -> None:
    made = spans_of("Tracing Demo")
    assert made[:3] == [
        [("some_function", "UNKNOWN")],
        [("My Span", "func")],
        [("Trace Test", "UNKNOWN"), ("add_1", "func"), ("minus_1", "func")],
    ]


def check_functions() -> None:
    made = spans_of("External Function Tracing")
    assert made == [[("Parent", "UNKNOWN"), ("pow", "UNKNOWN"), ("factorial", "UNKNOWN"), ("sqrt", "UNKNOWN")]] * 8


def check_runs() -> None:
    assert spans_of("Run Associated Tracing") == [[("Run Span", "UNKNOWN"), ("Child Span", "UNKNOWN")]]
    assert spans_of("misc") == [[("foo", "UNKNOWN")]]


CHECKS = {"s3b_decorator": check_decorators, "s3d_spantype": check_functions, "s3f_misc": check_runs}


if __name__ == "__main__":
    os.environ.setdefault("FANLIGHT_SERVER", sys.argv[2])
    print("@@@" + json.dumps(run_statements(Path(sys.argv[1]), sys.argv[2])))
