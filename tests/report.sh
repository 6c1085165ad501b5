#!/bin/sh
# Prints reports with a browser in every language and counts their pages: one for the person, two for who
# refers; each must say that it is no diagnosis, on every page.
set -eu
cd "$(dirname "$0")/.."
command -v pdfinfo >/dev/null 2>&1 || {
    sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    $sudo apt-get install -y -qq poppler-utils >/dev/null 2>&1 || true
}
command -v pdfinfo >/dev/null 2>&1 && command -v pdftotext >/dev/null 2>&1 || {
    echo "report: pdfinfo and pdftotext are not installed (poppler-utils)" >&2
    exit 77
}
cargo build --quiet --locked
validator=target/html-validate-10
if command -v npm >/dev/null 2>&1 && [ ! -x $validator/node_modules/.bin/html-validate ]; then
    mkdir -p $validator
    npm install --silent --no-audit --no-fund --prefix $validator html-validate@10.9.0 >/dev/null 2>&1 || true
fi
levator=${CARGO_TARGET_DIR:-target}/debug/levator
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

no_diagnosis() { # file: how often it says so
    pdftotext "$1" - | tr '\n' ' ' |
        grep -oE "Not a diagnosis|Keine Diagnose|No es un diagn|pas un diagnostic" | wc -l
}

# The PDF that is written without a browser: as many pages, and as much that can be read.
written() { # file, arguments of `report`...
    own=$1
    shift
    "$levator" report "$@" --out "$own.pdf"
    got=$(pdfinfo "$own.pdf" | sed -n 's/^Pages: *//p')
    said=$(no_diagnosis "$own.pdf")
    [ "$got" = "$want" ] && [ "$said" = "$want" ] || {
        echo "report: $own.pdf has $got pages, and $said say that it is no diagnosis"
        exit 1
    }
    pdfinfo "$own.pdf" | grep -q "^Page size: *595.28 x 841.89 pts (A4)"
    pdffonts "$own.pdf" | grep -q "OpenSans-Regular .*yes"
}

check() { # name, arguments of `report`...
    name=$1
    shift
    for reader in person referrer; do for lang in en de es fr; do
        page=$folder/$name-$reader-$lang
        "$levator" report "$@" --for "$reader" --lang "$lang" --out "$page.html"
        chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer \
            --user-data-dir="$folder/browser" --print-to-pdf="$page.pdf" "file://$page.html" >"$folder/log" 2>&1 ||
            { cat "$folder/log" >&2; exit 1; }
        want=1
        [ "$reader" = person ] || want=2
        written "$page-own" "$@" --for "$reader" --lang "$lang"
        got=$(pdfinfo "$page.pdf" | sed -n 's/^Pages: *//p')
        said=$(no_diagnosis "$page.pdf")
        echo "report: $name for the $reader ($lang): $got pages, $said say that it is no diagnosis"
        [ "$got" = "$want" ] && [ "$said" = "$want" ] || exit 1
        # What ends the first page must stand on it.
        [ "$want" = 1 ] || pdftotext -f 1 -l 1 "$page.pdf" - | tr '\n' ' ' | grep -q " 1/2"
    done; done
}

for condition in healthy hypertonic; do
    "$levator" simulate-visit --condition "$condition" --seed 3 --out "$folder/$condition" 2>/dev/null
    check "$condition" "$folder/$condition/visit.csv" --symptoms "$folder/$condition/told.toml" --programme glazer
done
check anorectal tests/data/manometry/anorectal_1.txt
check emg tests/data/recordings/biceps_30_fatigue.csv

# Visits of one person, of which the last ends too early to say anything: in print, too, nothing reads as open.
for visit in 1 2 3; do
    "$levator" simulate-visit --condition weak --seed 3 --visit "$visit" --out "$folder/series/$visit" 2>/dev/null
done
awk -F, '!/^[0-9]/ || $1 < 15' "$folder/series/3/visit.csv" >"$folder/cut" && mv "$folder/cut" "$folder/series/3/visit.csv"
for lang in en de es fr; do
    case $lang in
        en) again="measure again before any strengthening" open="strengthening is open" ;;
        de) again="vor jeder Kräftigung noch einmal messen" open="Kräftigen ist" ;;
        es) again="medir otra vez antes de cualquier ejercicio de fuerza" open="fuerza está abierto" ;;
        fr) again="mesurer encore une fois avant tout renforcement" open="renforcement est ouvert" ;;
    esac
    page=$folder/progress-$lang
    for form in html pdf; do
        "$levator" progress "$folder/series" --programme glazer --lang "$lang" --out "$page.$form"
    done
    chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --user-data-dir="$folder/browser" \
        --print-to-pdf="$page-browser.pdf" "file://$page.html" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
    for pdf in "$page.pdf" "$page-browser.pdf"; do
        said=$(pdftotext "$pdf" - | tr '\n' ' ')
        echo "$said" | grep -q "$again" || { echo "report: $pdf does not ask to measure again"; exit 1; }
        ! echo "$said" | grep -q "$open" || { echo "report: $pdf calls strengthening open"; exit 1; }
        want=$(pdfinfo "$pdf" | sed -n 's/^Pages: *//p')
        [ "$want" = 1 ] && [ "$(no_diagnosis "$pdf")" = 1 ] || { echo "report: $pdf has $want pages"; exit 1; }
    done
    echo "report: progress after too little ($lang): one page, which asks to measure again"
done

if [ -x $validator/node_modules/.bin/html-validate ]; then
    "$validator/node_modules/.bin/html-validate" "$folder"/*.html
    echo "report: every page is valid HTML"
else
    echo "report: html-validate could not be installed (npm): HTML was not validated" >&2
    exit 77
fi
