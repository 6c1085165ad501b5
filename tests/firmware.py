"""The firmware of an ATmega328P in an emulator, recorded by levator over a pseudo-terminal.

    python3 tests/firmware.py LEVATOR FOLDER

FOLDER has `emulate` and `uno/uno.elf`. Two recordings: 60 s undisturbed, where every sample has to be
there and equal to what the sensors gave; and one in which the firmware hangs until its watchdog resets
it, and the cable is pulled for some seconds: everything that was received has to be equal, in as many
unbroken pieces as there were links, and no sample is there twice. Then `levator live`, every command of
the protocol (firmware_commands.py), and sizes and cycles against the table of the firmware's README.
"""

import csv
import json
import pathlib
import shutil
import subprocess
import sys
import time

from firmware_commands import commands

LEVATOR = sys.argv[1]
FOLDER = pathlib.Path(sys.argv[2]).resolve()
EMG_SCALE = 5.0e6 / 1024 / 1000
EMG_OFFSET = 512
README = pathlib.Path(__file__).resolve().parent.parent / "firmware-protocol/firmware/README.md"
MEASURED = ["lev_encode_samples", "lev_crc32c", "lev_encode_status", "link_write", "say_hello", "send_samples"]


def address(name):
    table = subprocess.run(["avr-nm", FOLDER / "uno/uno.elf"], capture_output=True, text=True, check=True)
    return next(line.split()[0] for line in table.stdout.splitlines() if line.split()[-1] == name)


