#!/usr/bin/env bash
# Installs what is missing for what it is asked: `prepare.sh build` (compiler, C compiler, guest target),
# `prepare.sh lint` (rustfmt, clippy), `prepare.sh postgres` (the server's programs), `prepare.sh backups` (zstd and
# sqlite3, to open copies without us), `prepare.sh redis`, `prepare.sh s3` (an S3 server for the
# tests, in target/moto), `prepare.sh browser` (Chromium with its driver, axe-core and schemathesis under target/),
# `prepare.sh alertmanager` (an Alertmanager), `prepare.sh prometheus` (a Prometheus), `prepare.sh statuspage` (a reader of Statuspage's feeds, in target/statuspage),
# `prepare.sh clients` (the official clients of Slack and Discord and the schemas of their published types, in target/clients),
# `prepare.sh bolt` (the bot that the bench of chat stands beside, in target/bolt). Quick when nothing is missing.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Installs Debian packages, or says which are wanted where that cannot be done.
debian() {
  local as_root=()
  if ! command -v apt-get >/dev/null; then die "please install: $*"; fi
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || die "please install with your package manager: $* (this needs root)"
    as_root=(sudo -n)
  fi
  say "installing $*"
  "${as_root[@]}" apt-get update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

rust() {
  command -v cargo >/dev/null || die "Rust is missing; install it with rustup (https://rustup.rs)"
  local wanted have
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml" | head -n 1)
  have=$(rustc --version | cut -d' ' -f2)
  if [ "$(printf '%s\n%s\n' "$wanted" "${have%%-*}" | sort -V | head -n 1)" != "$wanted" ]; then
    die "Rust $have is too old, $wanted or newer is needed; run: rustup update stable"
  fi
}

build() {
  rust
  command -v cc >/dev/null || debian gcc libc6-dev
  if [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2" ]; then
    command -v rustup >/dev/null || die "the Rust target wasm32-wasip2 is missing, and rustup to install it too"
    rustup target add wasm32-wasip2
  fi
}

lint() {
  rust
  cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
  cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
}

postgres() {
  # Where Debian puts the server's programs, and where the tests look for them.
  if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then return; fi
  debian postgresql
}

# What a stranger would open a backup with.
backups() {
  command -v zstd >/dev/null || debian zstd
  command -v sqlite3 >/dev/null || debian sqlite3
}

# A real Redis, for tests that stop one.
redis() {
  command -v redis-server >/dev/null && command -v redis-cli >/dev/null && return
  debian redis-server
  # Debian starts it as a service; the tests start their own.
  if command -v systemctl >/dev/null; then systemctl disable --now redis-server >/dev/null 2>&1 || true; fi
}

# A Python environment under target/NAME with one pinned package: `python NAME PACKAGE==VERSION`.
python() {
  local root
  root="$(dirname "$0")/../target/$1"
  if [ -x "$root/bin/python3" ] && [ "$(cat "$root/installed" 2>/dev/null)" = "$2" ]; then return; fi
  command -v python3 >/dev/null || debian python3 python3-venv
  rm -rf "$root"
  if ! python3 -m venv "$root" 2>/dev/null; then
    # Debian's python3 comes without it.
    debian python3-venv
    python3 -m venv "$root"
  fi
  say "installing $2 into target/$1"
  "$root/bin/python3" -m pip install --quiet --disable-pip-version-check "$2" >&2
  echo "$2" >"$root/installed"
}

# The second S3 implementation that the tests run against; the first is in the test binary.
moto() { python moto "moto[server]==5.2.5"; }

# A client of Statuspage's feeds that nobody of us wrote.
statuspage() { python statuspage "statuspage-prometheus-exporter==2.6.0"; }

# An Alertmanager that the tests send alerts through; they go without where it cannot be had.
alertmanager() {
  command -v prometheus-alertmanager >/dev/null && return
  debian prometheus-alertmanager || say "no Alertmanager: the tests with a real one are skipped"
  # Debian starts it as a service; the tests start their own.
  if command -v systemctl >/dev/null; then systemctl disable --now prometheus-alertmanager >/dev/null 2>&1 || true; fi
}

# A Prometheus that cards' pictures are read from, in the same way.
prometheus() {
  # Not `command -v`, which would find this very function.
  [ -x /usr/bin/prometheus ] && return
  debian prometheus || say "no Prometheus: the tests with a real one are skipped"
  if command -v systemctl >/dev/null; then systemctl disable --now prometheus >/dev/null 2>&1 || true; fi
}

browser() (
  local wanted=() pins
  [ -x /usr/bin/chromium ] || wanted+=(chromium)
  [ -x /usr/bin/chromedriver ] || wanted+=(chromium-driver)
  command -v npm >/dev/null || wanted+=(npm)
  python3 -c 'import venv, ensurepip' 2>/dev/null || wanted+=(python3-venv)
  [ "${#wanted[@]}" -eq 0 ] || debian "${wanted[@]}"
  cd "$(dirname "$0")/.."
  pins=$(cat tests/web/package-lock.json tests/web/requirements.txt | cksum)
  [ "$(cat target/web-tools 2>/dev/null)" = "$pins" ] && exit 0
  say "fetching axe-core and schemathesis"
  mkdir -p target/axe
  cp tests/web/package.json tests/web/package-lock.json target/axe/
  (cd target/axe && npm ci --ignore-scripts --no-audit --no-fund --silent >&2)
  python3 -m venv target/schemathesis
  target/schemathesis/bin/pip install --quiet --disable-pip-version-check -r tests/web/requirements.txt >&2
  printf '%s\n' "$pins" > target/web-tools
)

# What the fakes of Slack and Discord are certified with, and what judges the bodies that we send them.
clients() (
  local pins
  command -v npm >/dev/null || debian npm
  cd "$(dirname "$0")/.."
  pins=$(cat tests/fakes/clients/{package-lock.json,kinds.cjs,schemas.cjs} | cksum)
  [ "$(cat target/clients/installed 2>/dev/null)" = "$pins" ] && exit 0
  say "fetching the official clients of Slack and Discord"
  mkdir -p target/clients
  cp tests/fakes/clients/package.json tests/fakes/clients/package-lock.json target/clients/
  (cd target/clients && npm ci --ignore-scripts --no-audit --no-fund --silent >&2)
  NODE_PATH=target/clients/node_modules node tests/fakes/clients/schemas.cjs target/clients
  printf '%s\n' "$pins" >target/clients/installed
)

# The bot that the bench of chat stands beside.
bolt() (
  local pins
  command -v npm >/dev/null || debian npm
  cd "$(dirname "$0")/.."
  pins=$(cksum <benches/bolt/package-lock.json)
  [ "$(cat target/bolt/installed 2>/dev/null)" = "$pins" ] && exit 0
  say "fetching Slack's own framework for bots"
  mkdir -p target/bolt
  cp benches/bolt/package.json benches/bolt/package-lock.json target/bolt/
  (cd target/bolt && npm ci --ignore-scripts --no-audit --no-fund --silent >&2)
  printf '%s\n' "$pins" >target/bolt/installed
)

for what in "$@"; do
  case "$what" in
    build | lint | postgres | backups | redis | browser | clients | bolt | statuspage | alertmanager | prometheus) "$what" ;;
    s3) moto ;;
    *) die "prepare.sh knows build, lint, postgres, backups, redis, s3, browser, clients, bolt, statuspage, alertmanager and prometheus, not $what" ;;
  esac
done
