#!/usr/bin/env bash
# Makes one virtual environment per client under ${FANLIGHT_TEST_CACHE:-<repo>/target/test-cache}/venvs.
# An environment whose stamp matches its requirements file is left alone, so a second call costs nothing.
# Usage: setup.sh [environment ...]     (default: all of requirements/*.txt)
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repo="$(cd "$here/../../.." && pwd)"
cache="$(realpath -m "${FANLIGHT_TEST_CACHE:-$repo/target/test-cache}")"
python="${FANLIGHT_TEST_PYTHON:-3.11}"
mkdir -p "$cache/venvs"

# Packages are hard links into this cache: the environments share their large common parts.
export UV_CACHE_DIR="${UV_CACHE_DIR:-$cache/uv-cache}"

# Only one set-up at a time, also when several test runs start together.
if command -v flock >/dev/null; then
  exec 9>"$cache/setup.lock"
  flock 9
fi

find_uv() {
  if command -v uv >/dev/null; then
    command -v uv
  else
    if [[ ! -x "$cache/uv/bin/uv" ]]; then
      python3 -m venv "$cache/uv" >&2
      "$cache/uv/bin/pip" install --quiet --disable-pip-version-check 'uv==0.13.8' >&2
    fi
    echo "$cache/uv/bin/uv"
  fi
}

names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then
  for file in "$here"/requirements/*.txt; do
    names+=("$(basename "$file" .txt)")
  done
fi

for name in "${names[@]}"; do
  requirements="$here/requirements/$name.txt"
  venv="$cache/venvs/$name"
  [[ -f "$requirements" ]] || { echo "setup.sh: no requirements/$name.txt" >&2; exit 2; }
  wanted="$( { echo "python $python"; cat "$requirements"; } | sha256sum | cut -d' ' -f1)"
  [[ "$(cat "$venv/.stamp" 2>/dev/null || true)" == "$wanted" ]] && continue

  echo "setting up $name"
  uv="${uv:-$(find_uv)}"
  rm -rf "$venv"
  "$uv" venv --quiet --python "$python" "$venv"
  "$uv" pip install --quiet --python "$venv" --requirement "$requirements"
  echo "$wanted" >"$venv/.stamp"
done
