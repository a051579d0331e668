# The commands of the house. Each installs what it needs and is missing.

.DEFAULT_GOAL := help
.PHONY: help demo test build plugins lint doc bench fuzz

# What is passed on to `drillbell demo`, e.g. make demo ARGS="--listen 127.0.0.1:9000".
ARGS ?=
# How long each fuzz target runs, seconds.
FUZZ_SECONDS ?= 60

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

# A debug build: it is up minutes before an optimised one, and is the one the tests use. `exec` hands it Ctrl-C.
demo: plugins ## build everything and start the demo bot
	@cargo build --locked
	@exec cargo run --locked --quiet -- demo $(ARGS)

test: plugins ## run the whole test suite, on SQLite and PostgreSQL and in a browser
	@scripts/prepare.sh postgres backups redis s3 browser clients statuspage alertmanager prometheus
	@scripts/test.sh

build: plugins ## build the binary to ship: target/release/drillbell
	cargo build --locked --release

plugins: ## build the plugins for the sandbox
	@scripts/prepare.sh build
	@scripts/bundle-plugins.sh

lint: ## formatting, clippy without a warning, dependencies
	@scripts/prepare.sh build lint
	cargo fmt --all --check
	cargo fmt --all --check --manifest-path plugins/Cargo.toml
	cargo fmt --check --manifest-path benches/ping/Cargo.toml
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --all-targets --manifest-path plugins/Cargo.toml -- -D warnings
	cargo clippy --locked --target wasm32-wasip2 --manifest-path plugins/Cargo.toml -- -D warnings
	cargo clippy --locked --target wasm32-wasip2 --target-dir plugins/target --manifest-path benches/ping/Cargo.toml -- -D warnings
	@scripts/deny.sh

doc: ## the documentation of the code, without a warning
	@scripts/prepare.sh build
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib

bench: plugins ## measure commits, commands, the sandbox, alerts, backups, the public page and chat
	@scripts/prepare.sh postgres bolt
	cargo bench --locked

fuzz: plugins ## run every fuzz target for FUZZ_SECONDS
	@scripts/fuzz.sh $(FUZZ_SECONDS)
