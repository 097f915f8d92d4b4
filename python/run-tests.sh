#!/usr/bin/env bash
# Builds the wheel, installs it in an environment of its own, checks the types, and runs the tests of the Python package
# against the real server.
# Then, without arguments of pytest, those tests that need few libraries under each other version of Python that is
# installed.
# Usage: run-tests.sh [pytest arguments ...]
# FANLIGHT_BIN names the server binary; FANLIGHT_TEST_PYTHON the version of Python (default 3.11);
# FANLIGHT_TEST_OTHER_PYTHONS the other versions (default 3.10 3.12 3.13; may be empty).
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
[[ $# -eq 0 ]] || exit 0

# The interpreter of a version that is installed here: one of pyenv's, whose commands may be there and not run, or another.
interpreter_of() {
  local candidate
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python "$(command -v "python$1" || true)"; do
    if [[ -x "$candidate" ]] && "$candidate" -c '' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

for other in ${FANLIGHT_TEST_OTHER_PYTHONS-3.10 3.12 3.13}; do
  interpreter="$(interpreter_of "$other")"
  if [[ -z "$interpreter" ]]; then
    echo "== Python $other is not installed"
    continue
  fi
  echo "== Python $other"
  venv="$cache/venvs/python-core-$other"
  "$uv" venv --quiet --allow-existing --python "$interpreter" "$venv"
  "$uv" pip install --quiet --python "$venv" pytest==9.2.0 "$wheels"/*.whl --reinstall-package fanlight
  PYTHONPYCACHEPREFIX="$cache/pycache/python-core-$other" "$venv/bin/python" -m pytest \
    test_spans.py test_values.py test_traces.py test_lifecycle.py test_settings.py test_redaction.py
done
