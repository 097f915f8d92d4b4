"""What the stubs say of the native module is what it has."""

from __future__ import annotations

import os
import subprocess
import sys


def test_the_stubs_fit_the_native_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "fanlight._core"],
        env={**os.environ, "MYPY_CACHE_DIR": os.devnull},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
