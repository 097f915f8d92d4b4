#!/usr/bin/env bash
# Measures Fanlight and a real MLflow server with the same load and prints both with their ratio.
#
#   bench/run-mlflow.sh [traces [options of fanlight-bench]]        default 1000 (10,000 spans)
#
# FANLIGHT_BIN         Fanlight's binary, default target/release/fanlight
# FANLIGHT_TEST_CACHE  where the virtual environment is kept, default target/test-cache
# MLFLOW_VERSION       default 3.17.2
set -euo pipefail
cd "$(dirname "$0")/.."

traces="${1:-1000}"
version="${MLFLOW_VERSION:-3.17.2}"
cache="${FANLIGHT_TEST_CACHE:-target/test-cache}"
venv="$cache/venvs/mlflow-$version"
binary="${FANLIGHT_BIN:-target/release/fanlight}"
bench="${FANLIGHT_BENCH:-target/release/fanlight-bench}"

[ -x "$binary" ] || cargo build --release -p fanlight-cli
[ -x "$bench" ] || cargo build --release -p fanlight-bench

if [ ! -x "$venv/bin/mlflow" ]; then
    mkdir -p "$cache/venvs"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "mlflow==$version"
fi

# The same for both. Small requests and few connections: MLflow answers a large one too late.
load=(--connections 4 --batch 20 --repetitions 10 "${@:2}")

work="$(mktemp -d)"
server=
cleanup() {
    # Only the process started below, and its workers, which share its group.
    if [ -n "$server" ]; then kill -- "-$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT

echo "== Fanlight"
"$bench" --server-bin "$binary" --traces "$traces" "${load[@]}" --work-dir "$work" --out "$work/fanlight.json"

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
mkdir -p "$work/mlflow"
echo "== MLflow $version on SQLite, port $port"
set -m
"$venv/bin/mlflow" server --host 127.0.0.1 --port "$port" \
    --backend-store-uri "sqlite:///$work/mlflow/mlflow.db" \
    --artifacts-destination "$work/mlflow/artifacts" >"$work/mlflow.log" 2>&1 &
server=$!
set +m
for _ in $(seq 1 600); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health"; then break; fi
    if ! kill -0 "$server" 2>/dev/null; then tail -n 20 "$work/mlflow.log" >&2; exit 1; fi
    sleep 0.1
done

"$bench" --target mlflow --url "http://127.0.0.1:$port" --pid "$server" --data "$work/mlflow" \
    --traces "$traces" "${load[@]}" \
    --out "$work/mlflow.json" --baseline "$work/fanlight.json"
if [ -n "${OUT_DIR:-}" ]; then cp "$work/fanlight.json" "$work/mlflow.json" "$OUT_DIR/"; fi
