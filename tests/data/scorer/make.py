"""Makes the cases with which the scorer in Rust is compared with the one in Python.

    python make.py SCORER.py

SCORER.py is the scorer of detections that the labels came with (standard library only). Detections are the
labels of the recordings next door, moved, cut, split, dropped and invented at random; `cases.csv` holds them,
`expected.csv` what the scorer made of them.
"""

import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
data = here.parent / "recordings"
rng = random.Random(1)


def spans(name):
    path = data / name
    if not path.exists():
        return []
    rows = list(csv.reader(path.open()))[1:]
    return [(float(row[0]), float(row[1]) if row[1] else None) for row in rows if row]


def invented(labels, duration_s):
    found = []
    for onset, offset in labels:
        offset = duration_s if offset is None else offset
        chance = rng.random()
        if chance < 0.15:
            continue
        onset += rng.gauss(0, 0.08)
        offset += rng.gauss(0, 0.2)
        if chance < 0.3:
            middle = rng.uniform(onset, offset)
            found += [(onset, middle - 0.02), (middle + 0.02, offset)]
        elif chance < 0.4:
            found.append((rng.uniform(onset, offset), offset))
        elif chance < 0.45:
            found.append((onset, None))
        else:
            found.append((onset, offset))
    for _ in range(rng.randrange(4)):
        at = rng.uniform(0, duration_s - 1)
        found.append((at, at + rng.uniform(0.1, 1)))
    return sorted((round(max(a, 0), 4), None if b is None else round(max(b, a, 0), 4)) for a, b in found)


table = list(csv.DictReader((data / "recordings.csv").open()))
cases, expected = [], []
for trial in range(6):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for row in table:
            if not row["labels"]:
                continue
            found = invented(spans(row["labels"]), float(row["duration_s"]))
            cases += [(trial, row["name"], a, "" if b is None else b) for a, b in found]
            text = json.dumps([{"onset_s": a, "offset_s": b} for a, b in found])
            (folder / f"{row['name']}.json").write_text(text)
        out = folder / "result.json"
        subprocess.run(
            [sys.executable, sys.argv[1], str(data), str(folder), "--recordings", str(data / "recordings.csv"),
             "--ignore", str(data), "--json", str(out)],
            check=True, stdout=subprocess.DEVNULL,
        )
        for name, one in json.loads(out.read_text())["recordings"].items():
            if one["n_labels"]:
                on, off = one["onset_ms"], one["offset_ms"]
                expected.append((trial, name, one["n_labels"], one["tp"], one["fp"], one["fragments"], one["rest_s"],
                                 on["bias"], on["abs_p95"], off["bias"], off["abs_p95"]))

with (here / "cases.csv").open("w", newline="\n") as file:
    csv.writer(file, lineterminator="\n").writerows([("trial", "name", "onset_s", "offset_s")] + cases)
with (here / "expected.csv").open("w", newline="\n") as file:
    head = ("trial", "name", "labels", "found", "false", "fragments", "rest_s", "onset_bias_ms", "onset_p95_ms",
            "offset_bias_ms", "offset_p95_ms")
    csv.writer(file, lineterminator="\n").writerows([head] + expected)
