#!/bin/sh
# Puts MLflow's compiled web UI into the test cache, unless it is there: it is taken out of the Python
# wheel, so nothing is installed. The tests look there after $MLFLOW_UI_BUILD and after the virtual
# environment that other tests may have made.
set -eu

version=3.17.2
repository=$(cd "$(dirname "$0")/../../.." && pwd)
cache=${FANLIGHT_TEST_CACHE:-$repository/target/test-cache}
target=$cache/mlflow-ui-$version

[ -f "$target/index.html" ] && exit 0

mkdir -p "$cache"
work=$(mktemp -d "$cache/fetch-ui.XXXXXX")
trap 'rm -rf "$work"' EXIT

python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --dest "$work" "mlflow==$version"
python3 - "$work" <<'PYTHON'
import pathlib
import sys
import zipfile

work = pathlib.Path(sys.argv[1])
folder = "mlflow/server/js/build/"
with zipfile.ZipFile(next(work.glob("mlflow-*.whl"))) as wheel:
    wheel.extractall(work, [name for name in wheel.namelist() if name.startswith(folder)])
PYTHON

# Moved in one step, so that an interrupted run never leaves half a build behind.
rm -rf "$target"
mv "$work/mlflow/server/js/build" "$target"
