#!/usr/bin/env bash
# fuzz.sh SECONDS: runs every fuzz target that long. Needs a nightly compiler and cargo-fuzz, and installs both if missing.
set -euo pipefail
cd "$(dirname "$0")/.."

rustup run nightly rustc --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
for target in $(cargo +nightly fuzz list); do
  printf '\n== %s, %s s\n' "$target" "$1"
  cargo +nightly fuzz run "$target" -- -max_total_time="$1"
done
