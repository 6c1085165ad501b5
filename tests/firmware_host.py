"""A host for a probe in a few lines, for tests that have to say what levator never says.

Frames are made and taken apart by the second implementation that makes the vectors
(firmware-protocol/vectors/make.py), so neither the crate nor the C source judges itself.
"""

import importlib.util
import os
import pathlib
import select
import struct
import termios
import time
import tty

ROOT = pathlib.Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("make", ROOT / "firmware-protocol/vectors/make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)

NAMES = {code: name for name, code in make.TYPES.items()}


def unstuff(run):
    data, at = b"", 0
    while at < len(run):
        data += run[at + 1:at + run[at]] + b"\0"
        at += run[at]
    return data[:-1]


def fields_of(name, payload):
    layout, names, tail = make.LAYOUTS[name]
    size = struct.calcsize(layout)
    fields = dict(zip(names.split(), struct.unpack(layout, payload[:size])))
    if tail:
        fields[tail] = payload[size:]
    return fields


class Host:
    """Speaks to the probe at `port` and remembers every frame: (seconds, name, fields)."""

    def __init__(self, port):
        self.port = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.port, termios.TCSANOW)
        termios.tcflush(self.port, termios.TCIOFLUSH)
        self.buffer = b""
        self.frames = []
        self.sequence = 0
        os.write(self.port, b"\0")

    def close(self):
        os.close(self.port)

    def send(self, name, ack=1, again=0, **fields):
        """Sends a command and gives back its sequence number."""
        return self.send_raw(make.TYPES[name], make.payload_of(name, fields), ack, again)

    def send_raw(self, kind, payload, ack=1, again=0):
        sequence = self.sequence
        self.sequence = (self.sequence + 1) & 0xFFFF
        os.write(self.port, make.wire(make.HOST, kind, sequence, payload, ack, again))
        return sequence

    def listen(self, seconds):
        """Takes what comes within `seconds`, and returns as soon as something came."""
        ready, _, _ = select.select([self.port], [], [], seconds)
        if not ready:
            return
        self.buffer += os.read(self.port, 4096)
        *runs, self.buffer = self.buffer.split(b"\0")
        for run in runs:
            frame = unstuff(run) if run else b""
            if len(frame) < 8:
                continue
            assert make.crc32c(frame[:-4]) == int.from_bytes(frame[-4:], "little"), run.hex()
            name = NAMES[frame[1]]
            self.frames.append((time.monotonic(), name, fields_of(name, frame[4:-4])))

    def until(self, name, is_it=lambda fields: True, seconds=5.0):
        """The first frame from now on that is meant. What came before it is in `frames`."""
        end, at = time.monotonic() + seconds, len(self.frames)
        while True:
            for _, got, fields in self.frames[at:]:
                at += 1
                if got == name and is_it(fields):
                    return fields
            left = end - time.monotonic()
            assert left > 0, f"no {name} within {seconds} s; last: {self.frames[-5:]}"
            self.listen(left)

    def collect(self, seconds):
        """Everything that comes in so many seconds."""
        end, at = time.monotonic() + seconds, len(self.frames)
        while (left := end - time.monotonic()) > 0:
            self.listen(left)
        return self.frames[at:]

    def ask(self, name, **fields):
        """Sends a command and gives back the result that the probe acknowledged it with."""
        sequence = self.send(name, **fields)
        return self.until("ACK", lambda ack: ack["sequence"] == sequence)["result"]


def codes(samples, width):
    """The codes in the data of SAMPLES."""
    data = samples["data"]
    return [int.from_bytes(data[at:at + width], "little", signed=True) for at in range(0, len(data), width)]
