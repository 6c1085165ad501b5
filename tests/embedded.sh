#!/bin/sh
# The protocol crate for microcontrollers: linked for three of them, without a heap and, in the way of
# samples, without a panic. A target that cannot be fetched is said and left out; the rest has to link.
set -u
cd "$(dirname "$0")/.." || exit 1
if ! command -v rustup >/dev/null; then
    echo "crate for microcontrollers: not built, rustup is not installed"
    exit 0
fi
code=0
for target in thumbv6m-none-eabi thumbv7em-none-eabihf riscv32imc-unknown-none-elf; do
    if ! rustup target list --installed | grep -qx "$target" &&
        ! timeout 120 rustup target add "$target" >/dev/null 2>&1; then
        echo "crate for $target: not built, rustup cannot fetch it"
        continue
    fi
    build() { # features
        cargo build --quiet --release --offline --manifest-path firmware-protocol/embedded/Cargo.toml \
            --target-dir target/embedded --target "$target" --features "$1"
    }
    measure() { size "target/embedded/$target/release/levator-protocol-embedded" | awk 'NR == 2 {print $1 + $2}'; }
    if build "" && samples=$(measure) && build decoder && all=$(measure); then
        echo "crate for $target: $samples bytes to send samples, without a panic; $all with the decoder"
    else
        echo "crate for $target: FAILED"
        code=1
    fi
done
exit $code
