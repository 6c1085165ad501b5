"""Reads what `levator export` wrote with edfio, pyEDFlib, MNE and pyxdf, and compares every sample.

    python3 interop.py LEVATOR ROOT FOLDER

LEVATOR is the program, ROOT the repository, FOLDER an empty folder. The truth is the CSV export, which
keeps every digit; an EDF or BDF value may be off by half a code of its own header.
"""

import json
import math
import subprocess
import sys
import warnings
from pathlib import Path

import edfio
import mne
import numpy as np
import pyedflib
import pyxdf

HELD = "BAD_ACQ_SKIP: no samples, last value held"
GAP = "gap: samples are missing"
PROGRAM, ROOT, FOLDER = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])


def export(source, to, *more):
    out = FOLDER / f"{source.stem}{''.join(more)}.{to}"
    command = [PROGRAM, "export", str(source), "--to", to, "--out", str(out), "--json", *more]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (told,) = json.loads(done.stdout)["files"]
    return out, told


def keep(onsets, durations, texts, times, rate):
    """Which of the samples at `times` are samples, by the annotations."""
    kept = np.ones(len(times), dtype=bool)
    for onset, duration, text in zip(onsets, durations, texts):
        if text == HELD:
            first = np.searchsorted(times, onset - 0.5 / rate)
            kept[first : first + round(duration * rate)] = False
    return kept


def same(reader, told, truth, values, times=None):
    """Values of every channel, and times where the reader has them right."""
    assert len(values) == len(told["channels"]), (reader, len(values))
    for channel, (found, about) in enumerate(zip(values, told["channels"])):
        wanted = truth[:, 1 + channel]
        assert len(found) == len(wanted), (reader, told["file"], len(found), len(wanted))
        # Readers compute in another order, and MNE in volts: some units in the last place.
        bound = 0.5 * about["step"] * (1 + 1e-6) + 1e-12 * np.abs(wanted).max()
        worst = np.abs(found - wanted).max()
        assert worst <= bound, (reader, told["file"], about["label"], worst, bound)
    if times is not None:
        assert np.abs(times - truth[:, 0]).max() < 1e-6, (reader, told["file"])


def by_edfio(path, told, truth, continuous):
    file = (edfio.read_bdf if path.suffix == ".bdf" else edfio.read_edf)(path)
    assert file.is_continuous == continuous, path
    rate = told["rate"]["scans"] / told["rate"]["seconds"]
    marks = [(a.onset, a.duration or 0.0, a.text) for a in file.annotations]
    values = [signal.data for signal in file.signals]
    assert [s.label for s in file.signals] == [c["label"] for c in told["channels"]]
    assert [s.physical_dimension for s in file.signals] == [c["unit"] for c in told["channels"]]
    assert all(abs(s.sampling_frequency / rate - 1) < 1e-7 for s in file.signals)
    # A reader that joins a discontinuous file has times of its own; its annotations have the true ones.
    times = np.arange(len(values[0])) / rate
    if not continuous:
        gaps = [(onset, duration) for onset, duration, text in marks if text == GAP]
        assert len(gaps) == told["gap_count"] > 0, marks
        for (onset, duration), gap in zip(gaps, told["gaps"]):
            assert math.isclose(onset, gap["from_s"], abs_tol=1e-6), gap
            assert math.isclose(onset + duration, gap["to_s"], abs_tol=1e-6), gap
        record = file.data_record_duration
        starts, end = [], 0.0
        for onset, duration in gaps:
            count = math.ceil(round((onset - end) / record, 6))
            starts += [end + at * record for at in range(count)]
            end = onset + duration
        starts += [end + at * record for at in range(file.num_data_records - len(starts))]
        per = round(record * rate)
        times = np.concatenate([start + np.arange(per) / rate for start in starts])
    kept = keep(*zip(*marks), times, rate) if marks else np.ones(len(times), dtype=bool)
    same("edfio", told, truth, [one[kept] for one in values], times[kept])
    return [mark for mark in marks if mark[2] not in (HELD, GAP)], kept


def by_pyedflib(path, told, truth, continuous, marks):
    if not continuous:
        try:
            pyedflib.EdfReader(str(path)).close()
        except OSError as refusal:
            assert "discontinuous" in str(refusal), refusal
            return
        raise AssertionError("pyEDFlib is expected to refuse discontinuous files")
    with pyedflib.EdfReader(str(path)) as file:
        rate = file.getSampleFrequencies()[0]
        onsets, durations, texts = file.readAnnotations()
        values = [file.readSignal(at) for at in range(file.signals_in_file)]
        times = np.arange(len(values[0])) / rate
        kept = keep(onsets, durations, texts, times, rate)
        same("pyEDFlib", told, truth, [one[kept] for one in values], times[kept])
        found = [(o, t) for o, t in zip(onsets, texts) if t not in (HELD, GAP)]
        assert len(found) == len(marks), (found, marks)
        for one, other in zip(found, marks):
            assert abs(one[0] - other[0]) < 1e-6 and one[1] == other[2], (one, other)
        assert file.getPatientCode() in ("", "X") and file.getPatientName() in ("", "X")


def by_mne(path, told, truth, continuous, marks, kept):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf
        raw = read(path, preload=True, verbose="error")
    scale = [{"uV": 1e6, "mV": 1e3}.get(c["unit"], 1.0) for c in told["channels"]]
    values = [one[kept] * by for one, by in zip(raw.get_data(), scale)]
    times = raw.times[kept] if continuous else None
    same("MNE", told, truth, values, times)
    notes = raw.annotations
    found = [(o, t) for o, t in zip(notes.onset, notes.description) if t not in (HELD, GAP)]
    assert len(found) == len(marks), (found, marks)
    for one, other in zip(found, marks):
        assert abs(one[0] - other[0]) < 2e-6 and one[1] == other[2], (one, other)


