#!/bin/sh
# Exports three recordings and reads them back with edfio, pyEDFlib, MNE and pyxdf; reads XDF files as pyxdf does;
# has a BIDS folder checked by the BIDS validator.
#
# The Python packages are pinned and go into target/interop-venv, once. Where they cannot be installed, the
# exit code is 77: skipped. With --fetch it only installs them.
set -eu
cd "$(dirname "$0")/.."

packages="edfio==0.4.18 pyEDFlib==0.1.42 mne==1.13.2 pyxdf==1.17.5 bids-validator-deno==3.0.2"
target=${CARGO_TARGET_DIR:-target}
venv=$target/interop-venv
stamp=$venv/installed.txt
if [ "$(cat "$stamp" 2>/dev/null)" != "$packages" ]; then
    log=$(mktemp)
    # shellcheck disable=SC2086
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet $packages; } >"$log" 2>&1; then
        tail -3 "$log" >&2
        rm -f "$log"
        echo "interop: $packages cannot be installed with pip" >&2
        exit 77
    fi
    rm -f "$log"
    echo "$packages" >"$stamp"
fi
[ "${1:-}" = --fetch ] && exit

cargo build --quiet --locked
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$venv/bin/python" tests/interop.py "$target/debug/levator" . "$folder"
