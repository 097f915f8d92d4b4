#!/usr/bin/env bash
# Builds the wheel, installs it in an environment of its own, checks the types, and runs the tests of the Python package
# against the real server.
# Usage: run-tests.sh [pytest arguments ...]
# FANLIGHT_BIN names the server binary; FANLIGHT_TEST_PYTHON the version of Python (default 3.11).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repo="$(cd "$here/.." && pwd)"
cache="$(realpath -m "${FANLIGHT_TEST_CACHE:-$repo/target/test-cache}")"
python="${FANLIGHT_TEST_PYTHON:-3.11}"
venv="$cache/venvs/python-sdk-$python"
mkdir -p "$cache/venvs"
export UV_CACHE_DIR="${UV_CACHE_DIR:-$cache/uv-cache}"

export FANLIGHT_BIN="${FANLIGHT_BIN:-$repo/target/debug/fanlight}"
if [[ ! -x "$FANLIGHT_BIN" ]]; then
  echo "run-tests.sh: no server binary at $FANLIGHT_BIN (build it, or set FANLIGHT_BIN)" >&2
  exit 2
fi

# Only one set-up at a time, also when several test runs start together.
if command -v flock >/dev/null; then
  exec 9>"$cache/setup.lock"
  flock 9
fi

if command -v uv >/dev/null; then
  uv=uv
else
  uv="$cache/uv/bin/uv"
  if [[ ! -x "$uv" ]]; then
    python3 -m venv "$cache/uv"
    "$cache/uv/bin/pip" install --quiet --disable-pip-version-check 'uv==0.13.8'
  fi
fi

wanted="$( { echo "python $python"; cat "$here/tests/requirements.txt"; } | sha256sum | cut -d' ' -f1)"
if [[ "$(cat "$venv/.stamp" 2>/dev/null || true)" != "$wanted" ]]; then
  rm -rf "$venv"
  "$uv" venv --quiet --python "$python" "$venv"
  "$uv" pip install --quiet --python "$venv" --requirement "$here/tests/requirements.txt"
  echo "$wanted" >"$venv/.stamp"
fi

wheels="$cache/wheels/python-sdk"
rm -rf "$wheels"
(cd "$here" && "$venv/bin/maturin" build --quiet --locked --out "$wheels")
"$uv" pip install --quiet --python "$venv" --reinstall --no-deps "$wheels"/*.whl
exec 9>&-

(cd "$here" && "$venv/bin/pyright" --pythonpath "$venv/bin/python")

# From the tests' folder, so that the installed package is imported and not the sources.
cd "$here/tests"
PYTHONPYCACHEPREFIX="$cache/pycache/python-sdk" "$venv/bin/python" -m pytest "$@"