def compare(source, gap_count):
    truth_path, sidecar = export(source, "csv")
    truth = np.loadtxt(truth_path, delimiter=",", skiprows=1, ndmin=2)
    assert sidecar["gap_count"] == gap_count and len(sidecar["gaps"]) == gap_count
    assert json.loads(Path(sidecar["sidecar"]).read_text()) == sidecar
    for to in ("edf", "bdf"):
        for more in ([], ["--fill-gaps"]) if gap_count else ([],):
            path, told = export(source, to, *more)
            assert told["sample_count"] == len(truth) and told["gap_count"] == gap_count
            continuous = told["format"].endswith("C")
            assert continuous == (gap_count == 0 or bool(more)), told["format"]
            marks, kept = by_edfio(path, told, truth, continuous)
            assert len(marks) == told["annotation_count"]
            by_pyedflib(path, told, truth, continuous, marks)
            by_mne(path, told, truth, continuous, marks, kept)
            worst = max(channel["worst_quantisation_error"] for channel in told["channels"])
            print(
                f"{path.name}: {told['format']}, {len(truth)} samples x {len(told['channels'])}, "
                f"{gap_count} gaps, {len(marks)} annotations, off by at most {worst:.2e}"
            )


def by_pyxdf(source):
    """Every number and time of our XDF, and every mark."""
    truth_path, sidecar = FOLDER / f"{source.stem}.csv", FOLDER / f"{source.stem}.json"
    truth = np.loadtxt(truth_path, delimiter=",", skiprows=1, ndmin=2)
    path, told = export(source, "xdf")
    # Its rule for breaks hides gaps of less than 500 samples; our stamps are even anyway.
    streams, _ = pyxdf.load_xdf(path, dejitter_timestamps=False)
    signals = [one for one in streams if one["info"]["type"][0] != "Markers"]
    (marks,) = [one for one in streams if one["info"]["type"][0] == "Markers"]
    assert len(signals) == len(told["streams"]) == 1
    assert (signals[0]["time_series"] == truth[:, 1:]).all(), path
    assert np.abs(signals[0]["time_stamps"] - truth[:, 0]).max() < 1e-6, path
    wanted = json.loads(sidecar.read_text())["annotations"]
    assert [one["text"] for one in wanted] == [text for (text,) in marks["time_series"]]
    for one, at in zip(wanted, marks["time_stamps"]):
        assert abs(one["onset_s"] - at) < 1e-9
    print(f"{path.name}: XDF, {len(truth)} samples, {len(wanted)} marks, equal in pyxdf")


def foreign_xdf(path):
    """Every number of every signal as pyxdf reads it, and times to half a sample and the drift of the rate."""
    streams, _ = pyxdf.load_xdf(path, jitter_break_threshold_samples=5)
    wanted = [
        one
        for one in streams
        if one["info"]["channel_format"][0] != "string" and len(one["time_stamps"])
    ]
    out = FOLDER / f"foreign-{path.stem}.csv"
    command = [PROGRAM, "export", str(path), "--to", "csv", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    assert len(wanted) == 1, path
    table = np.loadtxt(out, delimiter=",", skiprows=1, ndmin=2)
    assert (table[:, 1:] == wanted[0]["time_series"]).all(), path
    times = wanted[0]["time_stamps"] - wanted[0]["time_stamps"][0]
    worst = np.abs(table[:, 0] - times).max()
    step = np.median(np.diff(times))
    assert worst < step + 0.005 * times[-1], (path, worst)
    print(f"{path.name}: {len(table)} samples as in pyxdf, times within {worst:.4f} s")


def bids(source):
    """What the BIDS validator says; it has the schema with electromyography in it."""
    root = FOLDER / "bids"
    for session in ("1", "2"):
        command = [PROGRAM, "export", str(source), "--to", "bids", "--out", str(root)]
        subprocess.run([*command, "--session", session], check=True, capture_output=True)
    validator = Path(sys.executable).with_name("bids-validator-deno")
    done = subprocess.run([validator, "--format", "json", root], capture_output=True, text=True)
    issues = json.loads(done.stdout)["issues"]["issues"]
    errors = [issue for issue in issues if issue["severity"] == "error"]
    assert not errors, errors
    codes = sorted({issue["code"] for issue in issues})
    print(f"BIDS validator: no errors; {len(issues)} remarks: {', '.join(codes)}")


def with_gap(path):
    """2.5 s and 2.499 s at 1 kHz with 3 s missing between them, and notes in two scripts."""
    with path.open("w") as out:
        out.write("time_s,pelvic_emg_uV,marker\n")
        for at in [*range(0, 2500), *range(5500, 7999)]:
            note = {1000: "squeeze", 6000: "relâcher 收缩"}.get(at, "")
            value = 40 * math.sin(0.11 * at) + 0.01 * (at % 977)
            out.write(f"{at / 1000},{value!r},{note}\n")


demo = FOLDER / "demo"
run = [PROGRAM, "demo", "--seconds", "6", "--plain", "--no-open", "--out", str(demo)]
subprocess.run(run, check=True, capture_output=True)
compare(demo, 0)
with_gap(FOLDER / "gap.txt")
compare(FOLDER / "gap.txt", 1)
compare(ROOT / "tests/data/recordings/biceps_9_bursts.csv", 0)
for one in (demo, FOLDER / "gap.txt"):
    by_pyxdf(one)
for one in sorted((ROOT / "tests/data/interop").glob("*.xdf")):
    foreign_xdf(one)
bids(FOLDER / "gap.txt")
print(f"edfio {edfio.__version__}, pyEDFlib {pyedflib.__version__}, MNE {mne.__version__}: equal")
