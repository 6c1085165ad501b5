#!/usr/bin/env python3
"""Writes the vectors of SPEC.md: `python3 vectors/make.py`; `--check` only compares.

Made from the specification and not from the crate: checksum, stuffing and layouts are written
here a second time, as plainly as possible. Standard library only; the same files on every run.
"""

import struct
import sys
from pathlib import Path

MAGIC = b"PFW1"
DEVICE, HOST = "device", "host"
TYPES = {
    "HELLO": 0x01, "STREAM_DESC": 0x02, "CALIB": 0x03, "SAMPLES": 0x10, "EVENT": 0x11,
    "STATUS": 0x12, "LOG": 0x13, "TIME_REP": 0x14, "ACK": 0x1F, "IDENTIFY": 0x40,
    "GET_DESC": 0x41, "START": 0x42, "STOP": 0x43, "SET_RATE": 0x44, "ZERO": 0x45,
    "SET_CAL": 0x46, "TIME_REQ": 0x47, "KEEPALIVE": 0x48, "SELF_TEST": 0x49, "RESET": 0x4F,
}


def crc32c(data):
    """One bit at a time, from the definition (SPEC 2.3)."""
    remainder = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            low = (remainder ^ (byte >> bit)) & 1
            remainder = (remainder >> 1) ^ (0x82F63B78 if low else 0)
    return remainder ^ 0xFFFFFFFF


def stuff(data):
    """Block by block (SPEC 2.4); at most 253 bytes."""
    return b"".join(bytes([len(block) + 1]) + block for block in data.split(b"\0"))


def broken(run):
    """Which of the first checks of SPEC 2.5 a run of damaged bytes fails."""
    if len(run) > 249:
        return "overlong"
    data, at = b"", 0
    while at < len(run):
        code = run[at]
        if at + code > len(run):
            return "structure"
        data += run[at + 1:at + code] + b"\0"
        at += code
    data = data[:-1]  # the last block ends with the run, not with a zero
    if len(data) < 8:
        return f"short {len(data)}"
    assert crc32c(data[:-4]) != int.from_bytes(data[-4:], "little")
    return "checksum"


def decoded(side, kind, seq, payload=b"", ack=0, again=0, major=1, reserved=0):
    first = major << 4 | ack | again << 1 | (4 if side == HOST else 0) | reserved << 3
    frame = struct.pack("<BBH", first, kind, seq) + payload
    return frame + struct.pack("<I", crc32c(frame))


def wire(*args, **kwargs):
    return stuff(decoded(*args, **kwargs)) + b"\0"


# The layouts of SPEC 3: format of `struct` and names; None for a text or data that follow.
LAYOUTS = {
    "HELLO": ("<4sBBHI8s3sBIB", "magic minor max_payload model boot_id uid firmware stream_count"
              " capabilities name_len", "name"),
    "STREAM_DESC": ("<BBBBBBHIHHIiiB", "stream epoch kind format channels unit flags rate_mhz"
                    " max_scans reserved filter_delay_us adc_min adc_max label_len", "label"),
    "CALIB": ("<BBBBffIf", "stream channel epoch source scale offset calibrated_at_s"
              " reference_span", None),
    "SAMPLES": ("<BBHIIBB", "stream epoch status index time_us scan_count fault_channels", "data"),
    "EVENT": ("<IIBBh", "index time_us code stream value", None),
    "STATUS": ("<QIBBHhHHHI", "uptime_us boot_id state battery_percent battery_mv"
               " temperature_centi_c rx_crc_errors rx_overruns tx_dropped faults", None),
    "LOG": ("<B", "level", "text"),
    "TIME_REP": ("<QQQ", "t1 t2_us t3_us", None),
    "ACK": ("<BHB", "kind sequence result", "data"),
    "IDENTIFY": ("<4sBB", "magic minor max_payload", None),
    "GET_DESC": ("<B", "stream", None),
    "START": ("<BBI", "streams batch_ms keep_alive_ms", None),
    "STOP": ("<", "", None),
    "SET_RATE": ("<BI", "stream rate_mhz", None),
    "ZERO": ("<BBH", "stream channel duration_ms", None),
    "SET_CAL": ("<BBBBffIfB", "stream channel epoch source scale offset calibrated_at_s"
                " reference_span persist", None),
    "TIME_REQ": ("<Q", "t1", None),
    "KEEPALIVE": ("<", "", None),
    "SELF_TEST": ("<BB", "stream on", None),
    "RESET": ("<4s", "magic", None),
}
# Not told in the meaning: they follow from the rest.
IMPLIED = {"magic", "name_len", "label_len", "reserved"}


