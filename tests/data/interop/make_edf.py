"""Makes the EDF and BDF files of this folder, and edf_expected.json: what other readers read from them.

    python -m venv venv && venv/bin/pip install edfio==0.4.18 pyEDFlib==0.1.42 numpy==2.4.6
    venv/bin/python make_edf.py

Files that begin with `made_` are written by edfio and pyEDFlib, with invented signals; the discontinuous
ones are continuous ones whose record times were changed by hand, as neither library writes gaps.
The others come from those libraries (see README.md). The CRC is that of all values of a signal as
little-endian doubles, so that a reader is compared to the last bit.
"""

import datetime
import json
import pathlib
import warnings
import zlib

import edfio
import numpy as np
import pyedflib

HERE = pathlib.Path(__file__).parent


def noise(count, seed, low, high):
    """A random walk that fills the range: the same on every machine, as integers."""
    steps = np.random.Generator(np.random.PCG64(seed)).integers(-50, 51, count)
    walk = np.cumsum(steps).astype(float)
    return low + (walk - walk.min()) / (walk.max() - walk.min()) * (high - low)


def edfio_signals():
    return [
        edfio.EdfSignal(noise(3000, 1, -99.5, 120.25), 500, label="EMG left", physical_dimension="uV",
                        transducer_type="vaginal probe", prefiltering="HP:20Hz LP:450Hz",
                        physical_range=(-150, 150.5), digital_range=(-2048, 2047)),
        edfio.EdfSignal(noise(60, 2, 0, 80), 10, label="Pressure", physical_dimension="cmH2O",
                        physical_range=(-10, 200), digital_range=(-32768, 32767)),
        edfio.EdfSignal(noise(3000, 3, -1, 1), 500, label="EMG right", physical_dimension="mV",
                        physical_range=(-1, 1)),
    ]


def made_by_edfio():
    start = {"recording": edfio.Recording(startdate=datetime.date(2026, 1, 31)), "starttime": datetime.time(23, 59, 58)}
    edfio.Edf(edfio_signals(), data_record_duration=2, **start).write(HERE / "made_edfio.edf")
    annotations = [edfio.EdfAnnotation(0, None, "start"), edfio.EdfAnnotation(1.25, 2.5, "Squeeze 1"),
                   edfio.EdfAnnotation(4.7654321, None, "h\u00e4lt \u4e2d\u6587")]
    start["starttime"] = datetime.time(23, 59, 58, 250000)
    edfio.Edf(edfio_signals(), annotations=annotations, data_record_duration=0.5, **start).write(HERE / "made_edfio_plus.edf")
    bdf = [edfio.BdfSignal(noise(2000, 4, -3000, 3000), 1000, label="EMG", physical_dimension="uV",
                           physical_range=(-262144, 262143))]
    edfio.Bdf(bdf, annotations=[edfio.EdfAnnotation(0.5, 0.25, "mark")], data_record_duration=0.1).write(HERE / "made_edfio_plus.bdf")


def made_by_pyedflib():
    for name, kind, digital in [("made_pyedflib.bdf", pyedflib.FILETYPE_BDF, (-8388608, 8388607)),
                                ("made_pyedflib_plus.edf", pyedflib.FILETYPE_EDFPLUS, (-32768, 32767))]:
        writer = pyedflib.EdfWriter(str(HERE / name), 2, file_type=kind)
        signal = {"physical_min": -500.0, "physical_max": 499.9, "digital_min": digital[0], "digital_max": digital[1],
                  "transducer": "", "prefilter": "", "dimension": "uV"}
        writer.setSignalHeaders([{"label": "EMG1", "sample_frequency": 333, **signal},
                                 {"label": "Status", "sample_frequency": 50, **signal}])
        writer.setStartdatetime(datetime.datetime(2025, 12, 24, 8, 0, 0))
        writer.writeSamples([noise(333 * 4, 5, -400, 400), noise(50 * 4, 6, -1, 1)])
        if kind == pyedflib.FILETYPE_EDFPLUS:
            writer.writeAnnotation(1.5, 0.5, "Squeeze")
            writer.writeAnnotation(3.25, -1, "Cough")
        writer.close()


