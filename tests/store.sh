#!/bin/sh
# The store without us and without a network: archives are opened by the programs `age` and `tar`, and made by
# them; all that reads and keeps visits runs where the system ends whoever opens a socket.
#
#   sh tests/store.sh
#
# Exit code 77: skipped, for the reason it says.
set -eu
cd "$(dirname "$0")/.."

if ! command -v age >/dev/null 2>&1 || ! command -v python3 >/dev/null 2>&1; then
    echo "store: needs age and python3" >&2
    exit 77
fi
cargo build --quiet --locked
program=${CARGO_TARGET_DIR:-target}/debug/levator
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
data=tests/data/recordings

fail() {
    echo "store: $1" >&2
    exit 1
}

code=0
python3 tests/offline.py --self-test || code=$?
[ "$code" -eq 0 ] || exit "$code"
# Every command from here on runs under the filter.
levator() {
    python3 tests/offline.py "$program" "$@"
}
LEVATOR_DATA=$folder/store
export LEVATOR_DATA

levator demo --plain --no-page --seconds 3 --out "$folder/visit" >"$folder/live.txt" 2>&1 || fail "demo"
levator replay --plain --speed max "$folder/visit" >/dev/null 2>"$folder/said.txt" || fail "replay"
grep -q 'the same as live, bit for bit' "$folder/said.txt" || fail "replay differs"
levator re-decode --out "$folder/anew" "$folder/visit" >/dev/null || fail "re-decode"
levator verify "$folder/visit" >/dev/null || fail "verify"
levator recover --out "$folder/again" "$folder/visit" >/dev/null || fail "recover"
levator import --person P-1 "$folder/visit" "$data/grip_5_squeezes.csv" tests/data/interop/minimal.xdf \
    tests/data/interop/made_edfio_plus.bdf >/dev/null || fail "import"
levator visits find squeezes >/dev/null || fail "visits"
visit=$(levator visits path "$(levator visits list | sed -n 's/ .*grip_5.*//p')")
levator analyse "$visit" >/dev/null || fail "analyse"
levator assess "$visit" >/dev/null || fail "assess"
levator report "$visit" --format html --out "$folder/page.html" >/dev/null || fail "report"
levator export --to bids --de-identify --out "$folder/bids" "$visit" >/dev/null || fail "export"
echo "store: no command that records, reads or keeps visits opened a socket"

# What we sealed, opened by others.
echo 'correct horse battery' >"$folder/words"
levator visits key --out "$folder/key" >"$folder/public"
levator visits export P-1 --encrypt --recipient "$(cat "$folder/public")" --out "$folder/ours.tar.age" \
    >/dev/null || fail "export for a key"
levator visits export P-1 --encrypt --passphrase-file "$folder/words" --out "$folder/words.tar.age" \
    >/dev/null || fail "export for a passphrase"
mkdir "$folder/ours"
age -d -i "$folder/key" "$folder/ours.tar.age" | tar x -C "$folder/ours" || fail "age and tar"
diff -r "$folder/store/people/P-1" "$folder/ours/P-1" || fail "others unpack something else"
[ "$(stat -c %a "$folder/ours/P-1/person.json")" = 600 ] || fail "others could read what was unpacked"
if age -d -i "$folder/key" "$folder/words.tar.age" >/dev/null 2>&1; then
    fail "a key opened what a passphrase seals"
fi

# `age` asks a terminal for the passphrase, so it gets one.
python3 - "$folder/words.tar.age" "$folder/words.tar" <<'PYTHON' || fail "age does not take the passphrase"
import os
import pty
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp("age", ["age", "-d", "-o", sys.argv[2], sys.argv[1]])
said = b""
while b"assphrase" not in said:
    said += os.read(terminal, 1024)
os.write(terminal, b"correct horse battery\n")
try:
    while os.read(terminal, 1024):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
PYTHON
tar tf "$folder/words.tar" | grep -q '^P-1/person.json$' || fail "the archive is another one"

# What others sealed, opened by us.
tar c -C "$folder/ours" --format ustar P-1 | age -r "$(cat "$folder/public")" -o "$folder/theirs.tar.age"
LEVATOR_DATA=$folder/second levator import --identity "$folder/key" "$folder/theirs.tar.age" >/dev/null ||
    fail "import of what others sealed"
diff -r "$folder/store/people" "$folder/second/people" || fail "what others sealed came back otherwise"
echo "store: age and tar open what we seal, and we open what they seal, byte for byte"

levator visits delete --yes P-1 >/dev/null || fail "delete"
left=$(find "$folder/store" -mindepth 1 | sed "s|$folder/store/||" | sort | tr '\n' ' ')
[ "$left" = "deidentify.key index.sqlite lock people " ] || fail "left behind: $left"
echo "store: what was deleted is gone"