def payload_of(name, fields):
    layout, names, tail = LAYOUTS[name]
    given = dict(fields)
    rest = given.pop(tail, b"") if tail else b""
    given.setdefault("magic", MAGIC)
    given.setdefault("reserved", 0)
    for text in ("name", "label"):
        given.setdefault(text + "_len", len(rest))
    return struct.pack(layout, *(given[key] for key in names.split())) + rest


def shown(key, value):
    if key in ("name", "label", "text"):
        plain = "".join(
            chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02X}"
            for byte in value
        )
        return f'"{plain}"'
    if key == "firmware":
        return ".".join(str(byte) for byte in value)
    if isinstance(value, bytes):
        return value.hex().upper()
    if key == "battery_percent" and value == 0xFF:
        return "none"
    if key == "temperature_centi_c" and value == -0x8000:
        return "none"
    if key in ("status", "flags", "capabilities", "faults", "boot_id", "fault_channels", "streams"):
        return f"0x{value:X}"
    return str(value)


def side_of(name):
    return DEVICE if TYPES[name] < 0x40 else HOST


def meaning(name, fields, seq, ack=0, again=0):
    words = [side_of(name), f"seq={seq}"] + ["ack"] * ack + ["again"] * again + [name]
    return " ".join(words + [f"{key}={shown(key, value)}" for key, value in fields.items()])


def message(name, fields, seq=0, ack=0, again=0):
    bytes_ = wire(side_of(name), TYPES[name], seq, payload_of(name, fields), ack, again)
    return bytes_, meaning(name, fields, seq, ack, again)


HELLO = dict(minor=0, max_payload=240, model=1, boot_id=0xDEADBEEF, uid=bytes(range(1, 9)),
             firmware=bytes([0, 3, 1]), stream_count=1, capabilities=0x13, name=b"probe-01")
PRESSURE = dict(stream=0, epoch=1, kind=1, format=2, channels=1, unit=1, flags=1, rate_mhz=100_000,
                max_scans=75, filter_delay_us=12_500, adc_min=-8_388_608, adc_max=8_388_607,
                label=b"vaginal pressure")
CALIB = dict(stream=0, channel=0, epoch=1, source=1, scale=0.0078125, offset=-1024.5,
             calibrated_at_s=1_700_000_000, reference_span=4903.5)
SAMPLES = dict(stream=0, epoch=1, status=0, index=5, time_us=20_000, scan_count=3, fault_channels=0,
               data=bytes.fromhex("000000FFFFFFFFFF7F"))
EVENT = dict(index=1234, time_us=5_678_901, code=1, stream=0, value=1)
STATUS = dict(uptime_us=4_294_967_296, boot_id=0xDEADBEEF, state=1, battery_percent=87,
              battery_mv=3_912, temperature_centi_c=2_350, rx_crc_errors=1, rx_overruns=2,
              tx_dropped=3, faults=0)
