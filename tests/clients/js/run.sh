#!/bin/sh
# Runs the JavaScript-side client tests; see README.md for the settings. The whole output goes to
# target/test-artifacts/js-clients.log; what is printed is its end, and all of it after a failure.
set -eu

cd "$(dirname "$0")"
repository=$(cd ../../.. && pwd)
cache=${FANLIGHT_TEST_CACHE:-$repository/target/test-cache}
artifacts=$repository/target/test-artifacts
chromium=${CHROMIUM:-/usr/bin/chromium}
mkdir -p "$cache" "$artifacts"

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

stamp=$cache/js-clients.lock.sha256
if [ ! -d node_modules ] || ! sha256sum --status --check "$stamp" 2>/dev/null; then
  npm ci --no-progress --loglevel=error
  sha256sum package.json package-lock.json .npmrc >"$stamp"
fi

if [ ! -x "$chromium" ]; then
  as_root apt-get install --yes --quiet chromium >"$artifacts/chromium-install.log" 2>&1 || {
    as_root apt-get update --quiet >>"$artifacts/chromium-install.log" 2>&1
    as_root apt-get install --yes --quiet chromium >>"$artifacts/chromium-install.log" 2>&1
  } || {
    tail -n 20 "$artifacts/chromium-install.log"
    exit 1
  }
fi

node --input-type=module --eval \
  "import { findUiBuild } from './support/ui-proxy.mjs'; findUiBuild();" 2>/dev/null || ./fetch-ui.sh

log=$artifacts/js-clients.log
status=0
node --test --test-timeout=60000 --test-reporter=spec ./*.test.mjs >"$log" 2>&1 || status=$?
if [ "$status" -ne 0 ]; then
  cat "$log"
else
  sed -n '/^ℹ tests/,$p' "$log"
fi
exit "$status"
