#!/usr/bin/env bash
# Runs the autolog tests, one environment after the other, and fails if any of them fails.
# Usage: run.sh [environment ...] [pytest arguments ...]     e.g. run.sh autolog -k stream
# Default are autolog and autolog-frameworks. The others, one for each file in requirements/, take long to set up or hold
# libraries that few use, and run only when named; `run.sh all` names every one.
# FANLIGHT_BIN names the server binary; the wheel is the one that python/run-tests.sh has built.
set -uo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repo="$(cd "$here/../../.." && pwd)"
cache="$(realpath -m "${FANLIGHT_TEST_CACHE:-$repo/target/test-cache}")"
export UV_CACHE_DIR="${UV_CACHE_DIR:-$cache/uv-cache}"
export FANLIGHT_BIN="${FANLIGHT_BIN:-$repo/target/debug/fanlight}"
python="${FANLIGHT_TEST_PYTHON:-3.11}"

wheels="$cache/wheels/python-sdk"
environments=()
while [[ $# -gt 0 && "$1" != -* ]]; do
  if [[ "$1" == all ]]; then
    for file in "$here"/requirements/*.txt; do environments+=("$(basename "$file" .txt)"); done
  else
    environments+=("$1")
  fi
  shift
done
[[ ${#environments[@]} -gt 0 ]] || environments=(autolog autolog-frameworks)

[[ -x "$FANLIGHT_BIN" ]] || { echo "run.sh: no server binary at $FANLIGHT_BIN (build it, or set FANLIGHT_BIN)" >&2; exit 2; }

find_uv() {
  command -v uv && return
  [[ -x "$cache/uv/bin/uv" ]] || { python3 -m venv "$cache/uv" && "$cache/uv/bin/pip" install --quiet 'uv==0.13.8'; } >&2
  echo "$cache/uv/bin/uv"
}

# An environment whose stamp matches its requirements is left alone.
set_up() {
  local requirements="$here/requirements/$1.txt" venv="$cache/venvs/$1" wanted uv
  [[ -f "$requirements" ]] || { echo "run.sh: unknown environment $1" >&2; return 2; }
  wanted="$({ echo "python $python"; cat "$requirements"; } | sha256sum | cut -d' ' -f1)"
  uv="$(find_uv)" || return 2
  if [[ "$(cat "$venv/.stamp" 2>/dev/null || true)" != "$wanted" ]]; then
    echo "setting up $1"
    rm -rf "$venv"
    "$uv" venv --quiet --python "$python" "$venv" &&
      "$uv" pip install --quiet --python "$venv" --requirement "$requirements" && echo "$wanted" >"$venv/.stamp" ||
      return 2
  fi
  "$uv" pip install --quiet --python "$venv" --reinstall --no-deps "$wheels"/*.whl
}

tests_of() {
  case "$1" in
    autolog) echo . --ignore frameworks --ignore heavy --ignore instrumentors ;;
    autolog-frameworks | autolog-heavy) echo "${1#autolog-}" ;;
    autolog-*) echo "instrumentors/${1#autolog-}" ;;
  esac
}

ls "$wheels"/*.whl >/dev/null || { echo "run.sh: no wheel in $wheels; run python/run-tests.sh first" >&2; exit 2; }
mkdir -p "$cache/venvs"
failed=()
for name in "${environments[@]}"; do
  set_up "$name" || exit 2
  echo "== $name"
  # shellcheck disable=SC2046
  (cd "$here" && PYTHONPYCACHEPREFIX="$cache/pycache/$name" "$cache/venvs/$name/bin/python" -m pytest -c pytest.ini \
    $(tests_of "$name") "$@") || failed+=("$name")
done

if [[ ${#failed[@]} -gt 0 ]]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
