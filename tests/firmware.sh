#!/bin/sh
# The firmware of firmware-protocol/firmware: built, run in simavr, and recorded by levator.
set -u
cd "$(dirname "$0")/.." || exit 1
missing() {
    ! command -v avr-gcc >/dev/null || [ ! -e /usr/lib/avr/include/avr/io.h ] ||
        [ ! -e /usr/include/simavr/sim_avr.h ] || [ ! -e /usr/include/libelf.h ]
}
if missing && command -v apt-get >/dev/null; then
    sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    packages="gcc-avr avr-libc binutils-avr libsimavr-dev libelf-dev make"
    $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 ||
        { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $packages; } >/dev/null 2>&1
fi
if missing; then
    echo "avr-gcc, avr-libc or simavr is not installed (Debian: gcc-avr avr-libc binutils-avr libsimavr-dev libelf-dev)"
    exit 77
fi
out=$PWD/target/firmware
make -s -C firmware-protocol/firmware/uno OUT="$out/uno" &&
    make -s -C firmware-protocol/firmware/emulate OUT="$out" &&
    cargo build --quiet --bin levator &&
    python3 tests/firmware.py target/debug/levator "$out" && sh tests/embedded.sh
