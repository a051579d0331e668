#!/usr/bin/env bash
# The whole test suite: the plugins' own tests, then the host's (which build on the plugins as `make plugins` left them).
# Nothing that a test does leaves the machine. Ends with how many tests of each passed and failed; fails when one fails or none ran.
set -euo pipefail
cd "$(dirname "$0")/.."

# Whatever tests leave in the folder for temporary files goes with this one. Servers that run as somebody else reach theirs through it.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 711 "$work"
mkdir -m 1777 "$work/tmp"
output=$work/output DRILLBELL_FAKES_JOURNAL=$work/journal loopback=$work/loopback
mkdir "$output" "$DRILLBELL_FAKES_JOURNAL" "$loopback"
# What the fakes of Slack and Discord are sent is judged in the end.
export DRILLBELL_FAKES_JOURNAL TMPDIR=$work/tmp
failed=0

# suite NAME COMMAND…: runs it to the end, whatever fails, and keeps what it says.
suite() {
  local name=$1
  shift
  "$@" 2>&1 | tee "$output/$name" || failed=1
}

# counts FILE…: "N passed, N failed, N skipped" over all `test result:` lines.
counts() {
  cat "$@" | awk '/^test result:/ { for (i = 1; i < NF; i++) { w = $(i + 1); sub(/;/, "", w); n[w] += $i } }
    END { printf "%d passed, %d failed, %d skipped", n["passed"], n["failed"], n["ignored"] }'
}

# Built before the tests are cut off: crates may have to be fetched.
cargo test --quiet --locked --no-run --manifest-path plugins/Cargo.toml
cargo test --quiet --locked --no-run --workspace

# here COMMAND…: runs it so that nothing leaves the machine. A library in every process refuses what would and writes it down; where
# that is permitted, the processes have a network of their own besides, with nothing in it but themselves.
cc -shared -fPIC -O1 -o "$loopback/loopback.so" tests/shim/loopback.c -ldl
: >"$loopback/strays"
apart=()
if unshare --net ip link set lo up 2>"$loopback/why"; then
  apart=(unshare --net sh -c 'ip link set lo up && exec "$@"' sh)
else
  printf 'no network of its own for the tests (%s); what does without the C library is held back by nothing\n' "$(head -n 1 "$loopback/why")"
fi
here() {
  ${apart[@]+"${apart[@]}"} env LD_PRELOAD="$loopback/loopback.so" LOOPBACK_STRAYS="$loopback/strays" "$@"
}

suite plugins here cargo test --locked --no-fail-fast --manifest-path plugins/Cargo.toml
# Most tests wait for something most of the time: processes, browsers, clocks.
RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) * 2))} suite host here cargo test --locked --workspace --no-fail-fast

# What a browser looks for of its own accord is stopped like all else, and no test's doing.
if grep -v ', by chrom' "$loopback/strays" >"$loopback/ours"; then
  printf 'error: a test wanted to leave the machine:\n' >&2
  sort "$loopback/ours" | uniq -c >&2
  failed=1
fi

# Every body that any of these tests sent, by the types that the platforms publish.
judged() {
  local said
  said=$(NODE_PATH=target/clients/node_modules node tests/fakes/clients/judge.cjs target/clients/schemas.json "$DRILLBELL_FAKES_JOURNAL"/*.jsonl)
  if [ $? -ne 0 ]; then
    printf 'error: not what the platforms publish: %s\n' "$said" >&2
    return 1
  fi
  printf 'bodies sent to Slack and Discord, by published type: %s\n' "$said"
}
judged || failed=1

all=$(counts "$output"/*)
printf '\nplugins: %s\nhost: %s\nall: %s\n' "$(counts "$output/plugins")" "$(counts "$output/host")" "$all"
case "$all" in 0\ passed*) echo "error: no test ran" >&2; failed=1 ;; esac
exit "$failed"
