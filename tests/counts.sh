#!/bin/sh
# Counts the instructions of the hot stages and compares them with tests/snapshots/instructions.txt.
#
#   sh tests/counts.sh           compares; fails when a stage moved by more than 2 %
#   sh tests/counts.sh --bless   writes the table
#
# Counted by callgrind, which shows programs a processor with AVX2 and FMA and without AVX-512, wherever
# it runs. A count is of one compiler: with another one, and where there is no such processor, the table
# is shown and nothing is compared (exit code 77: skipped).
set -eu
cd "$(dirname "$0")/.."

table=tests/snapshots/instructions.txt
cargo build --release --quiet --locked --example counts
program=${CARGO_TARGET_DIR:-target}/release/examples/counts
compiler=$(rustc --version | cut -d' ' -f1,2)
found=$(mktemp)
trap 'rm -f "$found"' EXIT

count() { # stage, rounds
    LC_ALL=C valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

{
    echo "# Instructions of the hot stages under callgrind, $compiler, x86-64 with AVX2 and FMA."
    echo "# sh tests/counts.sh --bless"
    "$program" | while read -r stage items unit; do
        few=$(count "$stage" 2)
        many=$(count "$stage" 6)
        echo "$stage $few $many $items $unit" |
            awk '{ printf "%-32s %8.2f a %s\n", $1, ($3 - $2) / 4 / $4, $5 }'
    done
} >"$found"

if [ "${1:-}" = --bless ]; then
    cp "$found" "$table"
    exit
fi
cat "$found"
if ! grep -q -w avx2 /proc/cpuinfo 2>/dev/null || [ "$(head -1 "$found")" != "$(head -1 "$table")" ]; then
    echo "counts: another compiler or processor than that of $table" >&2
    exit 77
fi
awk '
    /^#/ { next }
    NR == FNR { was[$1] = $2; next }
    !($1 in was) { print "counts: " $1 " is not in the table"; bad = 1; next }
    { change = $2 / was[$1] - 1; seen[$1] = 1 }
    change > 0.02 || change < -0.02 {
        printf "counts: %s was %s and is %s (%+.1f %%)\n", $1, was[$1], $2, 100 * change; bad = 1
    }
    END {
        for (stage in was) if (!(stage in seen)) { print "counts: " stage " is gone"; bad = 1 }
        exit bad
    }
' "$table" "$found"
