#!/usr/bin/env bash
# What a span costs with Fanlight's Python SDK and with others, in one run: a table on standard output.
# FANLIGHT_BIN names the server binary. Each SDK has an environment of its own, which is also how packages are counted.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repo="$(cd "$here/../.." && pwd)"
cache="$(realpath -m "${FANLIGHT_TEST_CACHE:-$repo/target/test-cache}")"
server="${FANLIGHT_BIN:-$repo/target/release/fanlight}"
export UV_CACHE_DIR="${UV_CACHE_DIR:-$cache/uv-cache}"

uv="$(command -v uv || echo "$cache/uv/bin/uv")"
if [[ ! -x "$uv" ]]; then
  python3 -m venv "$cache/uv"
  "$cache/uv/bin/pip" install --quiet --disable-pip-version-check 'uv==0.13.8'
fi

work="$(mktemp -d)"
trap 'kill ${pid:-} ${provider_pid:-} 2>/dev/null || true; rm -rf "$work"' EXIT

"$uv" venv --quiet "$work/build"
"$uv" pip install --quiet --python "$work/build" maturin==1.16.0
(cd "$repo/python" && "$work/build/bin/maturin" build --quiet --locked --out "$work/wheel")
wheel="$(ls "$work"/wheel/*.whl)"

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$server" server --host 127.0.0.1 --port "$port" --otlp-http-port 0 --otlp-grpc-port 0 --data-dir "$work/data" \
  >"$work/server.log" 2>&1 &
pid=$!
for _ in $(seq 100); do
  curl --silent --fail "http://127.0.0.1:$port/health" >/dev/null && break
  sleep 0.1
done

python3 "$repo/tests/clients/python/support/fakellm.py" --port 0 >"$work/provider.log" 2>&1 &
provider_pid=$!
until provider="$(grep --only-matching --max-count 1 'http://[^ ]*:[0-9]*' "$work/provider.log")"; do
  kill -0 "$provider_pid" || { cat "$work/provider.log" >&2; exit 1; }
  sleep 0.1
done

echo "| SDK | decorator, µs | block, µs | 3.6 KB inputs, µs | disabled, µs | OpenAI call, µs | import, ms | live span, bytes | packages | MB |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for sdk in "fanlight $wheel" "opentelemetry opentelemetry-sdk opentelemetry-exporter-otlp-proto-http" "logfire logfire" \
  "langfuse langfuse" "mlflow mlflow-tracing"; do
  read -r name packages <<<"$sdk"
  venv="$work/$name"
  "$uv" venv --quiet --python 3.11 "$venv"
  # shellcheck disable=SC2086
  "$uv" pip install --quiet --python "$venv" $packages
  count="$("$uv" pip list --quiet --python "$venv" --format freeze | wc -l)"
  megabytes="$(du -sm "$venv/lib" | cut -f1)"
  # The library that is traced is not the SDK's.
  case "$name" in fanlight | mlflow) "$uv" pip install --quiet --python "$venv" openai ;; esac
  figures="$("$venv/bin/python" "$here/bench.py" "$name" "http://127.0.0.1:$port" "$provider" 2>"$work/$name.log" |
    tail -1)" ||
    { tail -5 "$work/$name.log" >&2; echo "run.sh: $name failed" >&2; continue; }
  python3 - "$figures" "$count" "$megabytes" <<'PY'
import json, sys
figures = json.loads(sys.argv[1])
names = ("decorator_us", "block_us", "messages_us", "disabled_us", "openai_us", "import_ms", "memory")
cells = [str(figures.get(name, "–")) for name in names]
print("|", " | ".join([figures["sdk"], *cells, sys.argv[2], sys.argv[3]]), "|")
PY
done
echo
echo "Wheel: $(stat --format %s "$wheel") bytes. $(python3 -c 'import os; print("Load:", *os.getloadavg())')"
