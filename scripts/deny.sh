#!/usr/bin/env bash
# Licences, bans, sources and advisories of both workspaces, as far as cargo-deny and its advisory database can be had.
# The first three are checked by the test suite as well; what could not be checked is said loudly.
set -euo pipefail
cd "$(dirname "$0")/.."

unchecked() { printf '\n*** ADVISORIES WERE NOT CHECKED: %s ***\n\n' "$1" >&2; }

if ! cargo deny --version >/dev/null 2>&1; then
  unchecked "cargo-deny is not installed (cargo install cargo-deny --locked)"
  exit 0
fi
for manifest in Cargo.toml plugins/Cargo.toml; do
  cargo deny --manifest-path "$manifest" check --config "$PWD/deny.toml" licenses bans sources
done
if ! cargo deny fetch db >/dev/null 2>&1; then
  unchecked "the advisory database cannot be reached"
  exit 0
fi
for manifest in Cargo.toml plugins/Cargo.toml; do
  cargo deny --manifest-path "$manifest" check --config "$PWD/deny.toml" --disable-fetch advisories
done