class Board:
    """The emulated board; `log` is what its sensors gave, boot by boot."""

    def __init__(self, name, *options):
        self.port = FOLDER / f"{name}.port"
        self.truth = FOLDER / f"{name}.truth"
        self.process = subprocess.Popen(
            [FOLDER / "emulate", "--firmware", FOLDER / "uno/uno.elf", "--port", self.port,
             "--truth", self.truth, "--hang-at", address("clock_ms"), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        while not self.port.is_symlink():
            assert self.process.poll() is None, "the emulator did not start"
            time.sleep(0.05)

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def quit(self):
        out, _ = self.process.communicate("quit\n", timeout=30)
        assert self.process.returncode == 0
        words = [line.split() for line in out.splitlines()]
        self.figures = {word[0]: word[1] for word in words if word[0] != "cycles"}
        self.cycles = {word[1]: (int(word[2]), int(word[3])) for word in words if word[0] == "cycles"}
        self.emg, self.pressure = [], []
        for line in self.truth.read_text().splitlines():
            words = line.split()
            if words[0] == "B":
                self.emg.append([])
                self.pressure.append([])
            elif words[0] == "E":
                self.emg[-1].append(int(words[1]))
            else:
                self.pressure[-1].append(int(words[2]))


def record(board, name, seconds, happenings):
    out = FOLDER / name
    shutil.rmtree(out, ignore_errors=True)
    start = time.monotonic()
    log = open(FOLDER / f"{name}.log", "w")
    process = subprocess.Popen([LEVATOR, "record", "--port", board.port, "--seconds", str(seconds), "--out", out],
                               stdout=log, stderr=log)
    for at, command in happenings:
        time.sleep(max(0, start + at - time.monotonic()))
        board.tell(command)
    code = process.wait(timeout=seconds + 30)
    board.quit()
    assert code == 0, (FOLDER / f"{name}.log").read_text()
    tables = FOLDER / f"{name}.csv"
    shutil.rmtree(tables, ignore_errors=True)
    tables.mkdir()
    subprocess.run([LEVATOR, "export", out, "--to", "csv", "--out", tables], check=True, capture_output=True)
    found = {}
    for sidecar in tables.glob("*.json"):
        about = json.loads(sidecar.read_text())
        with open(sidecar.with_suffix(".csv")) as file:
            rows = [(float(row[0]), float(row[1])) for row in list(csv.reader(file))[1:] if row[1] not in ("", "nan", "NaN")]
        found[about["kind"]] = (about, rows)
    return found


def pieces(rows, rate):
    """Runs of values without a gap in their times."""
    runs, last = [], None
    for at, value in rows:
        index = round(at * rate)
        if last is None or index != last + 1:
            runs.append([])
        runs[-1].append(value)
        last = index
    return runs


def place(codes, truths):
    """Boot and offset at which all of `codes` were given by the sensor; fails if nowhere."""
    for boot, truth in enumerate(truths):
        for offset in range(len(truth) - len(codes) + 1):
            if truth[offset:offset + 8] == codes[:8] and truth[offset:offset + len(codes)] == codes:
                return boot, offset
    raise AssertionError(f"{len(codes)} codes from {codes[:8]} are not what the sensor gave")


def emg_codes(values):
    codes = [round(value / EMG_SCALE + EMG_OFFSET) for value in values]
    assert all(abs(code - value / EMG_SCALE - EMG_OFFSET) < 1e-6 for code, value in zip(codes, values))
    return codes


def pressure_codes(values):
    # The scale is a single-precision number, and the unit was changed on the way.
    scale = 10416.7 / 8388608 / 98.0665
    return [value / scale for value in values]


def undisturbed():
    options = [word for name in MEASURED for word in ("--measure", f"{name}:{address(name)}")]
    board = Board("clean", *options)
    found = record(board, "clean", 60, [])
    about, rows = found["emg"]
    runs = pieces(rows, 1000)
    assert about["gap_count"] == 0 and len(runs) == 1, about["gaps"]
    place(emg_codes(runs[0]), board.emg)
    assert 58_000 < len(rows) <= 60_100, len(rows)
    about, rows = found["pressure"]
    assert about["gap_count"] == 0
    given, got = board.pressure[0], pressure_codes([value for _, value in rows])
    close = lambda a, b: abs(a - b) <= 0.01 + abs(b) * 1e-6
    starts = [offset for offset in range(len(given) - len(got) + 1)
              if all(close(a, b) for a, b in zip(got, given[offset:offset + len(got)]))]
    assert len(starts) == 1, "the pressures are not what the sensor gave"
    assert 58 * 40 < len(rows) <= 60.1 * 40, len(rows)
    result = json.loads((FOLDER / "clean/result.json").read_text())["files"]
    for channel in result:
        assert len(channel["contractions"]) in (5, 6), (channel["kind"], len(channel["contractions"]))
    assert board.figures["overflown"] == "0", board.figures
    print(f"60 s: {len(found['emg'][1])} EMG and {len(rows)} pressure samples, all there, all equal")
    return board


def disturbed():
    board = Board("rough")
    found = record(board, "rough", 30, [(6, "hang"), (13, "unplug"), (18, "plug")])
    assert board.figures["boots"] == "2", "the watchdog did not notice the hang"
    about, rows = found["emg"]
    runs = pieces(rows, 1000)
    places = [place(emg_codes(run), board.emg) for run in runs]
    ends = [(boot, offset, offset + len(run)) for (boot, offset), run in zip(places, runs)]
    assert [boot for boot, _ in places] == sorted(boot for boot, _ in places), places
    assert {boot for boot, _ in places} == {0, 1}, places
    for (boot, _, end), (next_boot, start, _) in zip(ends, ends[1:]):
        assert boot < next_boot or end <= start, "a sample is there twice"
    # After the cable the board still streams: a frame or two may come before it obeys the new START.
    long = [end for end in ends if end[2] - end[1] > 1000]
    assert len(long) == 3 and len(ends) <= 4, [end - start for _, start, end in ends]
    pulled = long[2][1] - long[1][2]
    assert 4500 < pulled < 8000, f"{pulled} ms without samples for 5 s without cable"
    print(f"hang, watchdog, and 5 s without cable: {len(rows)} samples in {len(ends)} pieces, all equal; "
          f"{pulled / 1000:.2f} s missing for the cable")


def live():
    """The plain view and the JSON of `levator live`, without a recording.

    The board's crystal is 200 ppm too fast, and its pressure chip gives 38.1 values a second where 40 are
    declared: both are found, and times are right all the same.
    """
    board = Board("live", "--speed", "1.0002", "--pressure-period-us", "26250")
    run = subprocess.run([LEVATOR, "live", "--plain", "--json", "--seconds", "35", "--port", board.port],
                         capture_output=True, text=True, timeout=90)
    board.quit()
    assert run.returncode == 0, run.stderr
    lines = [line for line in run.stderr.splitlines() if line[2:3] == ":"]
    streaming = [line for line in lines if "  streaming  " in line]
    assert len(streaming) >= 32 and any("contracted for" in line for line in streaming), run.stderr
    assert all("lost 0" in line and "refused 0" in line for line in lines), run.stderr
    channels = {channel["kind"]: channel for channel in json.loads(run.stdout)["files"]}
    assert set(channels) == {"emg", "pressure"}, channels.keys()
    for kind, channel in channels.items():
        assert channel["gaps"] == [] and channel["contractions"], kind
        # The board's person contracts for 4 s of every 10.
        onsets = [one["onset_s"] for one in channel["contractions"]]
        apart = [later - one for one, later in zip(onsets, onsets[1:])]
        assert apart and all(abs(seconds - 10) < 0.15 for seconds in apart), (kind, onsets)
    clocks = {kind: channel["clock"] for kind, channel in channels.items()}
    assert clocks["emg"]["pace"] == "as-declared" and clocks["pressure"]["pace"] == "off", clocks
    assert abs(clocks["pressure"]["real_hz"] / (1e6 / 26250) - 1) < 0.002, clocks
    assert 100 < clocks["emg"]["drift_ppm"] <= 200, clocks
    assert any("declares 40" in line for line in lines), run.stderr
    print(f"live: {len(streaming)} lines of state, contractions in both channels; crystal "
          f"{clocks['emg']['drift_ppm']:.0f} ppm fast (200), pressure at {clocks['pressure']['real_hz']:.3f} Hz (38.095)")


def table(heading):
    """A table of the firmware's README: name to numbers."""
    text = README.read_text().split(heading, 1)[1].lstrip("\n")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[1:]]
    found = {}
    for row in rows:
        if len(row) < 2:
            break
        found[row[0]] = [int(cell) for cell in row[1:]]
    return found


def figures(board):
    """What the README says of size and time is so."""
    def size(path):
        out = subprocess.run(["avr-size", FOLDER / path], capture_output=True, text=True, check=True).stdout
        return [int(word) for word in out.splitlines()[1].split()[:3]]
    code, data, bss = size("uno/uno.elf")
    sizes = {"flash": code + data, "static RAM": data + bss, "deepest stack": int(board.figures["stack"]),
             "flash of levator_wire.o": size("uno/levator_wire.o")[0]}
    told = {name: numbers[0] for name, numbers in table("| size | bytes |").items()}
    for name, measured in sizes.items():
        assert abs(measured - told[name]) <= 0.03 * told[name] + 4, f"{name}: {measured}, README {told[name]}"
    assert set(told) == set(sizes)
    told = table("| cycles at 16 MHz | least | most |")
    assert set(told) == set(board.cycles) == set(MEASURED)
    for name, measured in board.cycles.items():
        # Which interrupts come between is chance; 300 cycles are the longest of them.
        for got, said in zip(measured, told[name]):
            assert abs(got - said) <= 0.15 * said + 300, f"{name}: {measured}, README {told[name]}"
    print("sizes: " + ", ".join(f"{name} {value}" for name, value in sizes.items()))
    print("cycles: " + ", ".join(f"{name} {least} to {most}" for name, (least, most) in board.cycles.items()))


figures(undisturbed())
disturbed()
live()
commands(Board("commands"))