LOG = dict(level=1, text=b"sensor restarted")
TIME_REP = dict(t1=0x0102030405060708, t2_us=1_000_000, t3_us=1_000_250)
ACK = dict(kind=0x42, sequence=7, result=0, data=b"")
IDENTIFY = dict(minor=0, max_payload=240)
START = dict(streams=3, batch_ms=20, keep_alive_ms=2_000)
SET_RATE = dict(stream=0, rate_mhz=1_000_000)
ZERO = dict(stream=0, channel=255, duration_ms=500)
SET_CAL = dict(CALIB, source=2, persist=1)
SELF_TEST = dict(stream=255, on=1)
EXAMPLES = {
    "HELLO": HELLO, "STREAM_DESC": PRESSURE, "CALIB": CALIB, "SAMPLES": SAMPLES, "EVENT": EVENT,
    "STATUS": STATUS, "LOG": LOG, "TIME_REP": TIME_REP, "ACK": ACK, "IDENTIFY": IDENTIFY,
    "GET_DESC": dict(stream=255), "START": START, "STOP": {}, "SET_RATE": SET_RATE, "ZERO": ZERO,
    "SET_CAL": SET_CAL, "TIME_REQ": dict(t1=0x0102030405060708), "KEEPALIVE": {},
    "SELF_TEST": SELF_TEST, "RESET": {},
}


def with_(fields, **changes):
    return {**fields, **changes}


def messages():
    """One frame of each type, the frames printed in SPEC 8, and the ends of every range."""
    yield message("IDENTIFY", IDENTIFY)
    yield message("HELLO", HELLO)
    yield message("SAMPLES", SAMPLES, seq=258)
    wraps = dict(stream=0, epoch=1, status=6, index=0xFFFFFFFF, time_us=0xFFFFFFF0, scan_count=1,
                 fault_channels=1, data=bytes.fromhex("FFFF7F"))
    yield message("SAMPLES", wraps, seq=0xFFFF)
    yield message("SAMPLES", with_(wraps, status=0, index=0, time_us=9_984, fault_channels=0), seq=0)
    yield message("TIME_REQ", EXAMPLES["TIME_REQ"], seq=1)
    yield message("KEEPALIVE", {}, seq=2)
    for seq, (name, fields) in enumerate(EXAMPLES.items(), start=0x100):
        yield message(name, fields, seq)
    for name in ("START", "SET_CAL", "RESET"):
        yield message(name, EXAMPLES[name], seq=3, ack=1)
        yield message(name, EXAMPLES[name], seq=4, ack=1, again=1)
    yield message("HELLO", with_(HELLO, name=b""))
    yield message("HELLO", with_(HELLO, name=b"n" * 32, stream_count=8, capabilities=0x1FF))
    yield message("HELLO", with_(HELLO, name=b"caf\xC3\xA9", stream_count=0))
    yield message("HELLO", with_(HELLO, name=b'not "UTF-8" \\ \xFF', max_payload=255))
    emg = dict(stream=7, epoch=255, kind=2, format=1, channels=16, unit=2, flags=7,
               rate_mhz=2_000_000, max_scans=7, filter_delay_us=0, adc_min=-32_768, adc_max=32_767,
               label=b"")
    yield message("STREAM_DESC", emg)
    yield message("STREAM_DESC", with_(PRESSURE, label=b"L" * 211, adc_min=0, adc_max=0))
    yield message("STREAM_DESC", with_(PRESSURE, rate_mhz=1, max_scans=1))
    yield message("STREAM_DESC", with_(PRESSURE, rate_mhz=0xFFFFFFFF, format=5, max_scans=113))
    yield message("STREAM_DESC", with_(PRESSURE, format=4, max_scans=56))
    yield message("STREAM_DESC", with_(PRESSURE, format=3, channels=14, max_scans=4, kind=7, unit=6))
    yield message("CALIB", with_(CALIB, stream=7, channel=15, source=3, scale=-2.5, offset=0.0,
                                 calibrated_at_s=0, reference_span=0.0))
    yield message("CALIB", with_(CALIB, scale=0.1, offset=2.0**127, calibrated_at_s=0xFFFFFFFF))
    yield message("SAMPLES", with_(SAMPLES, status=0x3FF, scan_count=113, data=b"\0" * 226))
    yield message("SAMPLES", with_(SAMPLES, scan_count=113, data=b"\x11" * 226))
    yield message("SAMPLES", with_(SAMPLES, stream=7, scan_count=1, data=b"\xAA" * 64))
    yield message("SAMPLES", with_(SAMPLES, scan_count=226, data=bytes(range(226))))
    yield message("EVENT", with_(EVENT, index=0, stream=255, code=0x80, value=-32_768))
    yield message("STATUS", with_(STATUS, battery_percent=0xFF, battery_mv=0,
                                  temperature_centi_c=-0x8000, state=2, faults=0x80000001))
    yield message("STATUS", with_(STATUS, battery_percent=100, temperature_centi_c=-0x7FFF))
    yield message("STATUS", with_(STATUS, battery_percent=0, uptime_us=2**64 - 1, state=3,
                                  rx_crc_errors=0xFFFF, rx_overruns=0xFFFF, tx_dropped=0xFFFF))
    yield message("LOG", dict(level=3, text=b""))
    yield message("LOG", dict(level=0, text=b"x" * 239))
    yield message("TIME_REP", dict(t1=0, t2_us=2**64 - 1, t3_us=2**64 - 1))
    for result in range(7):
        yield message("ACK", dict(kind=0x45, sequence=0xFFFF, result=result, data=b"\0\x01\xFF"))
    yield message("ACK", dict(kind=0xFF, sequence=0, result=1, data=b"\x5A" * 236))
    yield message("IDENTIFY", dict(minor=255, max_payload=0))
    for stream in (0, 7):
        yield message("GET_DESC", dict(stream=stream))
    yield message("START", dict(streams=255, batch_ms=255, keep_alive_ms=0xFFFFFFFF))
    yield message("START", dict(streams=1, batch_ms=0, keep_alive_ms=0))
    yield message("SET_RATE", dict(stream=7, rate_mhz=1))
    yield message("ZERO", dict(stream=7, channel=15, duration_ms=0xFFFF))
    yield message("SET_CAL", with_(SET_CAL, persist=0))
    yield message("SELF_TEST", dict(stream=7, on=0))