def discontinuous(name, of, onsets):
    """Gives each data record of a continuous file another time; a longer one takes up padding."""
    blob = bytearray((HERE / of).read_bytes())
    plain = b"EDF+C" if of.endswith("edf") else b"BDF+C"
    assert blob[192:197] == plain
    blob[196:197] = b"D"
    count, signals = int(blob[236:244]), int(blob[252:256])
    fields = [blob[256 + 216 * signals + 8 * i:][:8] for i in range(signals)]
    lens = [int(bytes(field)) * (2 if of.endswith("edf") else 3) for field in fields]
    labels = [bytes(blob[256 + 16 * i:][:16]).strip() for i in range(signals)]
    at = next(i for i, label in enumerate(labels) if label.endswith(b"Annotations"))
    assert count == len(onsets)
    for record, onset in enumerate(onsets):
        start = 256 * (signals + 1) + record * sum(lens) + sum(lens[:at])
        tals = bytes(blob[start:start + lens[at]]).rstrip(b"\0") + b"\0"
        _, rest = tals.split(b"\x14\x14\0", 1)
        tals = (f"+{onset}".encode() + b"\x14\x14\0" + rest).ljust(lens[at], b"\0")
        assert len(tals) == lens[at]
        blob[start:start + lens[at]] = tals
    (HERE / name).write_bytes(blob)


def start_date(path):
    """Day and time of the fixed header, as they stand there."""
    return path.read_bytes()[168:184].decode()


def read(path, as_if=None):
    """What edfio reads, with what pyEDFlib reads beside it where it reads the file at all."""
    reader = edfio.read_bdf if path.suffix == ".bdf" else edfio.read_edf
    edf = reader(as_if or path)
    signals = []
    try:
        second = pyedflib.EdfReader(str(as_if or path))
    except OSError:
        second = None
    for at, signal in enumerate(edf.signals):
        values = signal.data.astype("<f8")
        if second is not None:
            assert (second.readSignal(at) == values).all(), (path, at)
        signals.append({
            "label": signal.label, "dimension": signal.physical_dimension, "rate_hz": signal.sampling_frequency,
            "sample_count": len(values), "digital_sum": int(signal.digital.astype(np.int64).sum()),
            "first": [float(v) for v in values[:5]], "last": float(values[-1]), "crc32": zlib.crc32(values.tobytes()),
        })
    if second is not None:
        second.close()
    return {
        "file": path.name, "record_count": edf.num_data_records, "record_duration_s": edf.data_record_duration,
        "start": start_date(path), "signals": signals,
        "annotations": [[a.onset, a.duration, a.text] for a in edf.annotations],
    }


def main():
    warnings.simplefilter("ignore")
    made_by_edfio()
    made_by_pyedflib()
    # Records of 0.5 s: adjacent, then 1.5 s later, adjacent, and so on; annotations keep their times.
    onsets = [0.25, 0.75, 2.75, 3.25, 3.75, 7.25, 7.75, 8.25, 8.75, 9.25, 9.75, 10.25]
    discontinuous("made_edfio_plus_d.edf", "made_edfio_plus.edf", onsets)
    discontinuous("made_edfio_plus_d.bdf", "made_edfio_plus.bdf", [round(0.1 * k + (k > 9) * 3, 1) for k in range(20)])
    expected = []
    for path in sorted([*HERE.glob("*.edf"), *HERE.glob("*.bdf")]):
        # The samples of a discontinuous file are those of the continuous one it was made from.
        as_if = HERE / path.name.replace("_d.", ".") if "_d." in path.name else None
        expected.append(read(path, as_if))
    with open(HERE / "edf_expected.json", "w", encoding="utf-8") as out:
        json.dump(expected, out, indent=1, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    main()
