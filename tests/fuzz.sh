#!/bin/sh
# Fuzzes every reader with libFuzzer, guided by coverage and by the values that are compared, from real files on.
#
#   sh tests/fuzz.sh                          10 s for each target, two at once
#   LEVATOR_FUZZ_SECONDS=60 sh tests/fuzz.sh  longer
#   sh tests/fuzz.sh text edf                 these alone
#   sh tests/fuzz.sh --build                  builds it, and no more
#
# What was found to be interesting stays in target/fuzz/corpus, so that each run goes on where the last one ended;
# what breaks a target is put into target/fuzz/found, and shown. Needs g++ for libFuzzer, and a stable compiler: the
# instrumentation is asked for by flags. Where it cannot be built, the exit code is 77: skipped.
set -eu
cd "$(dirname "$0")/.."

seconds=${LEVATOR_FUZZ_SECONDS:-10}
target=$(pwd)/${CARGO_TARGET_DIR:-target}
case ${CARGO_TARGET_DIR:-} in /*) target=$CARGO_TARGET_DIR ;; esac
work=$target/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
all="journal blocks edf xdf text device frames foreign overview archive"
wanted=${*:-$all}

mkdir -p "$work/found"
# The same versions as the program has.
cp Cargo.lock tests/fuzz/Cargo.lock
log=$work/build.txt
if ! RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing" \
    cargo build --release --target "$host" --manifest-path tests/fuzz/Cargo.toml \
    --target-dir "$work/build" >"$log" 2>&1; then
    tail -20 "$log" >&2
    if grep -q "^error\(\[E[0-9]*\]\)\?:" "$log" && grep -q "could not compile .levator-" "$log"; then
        exit 1
    fi
    echo "fuzz: libFuzzer cannot be built" >&2
    exit 77
fi
[ "${1:-}" = --build ] && exit
program=$work/build/$host/release/levator-fuzz

# Seeds: the beginnings of real files, long enough for a header and some records.
seed() { # target, files...
    name=$1
    shift
    mkdir -p "$work/seeds/$name" "$work/corpus/$name"
    for file in "$@"; do
        [ -f "$file" ] && head -c 6000 "$file" >"$work/seeds/$name/$(basename "$file")"
    done
}
for one in $all; do seed "$one"; done
seed journal crates/record/src/tests/*.journal
seed edf tests/data/interop/*.edf tests/data/interop/*.bdf
seed xdf tests/data/interop/*.xdf
seed text tests/data/recordings/*.csv tests/data/recordings/*.txt tests/data/manometry/*.txt
# What a device says in two seconds, and a journal of it.
cargo build --quiet --locked
visit=$work/seed-visit
rm -rf "$visit"
"$target/debug/levator" demo --seconds 2 --plain --no-open --out "$visit" >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}
seed journal "$visit/raw.journal"
seed edf "$visit/signals.bdf"
seed overview "$visit/overview"
data=$work/seed-data
rm -rf "$data" "$work/seeds/archive/visits"
"$target/debug/levator" import --data "$data" --person P-1 "$visit" >"$log" 2>&1 &&
    "$target/debug/levator" visits --data "$data" export --out "$work/seeds/archive/visits" P-1 >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}
# Paths and contents, each behind its length.
printf '\017P-1/person.json\025{"date_shift_days":17}\024P-1/monday/visit.json\002{}' >"$work/seeds/archive/parts"
# The pieces of the first byte, then what stands in the journal.
for one in device frames; do head -c 12000 "$visit/raw.journal" >"$work/seeds/$one/visit"; done
for one in 0 1 2 3 4 5 6; do
    printf "\\00$one\\003" >"$work/seeds/foreign/$one"
    head -c 3000 "$visit/raw.journal" >>"$work/seeds/foreign/$one"
done
printf '\001\120{"config":{},"format":3}\002\030\003\001\002\003\004\005\006\007\010\000\000\000\000' >"$work/seeds/blocks/header"

run() { # target
    LEVATOR_FUZZ_TARGET=$1 "$program" "$work/corpus/$1" "$work/seeds/$1" \
        -max_total_time="$seconds" -use_value_profile=1 -timeout=10 -rss_limit_mb=1024 -max_len=16384 \
        -artifact_prefix="$work/found/$1-" -print_final_stats=1 >"$work/$1.txt" 2>&1
    code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$1.txt")
    covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$work/$1.txt" | tail -1)
    start=$(sed -n 's/^INFO: Seed: //p' "$work/$1.txt")
    if [ $code = 0 ]; then
        echo "$1: $runs runs, $covered places of the code seen, seed $start"
    else
        echo "$1: BROKEN, seed $start; the input is in $work/found"
        tail -30 "$work/$1.txt"
    fi
    return $code
}

failed=0
set +e
# shellcheck disable=SC2086
set -- $wanted
while [ $# -gt 0 ]; do
    run "$1" &
    first=$!
    second=""
    if [ $# -gt 1 ]; then
        run "$2" &
        second=$!
        shift
    fi
    shift
    wait "$first" || failed=1
    [ -z "$second" ] || wait "$second" || failed=1
done
exit $failed