def tolerated():
    """What this version does not send and every receiver takes all the same (SPEC 7.2)."""
    for name in EXAMPLES:
        fields = EXAMPLES[name]
        if name in ("SAMPLES", "LOG", "ACK"):
            continue  # their last field runs to the end of the payload
        payload = payload_of(name, fields) + b"\xA5\0\x5A"
        yield wire(side_of(name), TYPES[name], 1, payload), meaning(name, fields, 1)
    longest = payload_of("CALIB", CALIB).ljust(240, b"\xEE")
    yield wire(DEVICE, TYPES["CALIB"], 1, longest), meaning("CALIB", CALIB, 1)
    unknown = with_(PRESSURE, kind=0xFF, format=200, unit=7, channels=16, max_scans=14)
    yield message("STREAM_DESC", unknown)
    yield message("CALIB", with_(CALIB, source=4))
    yield message("STATUS", with_(STATUS, state=4))
    yield message("LOG", with_(LOG, level=4))
    yield message("ACK", with_(ACK, result=7))
    # Reserved bits and bytes, and the reserved bit of the header.
    for name, sent, kept in (
        ("HELLO", with_(HELLO, capabilities=0xFFFFFFFF), with_(HELLO, capabilities=0x1FF)),
        ("STREAM_DESC", with_(PRESSURE, flags=0xFFFF, reserved=0xFFFF), with_(PRESSURE, flags=7)),
        ("SAMPLES", with_(SAMPLES, status=0xFC00), with_(SAMPLES, status=0)),
    ):
        yield wire(DEVICE, TYPES[name], 2, payload_of(name, sent)), meaning(name, kept, 2)
    yield wire(HOST, TYPES["STOP"], 3, reserved=1), meaning("STOP", {}, 3)
    # Types without meaning, also those that have one the other way round.
    for side, kind, payload in (
        (DEVICE, 0x00, b""), (DEVICE, 0x04, b"\0\0"), (DEVICE, 0x3F, b"new"), (DEVICE, 0x40, b""),
        (DEVICE, 0x80, b"vendor"), (DEVICE, 0xFF, b"\xFF" * 240), (HOST, 0x01, b""),
        (HOST, 0x10, b"\0"), (HOST, 0x4E, b"new"), (HOST, 0xBF, b""), (HOST, 0xC0, b"test"),
    ):
        shown_payload = payload.hex().upper()
        yield (wire(side, kind, 4, payload),
               f"{side} seq=4 UNKNOWN kind={kind} payload={shown_payload}")


