"""Runs a program that may not reach another computer: the system ends it when it tries.

    python3 tests/offline.py PROGRAM [ARGUMENT...]
    python3 tests/offline.py --self-test

Linux on x86-64 or aarch64. The filter (seccomp) is inherited by everything the program starts and cannot be
taken off again. A pair of sockets inside the process is allowed: it leads nowhere.
"""

import ctypes
import os
import platform
import struct
import subprocess
import sys

NUMBERS = {
    # socket, connect, accept, bind, listen, accept4. What sends is left: a pair of sockets uses it, and
    # without these calls there is nothing else to send on.
    "x86_64": (0xC000003E, [41, 42, 43, 49, 50, 288]),
    # socket, bind, listen, accept, connect, accept4
    "aarch64": (0xC00000B7, [198, 200, 201, 202, 203, 242]),
}
SKIPPED = 77


def forbid():
    architecture, numbers = NUMBERS[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06
    kill, allow = 0x80000000, 0x7FFF0000
    # Another architecture's calls have other numbers: the way around a filter.
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, kill), (load, 0, 0, 0)]
    for at, number in enumerate(numbers):
        program.append((equal, len(numbers) - at, 0, number))
    program += [(give, 0, 0, allow), (give, 0, 0, kill)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    lines = ctypes.create_string_buffer(code)

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("lines", ctypes.c_void_p)]

    filters = Program(len(program), ctypes.cast(lines, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    # No new privileges; then the filter.
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(filters), 0, 0) != 0:
        error = os.strerror(ctypes.get_errno())
        print(f"offline: this system takes no filter: {error}", file=sys.stderr)
        sys.exit(SKIPPED)


def self_test():
    """What is forbidden is noticed, and what is harmless is not."""

    def under(program):
        command = [sys.executable, __file__, sys.executable, "-c", program]
        return subprocess.run(command, capture_output=True).returncode

    harmless = under("import socket; one, other = socket.socketpair(); one.send(b'x'); other.recv(1)")
    if harmless == SKIPPED:
        return SKIPPED
    assert harmless == 0, harmless
    for family in ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"]:
        code = under(f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM)")
        assert code == -31, (family, code)
    assert under("import urllib.request as r; r.urlopen('http://127.0.0.1:9')") == -31
    return 0


if sys.platform != "linux" or platform.machine() not in NUMBERS:
    print("offline: the filter is for Linux on x86-64 and aarch64", file=sys.stderr)
    sys.exit(SKIPPED)
if sys.argv[1:] == ["--self-test"]:
    sys.exit(self_test())
forbid()
os.execvp(sys.argv[1], sys.argv[1:])
