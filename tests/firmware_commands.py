"""What a probe does when it is told to: every command of the protocol, on the emulated board."""

import os
import statistics
import struct

from firmware_host import Host, codes

OK, UNKNOWN, LENGTH, VALUE, BUSY, UNSUPPORTED = 0, 1, 2, 3, 4, 5
PRESSURE, EMG, ALL = 0, 1, 255
TEST_SIGNAL, WARMING_UP = 1 << 7, 1 << 8
USER, RUN_TIME_ZERO = 2, 3


def greet(host):
    """Until the probe has said who it is and what it measures."""
    host.send("IDENTIFY", ack=0, minor=0, max_payload=240)
    hello = host.until("HELLO")
    host.send("GET_DESC", ack=0, stream=ALL)
    calibs = {}
    while len(calibs) < 2:
        calib = host.until("CALIB", lambda fields: fields["stream"] not in calibs)
        calibs[calib["stream"]] = calib
    return hello, calibs


def start(host, keep_alive_ms=0):
    assert host.ask("START", streams=3, batch_ms=20, keep_alive_ms=keep_alive_ms) == OK


def refusals(host):
    """What a probe cannot do, it says, with the reason (SPEC 5.7)."""
    sequence = host.send_raw(0x7E, b"")
    assert host.until("ACK", lambda ack: ack["sequence"] == sequence)["result"] == UNKNOWN
    sequence = host.send_raw(0x45, b"\0\0")
    assert host.until("ACK", lambda ack: ack["sequence"] == sequence)["result"] == LENGTH
    assert host.ask("GET_DESC", stream=2) == VALUE
    assert host.ask("START", streams=4, batch_ms=0, keep_alive_ms=0) == VALUE
    assert host.ask("SET_RATE", stream=EMG, rate_mhz=500_000) == UNSUPPORTED
    sequence = host.send_raw(0x4F, b"WFP1")
    assert host.until("ACK", lambda ack: ack["sequence"] == sequence)["result"] == VALUE


def zero(host, calibs):
    """ZERO: the mean of what was sent meanwhile is the offset, under a new epoch."""
    start(host)
    sequence = host.send("ZERO", stream=PRESSURE, channel=ALL, duration_ms=1000)
    assert host.ask("ZERO", stream=EMG, channel=0, duration_ms=500) == BUSY
    assert host.until("ACK", lambda ack: ack["sequence"] == sequence)["result"] == OK
    calib = host.until("CALIB", lambda fields: fields["stream"] == PRESSURE)
    assert calib["source"] == RUN_TIME_ZERO and calib["epoch"] == calibs[PRESSURE]["epoch"] + 1, calib
    # The last of them completes the zero, so it is sent after it, under the new epoch.
    host.until("SAMPLES", lambda fields: fields["stream"] == PRESSURE and not fields["status"] & WARMING_UP)
    frames = [fields for _, name, fields in host.frames if name == "SAMPLES" and fields["stream"] == PRESSURE]
    used = [code for fields in frames if fields["status"] & WARMING_UP for code in codes(fields, 3)]
    assert len(used) == 40, len(used)
    assert abs(calib["offset"] - statistics.mean(used)) <= 1, (calib, used)
    assert frames[-1]["epoch"] == calib["epoch"], frames[-1]


def self_test(host):
    """SELF_TEST: a triangle of 32 steps, marked as a test in every frame, and then the sensor again."""
    assert host.ask("SELF_TEST", stream=EMG, on=1) == OK
    frames = [host.until("SAMPLES", lambda fields: fields["stream"] == EMG) for _ in range(5)]
    got = [code for fields in frames for code in codes(fields, 2)]
    triangle = [256 + 16 * min(step % 32, 31 - step % 32) for step in range(32)]
    assert any(got == (triangle * 5)[phase:phase + len(got)] for phase in range(32)), got
    assert all(fields["status"] == TEST_SIGNAL for fields in frames)
    assert host.ask("SELF_TEST", stream=EMG, on=0) == OK
    after = host.until("SAMPLES", lambda fields: fields["stream"] == EMG)
    assert after["status"] == 0 and codes(after, 2) != triangle[:20]


def keep_alive(host):
    """Streams go on as long as somebody says so, and stop with a word when nobody does."""
    start(host, keep_alive_ms=500)
    for _ in range(5):
        host.send("KEEPALIVE", ack=0)
        assert any(name == "SAMPLES" for _, name, _ in host.collect(0.3)), "it stopped too early"
    host.until("LOG", lambda fields: b"nothing heard" in fields["text"], seconds=1.0)
    silent = [name for _, name, _ in host.collect(1.3)]
    assert "SAMPLES" not in silent and "STATUS" in silent, silent


def set_cal_and_reset(host, hello):
    """SET_CAL outlives RESET if it was asked to; a zero at run time does not."""
    wanted = {"channel": 0, "epoch": 0, "source": USER, "scale": 4.25, "offset": 500.5,
              "calibrated_at_s": 1_790_000_000, "reference_span": 100.0}
    assert host.ask("SET_CAL", stream=EMG, persist=1, **wanted) == OK
    calib = host.until("CALIB", lambda fields: fields["stream"] == EMG)
    assert {**calib, "epoch": 0, "stream": EMG} == {**wanted, "stream": EMG}, calib
    passing = {**wanted, "scale": 0.5}
    assert host.ask("SET_CAL", stream=PRESSURE, persist=0, **passing) == OK
    assert host.until("CALIB", lambda fields: fields["stream"] == PRESSURE)["scale"] == 0.5
    assert host.ask("RESET", magic=b"PFW1") == OK
    again = host.until("HELLO")
    assert again["boot_id"] == hello["boot_id"] + 1 and again["uid"] == hello["uid"], again
    _, calibs = greet(host)
    kept = {key: value for key, value in calibs[EMG].items() if key not in ("epoch", "stream")}
    assert kept == {key: value for key, value in wanted.items() if key != "epoch"}, kept
    assert calibs[PRESSURE]["source"] == 0
    nominal = struct.unpack("<f", struct.pack("<f", 10416.7 / 8388608))[0]
    assert calibs[PRESSURE]["scale"] == nominal, calibs[PRESSURE]


def time_and_status(host):
    """TIME_REQ is answered with our number and two times; STATUS counts damaged frames."""
    host.send("TIME_REQ", t1=0x0102030405060708)
    reply = host.until("TIME_REP")
    assert reply["t1"] == 0x0102030405060708 and reply["t2_us"] <= reply["t3_us"] < reply["t2_us"] + 20_000
    before = host.until("STATUS")["rx_crc_errors"]
    host.sequence += 1
    os.write(host.port, b"\x04\x14\x48\x02\x05\xFB\x45\x50\x03\x00")
    assert host.until("STATUS", lambda fields: fields["rx_crc_errors"] == before + 1)["state"] == 1


def commands(board):
    host = Host(board.port)
    hello, calibs = greet(host)
    refusals(host)
    zero(host, calibs)
    self_test(host)
    time_and_status(host)
    keep_alive(host)
    set_cal_and_reset(host, hello)
    start(host)
    host.until("SAMPLES", lambda fields: fields["stream"] == PRESSURE)
    assert host.ask("STOP") == OK
    assert "SAMPLES" not in [name for _, name, _ in host.collect(0.3)]
    host.close()
    board.quit()
    assert board.figures["boots"] == "2", board.figures
    print(f"commands: every one obeyed or refused with the reason; {len(host.frames)} frames, all intact")
