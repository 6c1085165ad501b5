#!/bin/sh
# Every screen of the page in both themes, for the documents: of the pictures that `sh tests/page.sh` left, some, in fewer
# colours. Needs pngquant.
set -eu
cd "$(dirname "$0")/../.."
from=${CARGO_TARGET_DIR:-target}/page/pictures
to=docs/pictures/screens
mkdir -p "$to"
for theme in dark light; do
    for name in desk-connect desk-check desk-comfort desk-questions desk-refer guided simple clinician game paused keys note \
        desk-over desk-weak desk-tight desk-review desk-visit desk-plan desk-progress settings; do
        pngquant --force --nofs --speed 1 --strip --output "$to/${name#desk-}-$theme.png" 48 "$from/$name-$theme.png"
    done
done
