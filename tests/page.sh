#!/bin/sh
# The page in a real browser, on a virtual probe behind a real pseudo-terminal: tests/page/*.mjs.
#
#   sh tests/page.sh              everything
#   sh tests/page.sh cable stop   the tests whose names hold one of these words
#
# What it drives the browser with is pinned in tests/page/package-lock.json and goes into target/page, once. Where
# something cannot be had the exit code is 77: skipped. Pictures of every screen: target/page/pictures.
set -eu
cd "$(dirname "$0")/.."

for need in chromium node npm; do
    command -v $need >/dev/null 2>&1 || {
        echo "page: $need is not installed (Debian: chromium nodejs npm)" >&2
        exit 77
    }
done
tools=${CARGO_TARGET_DIR:-target}/page
if ! cmp -s tests/page/package-lock.json "$tools/installed.json"; then
    mkdir -p "$tools"
    cp tests/page/package.json tests/page/package-lock.json "$tools/"
    npm ci --prefix "$tools" --silent --no-audit --no-fund >"$tools/npm.log" 2>&1 || {
        tail -3 "$tools/npm.log" >&2
        echo "page: what the tests need cannot be installed with npm" >&2
        exit 77
    }
    cp tests/page/package-lock.json "$tools/installed.json"
fi
cargo build --quiet --locked --bin levator
exec node tests/page/run.mjs "$@"
