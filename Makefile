# Two commands matter: `make run` and `make test`. Both install what a fresh Debian or Ubuntu machine lacks.

SHELL := /bin/bash
.DEFAULT_GOAL := run
BIN := $(or $(CARGO_TARGET_DIR),target)/release/fanlight
export FANLIGHT_TEST_CACHE ?= $(CURDIR)/target/test-cache

.PHONY: run build ui ui-packages test lint test-rust test-sdk test-ui test-clients test-browser python test-python bench bench-sdk bench-python bench-mlflow screenshots demo torture torture-release fuzz clean

## Build and start the server on http://127.0.0.1:5000 (settings: docs/configuration.md).
run: build
	@$(BIN) server

build: ui
	@cargo build --release --locked --package fanlight-cli

## The web UI, which the server takes in when it is compiled. Without it the server works, and its page says how to get it.
ui: ui/dist/index.html

## Built again when something it is made of changed: new files make the server compile again.
UI_SOURCES := $(shell find ui -name node_modules -prune -o -path ui/dist -prune -o -path ui/tests -prune -o -path ui/.vite -prune -o -type f -print)
ui/dist/index.html: ui/node_modules/.package-lock.json $(UI_SOURCES)
	@cd ui && npm run --silent build

## Packages are fetched again when their list changes.
ui-packages: ui/node_modules/.package-lock.json

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json ui/.npmrc
	@cd ui && npm ci --no-progress --loglevel=error
	@touch $@

## Send about 300 realistic traces to a running server.
demo: build
	@$(BIN) demo

## Everything: format, lints, unit tests, black-box tests with real clients and a real browser.
test: ui lint test-ui test-rust test-sdk test-clients test-python test-browser

lint: ui-packages
	cd ui && npm run --silent lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

## Formatters, filters and other logic of the web UI.
test-ui: ui-packages
	cd ui && npm run --silent test

test-rust:
	cargo test --workspace --locked
	cargo build --locked --package fanlight-cli

## What the Rust SDK has behind features, and its examples, against the server and a stand-in for providers of models.
test-sdk: export FANLIGHT_BIN ?= $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/fanlight
test-sdk:
	cargo build --locked --package fanlight-cli
	cargo test --locked --package fanlight --all-features -- --include-ignored
	cd tests/integrations && cargo test --locked -- --include-ignored
	cd tests/loom && cargo test --locked --release

## Real MLflow and OpenTelemetry Python clients against the real binary.
test-clients: export FANLIGHT_BIN ?= $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/fanlight
test-clients:
	tests/clients/python/run.sh

## The wheel of the Python package, in python/dist. Needs maturin (pip install maturin).
python:
	cd python && maturin build --locked --out dist

## The Python package, built and installed, against the real binary.
test-python: export FANLIGHT_BIN ?= $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/fanlight
test-python:
	python/run-tests.sh
	python/tests/autolog/run.sh

## OpenTelemetry JavaScript exporters, MLflow's own web UI and Fanlight's in Chromium.
test-browser: export FANLIGHT_BIN ?= $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/fanlight
test-browser:
	tests/clients/js/run.sh
	cd ui && npm run --silent test:browser

## The pictures of the README anew: the six main screens in both themes, in Chromium with the demonstration's data.
screenshots: export FANLIGHT_BIN ?= $(abspath $(BIN))
screenshots: build
	cd ui && npm run --silent screenshots
	for screen in experiments traces trace sessions overview compare; do for theme in light dark; do \
		cp target/test-artifacts/fanlight-readme-$$screen-$$theme.png docs/screenshots/$$screen-$$theme.png; done; done

## Measure this machine for about half an hour; the tables go to standard output, the figures to target/bench*.json.
bench: build
	@cargo run --release --locked --package fanlight-bench -- --target normalize
	@cargo run --release --locked --package fanlight-bench -- --server-bin $(abspath $(BIN)) --traces 100000 --traces 1000000 --out target/bench.json
	@cargo run --release --locked --package fanlight-bench -- --server-bin $(abspath $(BIN)) --workload history --traces 60 --out target/bench-history.json
	@cargo run --release --locked --package fanlight-bench -- --server-bin $(abspath $(BIN)) --workload small --batch 250 --traces 100000 --traces 1000000 --traces 10000000 --read-seconds 4 --out target/bench-small.json

## What a span costs with the Rust SDK, beside OpenTelemetry's and `tracing`.
bench-sdk:
	cd bench/sdk && cargo bench --locked

## What a span costs with the Python SDK, beside MLflow's, OpenTelemetry's, Langfuse's and Logfire's.
bench-python: export FANLIGHT_BIN ?= $(abspath $(BIN))
bench-python: build
	@bench/python/run.sh

## The same against a real MLflow server, for the ratio.
bench-mlflow: build
	@bench/run-mlflow.sh

## The long form of the tests about failure: kills, a disk that fails and forgets, overload. About ten minutes.
## Times are those of the binary of the tests; `make torture-release` has them from one that is built like for use.
torture: export FANLIGHT_KILLS ?= 200
torture: export FANLIGHT_CRASH_CASES ?= 5000
torture: export FANLIGHT_OVERLOAD_SECONDS ?= 60
torture:
	cargo test --locked --package fanlight-cli --test durability -- --nocapture whatever_was
	cargo test --locked --package fanlight-cli --test overload -- --nocapture
	cargo test --locked --package fanlight-store --test power_loss

torture-release: export FANLIGHT_TORTURE_BIN ?= $(abspath $(BIN))
torture-release: build torture

## Broken input for everything that reads bytes, so many seconds per target. Findings go to fuzz/corpus.
fuzz: FUZZ_SECONDS ?= 20
fuzz: FUZZ_SEED ?= 1
fuzz:
	cargo run --locked --package fanlight-fuzz -- --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

clean:
	cargo clean
