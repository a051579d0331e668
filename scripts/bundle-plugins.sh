#!/usr/bin/env bash
# Builds every plugin for the sandbox and lays those that `plugins/bundled.txt` lists where build.rs finds them:
# plugins/target/bundled/NAME.wasm, and NAME.sources with the hash of what it was built from.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v sha256sum >/dev/null; then sum=(sha256sum); else sum=(shasum -a 256); fi

# The same hash as `sources` in build.rs.
sources() {
  find plugins/Cargo.toml plugins/Cargo.lock plugins/sdk "plugins/$1" wit \
    -name target -prune -o -type f ! -name '*.md' -print0 | LC_ALL=C sort -z | xargs -0 "${sum[@]}" | "${sum[@]}" | cut -d' ' -f1
}

names=$(sed 's/#.*//; s/[[:space:]]//g; /^$/d' plugins/bundled.txt 2>/dev/null || true)
bundled=plugins/target/bundled
mkdir -p "$bundled"
hashes=$(mktemp -d)
trap 'rm -rf "$hashes"' EXIT

# Hashed before building: what is edited meanwhile makes the result stale rather than wrong.
for name in $names; do
  [ -d "plugins/$name" ] || { echo "error: plugins/bundled.txt lists $name, but there is no folder plugins/$name" >&2; exit 1; }
  sources "$name" >"$hashes/$name"
done

cargo build --quiet --locked --release --target wasm32-wasip2 --manifest-path plugins/Cargo.toml

for old in "$bundled"/*.wasm; do
  [ -e "$old" ] || continue
  name=$(basename "$old" .wasm)
  grep -qxF "$name" <<<"$names" || rm -f "$bundled/$name".*
done
for name in $names; do
  built="plugins/target/wasm32-wasip2/release/${name//-/_}.wasm"
  # Left alone when nothing changed, so that the host is not built again.
  cmp -s "$built" "$bundled/$name.wasm" || cp "$built" "$bundled/$name.wasm"
  cmp -s "$hashes/$name" "$bundled/$name.sources" || cp "$hashes/$name" "$bundled/$name.sources"
  printf '%s: %s bytes\n' "$name" "$(wc -c <"$bundled/$name.wasm" | tr -d ' ')"
done