def refused():
    """One run of bytes each, and why it is no frame (SPEC 2.5)."""
    good = decoded(HOST, 0x40, 0, payload_of("IDENTIFY", IDENTIFY))
    # Structure: a code beyond the end, by one and by many; a lone code; a code that ends early.
    yield stuff(good)[:-1] + b"\0", "host structure"
    yield stuff(good) + b"\x02\0", "host structure"
    yield b"\xFF" + b"\x01" * 20 + b"\0", "host structure"
    yield b"\x02\0", "host structure"
    # Length: nothing but codes, and one byte less than the shortest frame.
    yield b"\x01\0", "host short 0"
    yield b"\x01\x01\0", "host short 1"
    yield stuff(b"\x14\x48\x02\0\0\0\0") + b"\0", "host short 7"
    # Overlong: 250 and more bytes, well formed or not.
    yield stuff(decoded(DEVICE, 0x13, 0, b"\x02" + b"x" * 240)) + b"\0", "device overlong"
    yield b"\x01" * 250 + b"\0", "device overlong"
    yield b"U" * 1000 + b"\0", "device overlong"
    # Checksum: none, of the wrong kind (CRC-32 of Ethernet), big endian, another sequence.
    yield stuff(good[:-4] + b"\xFF\xFF\xFF\xFF") + b"\0", "host checksum"
    yield stuff(good[:-4] + bytes.fromhex("E1E59C4E")) + b"\0", "host checksum"
    yield stuff(good[:-4] + good[:-5:-1]) + b"\0", "host checksum"
    yield stuff(good[:2] + b"\x01" + good[3:]) + b"\0", "host checksum"
    yield b"\x09" + b"\x01" * 8 + b"\0", "host checksum"
    # Major version, also where everything else is unknown.
    for major in (0, 2, 15):
        payload = payload_of("HELLO", HELLO)
        yield wire(DEVICE, 0x01, 0, payload, major=major), f"device major {major} 1"
    yield wire(HOST, 0x33, 0, b"?", major=2), "device major 2 51"
    # Direction.
    yield wire(HOST, 0x48, 2), "device loop-back 72"
    yield wire(DEVICE, 0x13, 2, b"\x02hello"), "host loop-back 19"
    yield wire(DEVICE, 0x77, 2), "host loop-back 119"
    # Payload length: one byte less than the fixed fields, none at all, text cut short.
    for name in EXAMPLES:
        layout, _, tail = LAYOUTS[name]
        least = struct.calcsize(layout)
        for actual in sorted({0, least - 1} - {-1, least}):
            payload = payload_of(name, EXAMPLES[name])[:actual]
            yield (wire(side_of(name), TYPES[name], 5, payload),
                   f"{side_of(name)} length {TYPES[name]} {least} {actual}")
        if name in ("HELLO", "STREAM_DESC"):
            payload = payload_of(name, EXAMPLES[name])[:-1]
            yield (wire(DEVICE, TYPES[name], 5, payload),
                   f"device length {TYPES[name]} {len(payload) + 1} {len(payload)}")
    # Fields: each limit just missed.
    nan, infinite = float("nan"), float("inf")
    for name, offset, changes in (
        ("HELLO", 0, dict(magic=b"PFW2")),
        ("HELLO", 23, dict(stream_count=9)),
        ("HELLO", 28, dict(name=b"n" * 33)),
        ("STREAM_DESC", 0, dict(stream=8)),
        ("STREAM_DESC", 4, dict(channels=0)),
        ("STREAM_DESC", 4, dict(channels=17)),
        ("STREAM_DESC", 8, dict(rate_mhz=0)),
        ("STREAM_DESC", 12, dict(max_scans=0)),
        ("STREAM_DESC", 12, dict(max_scans=76)),
        ("STREAM_DESC", 12, dict(format=9, channels=16, max_scans=15)),
        ("STREAM_DESC", 20, dict(adc_min=1, adc_max=0)),
        ("CALIB", 0, dict(stream=8)),
        ("CALIB", 1, dict(channel=16)),
        ("CALIB", 1, dict(channel=255)),
        ("CALIB", 4, dict(scale=0.0)),
        ("CALIB", 4, dict(scale=2.0**-149)),
        ("CALIB", 4, dict(scale=nan)),
        ("CALIB", 4, dict(scale=infinite)),
        ("CALIB", 8, dict(offset=nan)),
        ("CALIB", 8, dict(offset=-infinite)),
        ("CALIB", 16, dict(reference_span=-1.0)),
        ("CALIB", 16, dict(reference_span=nan)),
        ("SAMPLES", 0, dict(stream=8)),
        ("SAMPLES", 12, dict(scan_count=0)),
        ("SAMPLES", 12, dict(scan_count=2)),
        ("SAMPLES", 12, dict(scan_count=10)),
        ("SAMPLES", 12, dict(scan_count=1, data=b"")),
        ("EVENT", 9, dict(stream=8)),
        ("EVENT", 9, dict(stream=254)),
        ("STATUS", 13, dict(battery_percent=101)),
        ("STATUS", 13, dict(battery_percent=254)),
        ("TIME_REP", 16, dict(t3_us=999_999)),
        ("IDENTIFY", 0, dict(magic=b"pfw1")),
        ("GET_DESC", 0, dict(stream=8)),
        ("SET_RATE", 0, dict(stream=255)),
        ("SET_RATE", 1, dict(rate_mhz=0)),
        ("ZERO", 0, dict(stream=255)),
        ("ZERO", 1, dict(channel=16)),
        ("SET_CAL", 0, dict(stream=8)),
        ("SET_CAL", 4, dict(scale=nan)),
        ("SET_CAL", 20, dict(persist=2)),
        ("SELF_TEST", 0, dict(stream=8)),
        ("SELF_TEST", 1, dict(on=2)),
        ("RESET", 0, dict(magic=b"\0\0\0\0")),
    ):
        payload = payload_of(name, with_(EXAMPLES[name], **changes))
        yield (wire(side_of(name), TYPES[name], 6, payload),
               f"{side_of(name)} field {TYPES[name]} {offset}")


