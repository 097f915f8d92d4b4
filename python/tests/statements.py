"""Runs programs statement by statement, as a reader of a guide does, under MLflow or under Fanlight in its place. A
statement that fails is told, and the next one is still tried.

`statements.py <module> <libraries>` imports these once, which takes MLflow seconds; then it reads `<file> <server>` from
each line of its input and runs that program in a child of its own.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

from server import clean_environment

HERE = Path(__file__).parent


def is_installed(module: str) -> bool:
    """Asked without importing it: some take seconds, and the programs run in other processes."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def rewritten(source: str) -> str:
    """The same program with Fanlight in the place of MLflow: other import lines, and nothing else."""
    source = re.sub(r"^import mlflow\.(\S+)$", r"import fanlight.\1; import fanlight as mlflow", source, flags=re.M)
    source = re.sub(r"^import mlflow$", "import fanlight as mlflow", source, flags=re.M)
    return re.sub(r"^(\s*)from mlflow(\.| )", r"\1from fanlight\2", source, flags=re.M)


def run_statements(source: str, name: str, url: str) -> list[dict[str, str]]:
    scope: dict[str, Any] = {"__name__": "__main__", "TRACKING_URI": url}
    loop = asyncio.new_event_loop()
    failures = []
    for node in ast.parse(source).body:
        code = compile(ast.Module([node], []), name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
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


class Runner:
    """Runs programs under one of the two modules."""

    def __init__(self, module: str, provider: str, libraries: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, module, libraries],
            env={
                **clean_environment(),
                "FANLIGHT_SPOOL_DIR": "off",
                "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",
                "OPENAI_BASE_URL": f"{provider}/v1",
                "OPENAI_API_KEY": "x",
                "ANTHROPIC_BASE_URL": provider,
                "ANTHROPIC_API_KEY": "x",
                "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE / "snippets"), os.environ.get("PYTHONPATH")])),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def failures_of(self, path: Path, url: str) -> list[dict[str, str]]:
        """Statements of the program that fail. What it made is at the server afterwards."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(path, url, file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if line.startswith(RESULT):
                return json.loads(line[len(RESULT) :])
        raise AssertionError(f"{path.name} ended its process")

    def stop(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


RESULT = "@@@"


def run(module: str, path: Path, url: str) -> None:
    tracer = importlib.import_module(module)
    tracer.set_tracking_uri(url)
    source = path.read_text()
    failures = run_statements(rewritten(source) if module == "fanlight" else source, path.name, url)
    tracer.flush_trace_async_logging()
    print("\n" + RESULT + json.dumps(failures), flush=True)


def main(module: str, libraries: str) -> None:
    for name in [module, *libraries.split()]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        path, url = line.split()
        child = os.fork()
        if child == 0:
            try:
                run(module, Path(path), url)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            sys.exit(f"{path} ended with an error")


if __name__ == "__main__":
    main(*sys.argv[1:])
