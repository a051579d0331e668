#!/usr/bin/env bash
# fuzz.sh SECONDS: runs every fuzz target that long; installs cargo-fuzz if it is missing. No sanitizer: our code has no
# `unsafe` for one to find fault with, and without it the stable compiler will do.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
# The same versions as the bot's.
cp Cargo.lock fuzz/Cargo.lock
for target in $(cargo fuzz list); do
  printf '\n== %s, %s s\n' "$target" "$1"
  mkdir -p "fuzz/corpus/$target" "fuzz/seeds/$target"
  cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- -max_total_time="$1"
done
