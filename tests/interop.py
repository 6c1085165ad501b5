"""Reads what `levator export` wrote with edfio, pyEDFlib and MNE, and compares every sample.

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
print(f"edfio {edfio.__version__}, pyEDFlib {pyedflib.__version__}, MNE {mne.__version__}: equal")
