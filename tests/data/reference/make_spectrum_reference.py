"""Reference numbers for the spectra, from an independent implementation.

Made with Python 3.11, numpy 2.3.5, scipy 1.17.1. Other versions may differ in the last digits:

    python -m venv .venv && .venv/bin/pip install numpy==2.3.5 scipy==1.17.1
    .venv/bin/python make_spectrum_reference.py

Reads ../recordings/mixed_4_bursts.txt and writes beside itself

    spectrum_input.csv      its second burst, samples 15600 to 16855, band-passed with zero phase
    spectrum_density.csv    Welch's density of that for some windows, bin by bin
    spectrum_features.csv   what is read from these densities, and from each window of a sliding one

There is no chance and no clock in it: running it again changes nothing.
"""

from pathlib import Path

import numpy as np
from scipy import signal

HERE = Path(__file__).resolve().parent
RECORDING = HERE.parent / "recordings" / "mixed_4_bursts.txt"
RATE_HZ = 1000
START, END = 15600, 16856
WINDOW_LENS = [1024, 500, 255, 64, END - START]
SLIDING = (256, 64)


def write(name, header, rows):
    lines = [",".join(header)] + [",".join(row) for row in rows]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="ascii")


def number(value):
    """Shortest text that reads back as the same double."""
    return repr(float(value))


def edge(f, cumulative, ratio):
    return f[np.argmax(cumulative >= ratio * cumulative[-1])]


def interpolated_median(f, p):
    """A bin spread evenly over its width: from half a bin below it to half a bin above, within 0 to half the rate."""
    bin_hz = f[1]
    edges = np.concatenate([[0.0], f[:-1] + bin_hz / 2, [RATE_HZ / 2]])
    reached = np.concatenate([[0.0], np.cumsum(p)])
    return np.interp(0.5 * reached[-1], reached, edges)


def band_power(f, p, low, high):
    return np.sum(p[(f >= low) & (f < high)]) * f[1]


def features(f, p):
    bin_hz = f[1]
    cumulative = np.cumsum(p)
    peak = 1 + np.argmax(p[1:])
    return [
        np.sum(p) * bin_hz,
        np.sum(f * p) / np.sum(p),
        edge(f, cumulative, 0.5),
        interpolated_median(f, p),
        edge(f, cumulative, 0.95),
        band_power(f, p, 20, 60),
        band_power(f, p, 60, 250),
        f[peak],
        p[peak],
    ]


FEATURES = [
    "total_power",
    "mean_hz",
    "median_hz",
    "median_interpolated_hz",
    "edge_95_hz",
    "power_20_60",
    "power_60_250",
    "peak_hz",
    "peak_density",
]


def main():
    recording = np.loadtxt(RECORDING, comments="#")
    sos = signal.butter(4, [20, 450], "bandpass", fs=RATE_HZ, output="sos")
    x = signal.sosfiltfilt(sos, recording)[START:END]
    write("spectrum_input.csv", ["input"], [[number(v)] for v in x])

    density_rows, feature_rows = [], []
    for window_len in WINDOW_LENS:
        f, p = signal.welch(x, RATE_HZ, nperseg=window_len)
        density_rows += [[str(window_len), number(a), number(b)] for a, b in zip(f, p)]
        feature_rows.append(["welch", str(window_len), "0"] + [number(v) for v in features(f, p)])
    window_len, hop_len = SLIDING
    for start in range(0, len(x) - window_len + 1, hop_len):
        f, p = signal.periodogram(
            x[start : start + window_len], RATE_HZ, window="hann", detrend="constant"
        )
        row = ["sliding", str(window_len), str(start + window_len)]
        feature_rows.append(row + [number(v) for v in features(f, p)])
    write("spectrum_density.csv", ["window_len", "frequency_hz", "density"], density_rows)
    write("spectrum_features.csv", ["kind", "window_len", "end"] + FEATURES, feature_rows)


if __name__ == "__main__":
    main()