def streams():
    """Runs of frames, noise and delimiters: what comes out, and what is left."""
    identify, _ = message("IDENTIFY", IDENTIFY)
    keepalive, _ = message("KEEPALIVE", {}, seq=2)
    stop, _ = message("STOP", {}, seq=3)
    yield b"\0\0\0", "host empty=3"
    yield b"", "host"
    yield b"\0" + identify, "host IDENTIFY 0; empty=1"
    # Two stuffed frames without a delimiter between them are well stuffed: the checksum tells.
    yield identify[:-1] + keepalive, "host checksum"
    yield identify[:-1] + keepalive + stop, "host checksum; STOP 3"
    yield identify[:-1], f"host pending={len(identify) - 1}"
    yield keepalive + identify[:5], "host KEEPALIVE 2; pending=5"
    yield identify[5:] + keepalive, f"host {broken(identify[5:-1])}; KEEPALIVE 2"
    noise = b"AT+GMR\r\n"
    yield noise + identify + keepalive, f"host {broken(noise + identify[:-1])}; KEEPALIVE 2"
    yield noise + b"\0" + identify, f"host {broken(noise)}; IDENTIFY 0"
    halves = f"{broken(identify[:8])}; {broken(identify[8:-1])}"
    yield identify[:8] + b"\0" + identify[8:] + keepalive, f"host {halves}; KEEPALIVE 2"
    yield keepalive * 3, "host KEEPALIVE 2; KEEPALIVE 2; KEEPALIVE 2"
    yield b"\xFF" * 300 + keepalive + stop, "host overlong; STOP 3"
    yield b"\0" * 40 + keepalive, "host KEEPALIVE 2; empty=40"
    hello, _ = message("HELLO", HELLO)
    yield hello + keepalive + hello, "device HELLO 0; loop-back 72; HELLO 0"


