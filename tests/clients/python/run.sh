#!/usr/bin/env bash
# Runs the client tests, one environment after the other, and fails if any of them fails.
# Usage: run.sh [environment] [pytest arguments ...]     e.g. run.sh mlflow-2.22 -k tags
# FANLIGHT_BIN names the server binary; FANLIGHT_TEST_URL uses a running MLflow server instead (see README.md).
set -uo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repo="$(cd "$here/../../.." && pwd)"
cache="$(realpath -m "${FANLIGHT_TEST_CACHE:-$repo/target/test-cache}")"

environments=(mlflow-3.17.2 mlflow-tracing-3.17.2 mlflow-3.10.1 mlflow-2.22 mlflow-2.18.0 opentelemetry dataframes
  conventions conventions-llama-index)
if [[ $# -gt 0 && "$1" != -* ]]; then
  environments=("$1")
  shift
fi

tests_of() {
  case "$1" in
    mlflow-3.* | mlflow-tracing-3.*) echo v3 ;;
    mlflow-2.*) echo v2 ;;
    opentelemetry) echo otel ;;
    dataframes) echo dataframes ;;
    conventions*) echo conventions ;;
    *) echo "run.sh: unknown environment $1" >&2; return 2 ;;
  esac
}

export FANLIGHT_BIN="${FANLIGHT_BIN:-$repo/target/debug/fanlight}"
if [[ -z "${FANLIGHT_TEST_URL:-}" && ! -x "$FANLIGHT_BIN" ]]; then
  echo "run.sh: no server binary at $FANLIGHT_BIN (build it, or set FANLIGHT_BIN)" >&2
  exit 2
fi

for name in "${environments[@]}"; do
  tests_of "$name" >/dev/null || exit 2
done
"$here/setup.sh" "${environments[@]}" || exit 2

failed=()
for name in "${environments[@]}"; do
  echo "== $name"
  # Byte code stays out of the source tree; the closing line of pytest is the summary.
  (cd "$here" && PYTHONPYCACHEPREFIX="$cache/pycache/$name" "$cache/venvs/$name/bin/python" -m pytest -c pytest.ini \
    "$(tests_of "$name")" "$@") || failed+=("$name")
done

if [[ ${#failed[@]} -gt 0 ]]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
echo "all ${#environments[@]} environments passed"
