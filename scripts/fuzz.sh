#!/usr/bin/env bash
# fuzz.sh SECONDS: runs every fuzz target that long. Needs a nightly compiler and cargo-fuzz, and installs both if missing.
set -euo pipefail
cd "$(dirname "$0")/.."

rustup run nightly rustc --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
# The same versions as the bot's.
cp Cargo.lock fuzz/Cargo.lock
for target in $(cargo +nightly fuzz list); do
  printf '\n== %s, %s s\n' "$target" "$1"
  mkdir -p "fuzz/corpus/$target" "fuzz/seeds/$target"
  cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- -max_total_time="$1"
done
