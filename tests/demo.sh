#!/bin/sh
# The first five minutes of a newcomer, as README.md tells them: the demo, its recording, its analysis.
#
#   sh tests/demo.sh
#
# It takes about 20 seconds after the build, leaves nothing behind, and stops at the first surprise.
set -eu
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
visit=$folder/visit

fail() {
    echo "demo: $1" >&2
    for file in "$folder"/*.txt; do
        [ -f "$file" ] && { echo "--- ${file##*/}" >&2; cat "$file" >&2; }
    done
    exit 1
}

levator() {
    cargo run --release --quiet --locked -- "$@"
}

cargo build --release --quiet --locked

# What a program does not import it cannot call, unless it brings it along; so this sees packages
# that tests/tidy.rs has no name for. It may listen (for the page, on loopback), but never call: no
# connect, no name to look up, no datagram. A pair of sockets within the process is none of these.
program=${CARGO_TARGET_DIR:-target}/release/levator
if [ "$(uname)" = Linux ] && command -v nm >/dev/null 2>&1; then
    if nm -D "$program" | grep -E ' U (connect|sendto|sendmmsg|getaddrinfo|gethostbyname|res_query)(@|$)'; then
        fail "the program imports a function that can call another computer"
    fi
    echo "demo: the program imports nothing that could call another computer"
fi

start=$(date +%s)
levator demo --seconds 20 --plain --out "$visit" >"$folder/demo.txt" 2>"$folder/demo-errors.txt" ||
    fail "the demo ended with code $?"
took=$(($(date +%s) - start))
[ "$took" -lt 50 ] || fail "the demo of 20 s took $took s"
grep -q 'the same as live, bit for bit' "$folder/demo-errors.txt" ||
    fail "the recording was not verified"
[ -s "$visit/raw.journal" ] || fail "there is no recording"
echo "demo: ran for $took s, recorded, and the recording gives what was seen live, bit for bit"

levator analyse "$visit" >"$folder/analysis.txt" || fail "analyse ended with code $?"
cmp -s "$folder/demo.txt" "$folder/analysis.txt" || fail "analyse does not print what the demo did"

levator analyse --json "$visit" >"$folder/json.txt" || fail "analyse --json ended with code $?"
cmp -s "$visit/result.json" "$folder/json.txt" || fail "result.json is not what analyse --json prints"
if command -v python3 >/dev/null 2>&1; then
    python3 - "$folder/json.txt" <<'PYTHON' || fail "the JSON is not as docs/analyse.md says"
import json
import sys

document = json.load(open(sys.argv[1], encoding="utf-8"))
assert document["tool"] == "levator" and document["version"]
channel = document["files"][0]
assert channel["kind"] == "emg" and channel["unit"] == "uV" and channel["rate_hz"] == 1000
# A second is a busy machine's start and end of the device, which are no part of the 20.
assert abs(channel["duration_s"] - 20) < 1, channel["duration_s"]
assert channel["gaps"] == [] and channel["refusals"] == []
assert channel["rest"]["level"] > 0
# The virtual person rests for 5 s, holds for 5 s and rests again.
(found,) = channel["contractions"]
onset, offset = found["onset_s"], found["offset_s"]
assert abs(onset - 5) < 0.2 and abs(offset - 10) < 0.5, (onset, offset)
assert onset < found["decided_s"] < offset < found["closed_s"]
assert 0 <= found["confidence"] <= 1 and found["peak"] > found["mean"] > found["rest"]
print(f"demo: one contraction, {onset} s to {offset} s; its JSON is as docs/analyse.md says")
PYTHON
else
    grep -q '"onset_s": 5\.' "$folder/json.txt" || fail "no contraction was found"
    echo "demo: one contraction was found; python3 is not there to look closer"
fi

# The same journal in a program that was built otherwise: every output has the same bits.
cargo build --quiet --locked
other=${CARGO_TARGET_DIR:-target}/debug/levator
for program in "$program" "$other"; do
    "$program" replay --speed max --plain --json "$visit" 2>"$folder/replay-errors.txt" \
        >"$folder/replay.txt" || fail "replay ended with code $?"
    grep -q 'the same as live, bit for bit' "$folder/replay-errors.txt" || fail "the replay differs"
    cmp -s "$folder/json.txt" "$folder/replay.txt" || fail "replay does not print what analyse did"
done
echo "demo: builds for speed and for tests replay it to the same bits"

code=0
levator demo --seconds 1 --plain --out "$visit" >"$folder/again.txt" 2>&1 || code=$?
[ "$code" -eq 6 ] || fail "a second demo into the same folder ended with code $code, not 6"
levator analyse --json "$visit" | cmp -s - "$folder/json.txt" || fail "the recording was changed"
echo "demo: an existing recording was refused and left as it was"