def checksums():
    for data in (b"", b"123456789", b"\0" * 32, b"\xFF" * 32, bytes(range(32)),
                 bytes(range(31, -1, -1)), bytes(index * 7 & 0xFF for index in range(244))):
        yield data, f"{crc32c(data):08X}"


def stuffings():
    for data in (b"\0", b"\0\0", b"\x01", b"\x11\x22\0\x33", b"\x11\0\0\0", b"\0\x11\0",
                 b"\x01" * 248, b"\0" * 248, bytes(range(248)), b"\0" + b"\xFF" * 247):
        yield data, stuff(data).hex(" ").upper()


def codes():
    def row(name, layout, values):
        return (b"".join(struct.pack(layout, value) for value in values),
                f"{name} " + " ".join(str(value) for value in values))

    yield row("i16", "<h", [0, 1, -1, 32_767, -32_768, 258])
    yield row("i32", "<i", [0, 1, -1, 2_147_483_647, -2_147_483_648, 16_909_060])
    yield row("u16", "<H", [0, 1, 255, 256, 65_535])
    yield row("f32", "<f", [0.0, 1.0, -1.0, 16_777_216.0, -0.5, 1_013.25])
    values = [0, 1, -1, 8_388_607, -8_388_608, 66_051]
    data = b"".join((value & 0xFFFFFF).to_bytes(3, "little") for value in values)
    yield data, "i24 " + " ".join(str(value) for value in values)


FILES = {
    "messages.txt": (messages, "frame on the wire | who sends it, sequence, flags, type, fields"),
    "tolerated.txt": (tolerated, "frame on the wire | what a receiver of version 1.0 makes of it"),
    "refused.txt": (refused, "bytes on the wire | who sends the frames wanted, why this is none:"
                    " structure, short <bytes>, overlong, checksum, major <version> <type>,"
                    " loop-back <type>, length <type> <least> <actual>, field <type> <offset>"),
    "streams.txt": (streams, "bytes on the wire | who sends the frames wanted, type and sequence or"
                    " refusal of each, delimiters of empty frames, bytes left without delimiter"),
    "checksums.txt": (checksums, "bytes | CRC-32C as a number"),
    "stuffing.txt": (stuffings, "bytes | the same stuffed, without delimiter"),
    "codes.txt": (codes, "data of SAMPLES | format, codes"),
}

# Frames that stood in the specification before there was a program to make them.
PRINTED = {
    "03 14 40 01 05 50 46 57 31 06 F0 6B 27 F2 69 00",
    "03 10 01 01 05 50 46 57 31 03 F0 01 0D EF BE AD DE 01 02 03 04 05 06 07 08 05 03 01 01 13 01 01"
    " 0E 08 70 72 6F 62 65 2D 30 31 A3 13 A7 27 00",
    "05 10 10 02 01 02 01 01 02 05 01 01 03 20 4E 01 02 03 01 01 01 0B FF FF FF FF FF 7F DA ED 81 60"
    " 00",
    "05 10 10 FF FF 03 01 06 12 FF FF FF FF F0 FF FF FF 01 01 FF FF 7F 3F 08 11 1F 00",
    "04 14 47 01 0D 08 07 06 05 04 03 02 01 BC 29 C6 0F 00",
    "04 14 48 02 05 FB 45 50 02 00",
}


def text_of(rows, about):
    lines = [f"{data.hex(' ').upper()} | {right}" for data, right in rows]
    head = [f"# {about}", "# Made by make.py; do not edit.", f"# vectors: {len(lines)}"]
    return "\n".join(head + lines) + "\n"


def main():
    folder = Path(__file__).parent
    made = {name: text_of(list(rows()), about) for name, (rows, about) in FILES.items()}
    absent = {printed for printed in PRINTED if f"\n{printed} | " not in made["messages.txt"]}
    if absent:
        sys.exit(f"not made: {sorted(absent)}")
    for name, text in made.items():
        path = folder / name
        if sys.argv[1:] != ["--check"]:
            path.write_text(text, encoding="ascii", newline="\n")
        elif path.read_text(encoding="ascii") != text:
            sys.exit(f"{name} differs: run make.py")


if __name__ == "__main__":
    main()
