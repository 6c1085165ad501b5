"""Reference numbers for the filters and envelopes, from an independent implementation.

Made with Python 3.11, numpy 2.4.6, scipy 1.17.1. Other versions may differ in the last digits:

    python -m venv .venv && .venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    .venv/bin/python make_reference.py

Reads ../recordings/mixed_4_bursts.txt (or the file named as first argument) and writes beside itself

    responses.csv     gain and phase of each filter at 64 frequencies
    coefficients.csv  numerator and denominator of each filter, multiplied out
    outputs.csv       a test signal and what each stage makes of it, sample by sample
    recording.csv     what each stage makes of a real recording, at six samples and in total
    resampled.csv     two irregular recordings on an even axis, 50 a second, without their gaps

There is no chance and no clock in it: running it again changes nothing.
"""

import math
import sys
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
from scipy import signal

HERE = Path(__file__).resolve().parent
RECORDING = HERE.parent / "recordings" / "mixed_4_bursts.txt"

# kind, order (or Q), lower edge or centre, upper edge (0 if there is none), sampling rate
FILTERS = [
    ("highpass", 4, 100, 0, 1000),
    ("highpass", 4, 20, 0, 1000),
    ("highpass", 2, 20, 0, 1000),
    ("highpass", 3, 10, 0, 1000),
    ("lowpass", 2, 6, 0, 1000),
    ("lowpass", 2, 8, 0, 1000),
    ("lowpass", 4, 4, 0, 100),
    ("lowpass", 4, 0.05, 0, 1000),
    ("lowpass", 6, 1, 0, 2000),
    ("lowpass", 5, 40, 0, 500),
    ("lowpass", 1, 2, 0, 47.6),
    ("lowpass", 2, 3.2, 0, 8),
    ("lowpass", 2, 4, 0, 10),
    ("bandpass", 4, 20, 450, 1000),
    ("bandpass", 2, 20, 450, 1000),
    ("bandpass", 2, 10, 450, 1000),
    ("bandpass", 2, 20, 450, 2000),
    ("bandpass", 2, 20, 450, 2048),
    ("bandpass", 2, 20, 225, 500),
    ("bandpass", 2, 20, 112.5, 250),
    ("bandpass", 4, 20, 90, 200),
    ("bandpass", 4, 20, 112.5, 250),
    ("bandpass", 4, 20, 225, 500),
    ("bandpass", 4, 20, 450, 2000),
    ("bandpass", 4, 20, 450, 2048),
    ("bandpass", 4, 20, 450, 4000),
    ("bandpass", 4, 20, 450, 10000),
    ("bandpass", 4, 20, 450, 20000),
    ("bandpass", 4, 30, 450, 1000),
    ("bandpass", 4, 100, 450, 1000),
    ("bandpass", 3, 20, 450, 1000),
    ("bandpass", 5, 20, 450, 1000),
    ("bandpass", 8, 20, 450, 1000),
    ("bandpass", 3, 48, 52, 1000),
    ("bandstop", 2, 48, 52, 1000),
    ("bandstop", 3, 48, 52, 1000),
    ("bandstop", 4, 20, 450, 1000),
    ("notch", 20, 60, 0, 1000),
    ("notch", 30, 50, 0, 1000),
    ("notch", 30, 50, 0, 250),
    ("notch", 270, 450, 0, 1000),
    # The presets at the rates of common devices, and the ends of what is legal.
    ("bandpass", 4, 30, 112.5, 250),
    ("bandpass", 4, 30, 225, 500),
    ("bandpass", 4, 30, 450, 2000),
    ("bandpass", 4, 100, 225, 500),
    ("bandpass", 4, 100, 450, 2000),
    ("bandstop", 2, 48, 52, 250),
    ("bandstop", 4, 45, 55, 20000),
    ("bandstop", 1, 1, 3, 10),
    ("lowpass", 2, 4, 0, 200),
    ("lowpass", 2, 1, 0, 10),
    ("lowpass", 2, 1, 0, 200),
    ("lowpass", 2, 1, 0, 20000),
    ("lowpass", 8, 25, 0, 1000),
    ("highpass", 2, 0.05, 0, 1000),
    ("highpass", 4, 0.05, 0, 1000),
    ("notch", 50 / 3, 50, 0, 1000),
    ("notch", 50, 150, 0, 1000),
]


def design(kind, order, low, high, rate):
    """Sections for running, and (zeros, poles, gain) for an accurate response."""
    if kind == "notch":
        b, a = signal.iirnotch(low, order, rate)
        zeros = np.exp(1j * 2 * np.pi * low / rate)
        return np.array([np.concatenate([b, a])]), ([zeros, zeros.conj()], np.roots(a), b[0])
    edges = [low, high] if high else low
    sos = signal.butter(order, edges, kind, fs=rate, output="sos")
    return sos, signal.butter(order, edges, kind, fs=rate, output="zpk")


def response(zpk, frequency_hz, rate):
    """Product over the roots: no polynomial whose terms cancel near zero frequency."""
    zeros, poles, gain = zpk
    z = np.exp(2j * np.pi * frequency_hz / rate)
    # Alternating, so that no intermediate product leaves the range of a double.
    value = complex(gain)
    for index in range(max(len(zeros), len(poles))):
        if index < len(zeros):
            value *= z - zeros[index]
        if index < len(poles):
            value /= z - poles[index]
    return value


def write(name, header, rows):
    lines = [",".join(header)] + [",".join(row) for row in rows]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="ascii")


def number(value):
    """Shortest text that reads back as the same double."""
    return repr(float(value))


def make_responses():
    rows = []
    for entry in FILTERS:
        kind, order, low, high, rate = entry
        _, zpk = design(*entry)
        for step in range(64):
            frequency_hz = rate * 5e-5 * (0.499 / 5e-5) ** (step / 63)
            value = response(zpk, frequency_hz, rate)
            rows.append([kind] + [number(v) for v in (*entry[1:], frequency_hz, value.real, value.imag)])
    header = ["kind", "order_or_q", "low_hz", "high_hz", "rate_hz", "frequency_hz", "re", "im"]
    write("responses.csv", header, rows)


def make_coefficients():
    rows = []
    for entry in FILTERS:
        sos, _ = design(*entry)
        over, under = np.array([1.0]), np.array([1.0])
        for section in sos:
            over, under = np.convolve(over, section[:3]), np.convolve(under, section[3:])
        # A section of order one leaves a zero at the end, on both sides.
        polynomials = [" ".join(number(v) for v in part) for part in (over, under)]
        rows.append([entry[0]] + [number(v) for v in entry[1:]] + polynomials)
    header = ["kind", "order_or_q", "low_hz", "high_hz", "rate_hz", "numerator", "denominator"]
    write("coefficients.csv", header, rows)


def run(entry, x):
    """Causal, from the steady state for the first sample."""
    sos, _ = design(*entry)
    return signal.sosfilt(sos, x, zi=signal.sosfilt_zi(sos) * x[0])[0]


def run_from_zero(entry, x):
    return signal.sosfilt(design(*entry)[0], x)


def run_precisely(entry, x):
    """As `run`, but with 50 digits from SciPy's zeros, poles and gain: at 0.05 Hz and 1 kHz its rows
    of 16 digits put a constant of 2,000 wrong by 2e-6."""
    getcontext().prec = 50
    zeros, poles, gain = design(*entry)[1]
    pairs = zip(zeros[::2].real, zeros[1::2].real, [p for p in poles if p.imag > 0], strict=True)
    signal_now = [Decimal(v) * Decimal(gain) for v in x]
    for zero, other_zero, pole in pairs:
        re, im = Decimal(pole.real), Decimal(pole.imag)
        # SciPy rounds zeros at one and minus one to exactly that.
        b1, b2 = -Decimal(zero) - Decimal(other_zero), Decimal(zero) * Decimal(other_zero)
        a1, a2 = -2 * re, re * re + im * im
        x1 = x2 = signal_now[0]
        y1 = y2 = x1 * (1 + b1 + b2) / (1 + a1 + a2)
        out = []
        for v in signal_now:
            y = v + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = v, x1, y, y1
            out.append(y)
        signal_now = out
    return np.array([float(v) for v in signal_now])


def run_zero_phase(entry, x):
    return signal.sosfiltfilt(design(*entry)[0], x)


def teager_kaiser(x):
    y = x.copy()
    y[1:-1] = x[1:-1] ** 2 - x[:-2] * x[2:]
    y[0], y[-1] = y[1], y[-2]
    return y


def trailing_percentile(x, window, percent):
    return np.array([np.percentile(x[max(0, n - window) : n], percent) for n in range(1, len(x) + 1)])


def trailing(values, window):
    """Mean over the last `window` values, each summed anew and exactly."""
    means = []
    for end in range(1, len(values) + 1):
        part = values[max(0, end - window) : end]
        means.append(math.fsum(part) / len(part))
    return np.array(means)


def trailing_rms(x, window):
    return np.sqrt(trailing(x * x, window))


HIGH_PASS = ("highpass", 4, 20, 0, 1000)
BAND_PASS = ("bandpass", 4, 20, 450, 1000)
NOTCH = ("notch", 30, 50, 0, 1000)
LOW_PASS = ("lowpass", 2, 6, 0, 1000)


def test_signal():
    """Whole counts: an offset, mains, noise from a generator written out here, two bursts, a spike."""
    state, values = 12345, []
    for n in range(500):
        state = (1103515245 * state + 12345) % 2**31
        noise = (state >> 16) / 2**15 - 0.5
        burst = 1.0 if 120 <= n < 220 or 330 <= n < 350 else 0.05
        value = 2040 + 30 * math.sin(2 * math.pi * 50 * n / 1000) + 400 * burst * noise
        values.append(round(value))
    values[420] = 4095
    return np.array(values, dtype=float)


def make_outputs():
    x = test_signal()
    band = run(BAND_PASS, x)
    columns = {
        "input": x,
        "highpass4_20": run(HIGH_PASS, x),
        "highpass4_20_from_zero": run_from_zero(HIGH_PASS, x),
        "bandpass4_20_450": band,
        "bandpass3_20_450": run(("bandpass", 3, 20, 450, 1000), x),
        "bandpass8_20_450": run(("bandpass", 8, 20, 450, 1000), x),
        "bandstop2_48_52": run(("bandstop", 2, 48, 52, 1000), x),
        "notch_50_q30": run(NOTCH, x),
        "lowpass2_6": run(LOW_PASS, x),
        "rms_50": trailing_rms(band, 50),
        "rectified_mean_50": trailing(np.abs(band), 50),
        "lowpass4_0.05": run_precisely(("lowpass", 4, 0.05, 0, 1000), x),
        "highpass2_0.05": run_precisely(("highpass", 2, 0.05, 0, 1000), x),
        "highpass4_0.05": run_precisely(("highpass", 4, 0.05, 0, 1000), x),
        "decimated_lowpass8_25": run(("lowpass", 8, 25, 0, 1000), x),
        "teager_kaiser": teager_kaiser(band),
        "median_31": trailing_percentile(x, 31, 50),
        "percentile10_100": trailing_percentile(np.abs(band), 100, 10),
        "zero_phase_bandpass4_20_450": run_zero_phase(BAND_PASS, x),
        "zero_phase_bandpass3_20_450": run_zero_phase(("bandpass", 3, 20, 450, 1000), x),
        "zero_phase_bandstop2_48_52": run_zero_phase(("bandstop", 2, 48, 52, 1000), x),
        "zero_phase_highpass3_10": run_zero_phase(("highpass", 3, 10, 0, 1000), x),
        "zero_phase_lowpass2_6": run_zero_phase(LOW_PASS, x),
        "zero_phase_lowpass5_40": run_zero_phase(("lowpass", 5, 40, 0, 1000), x),
        "zero_phase_notch_50_q30": run_zero_phase(NOTCH, x),
    }
    rows = [[number(v) for v in row] for row in zip(*columns.values())]
    write("outputs.csv", list(columns), rows)


def make_recording(path):
    x = np.loadtxt(path, comments="#")
    band = run(BAND_PASS, x)
    zero_phase = run_zero_phase(BAND_PASS, x)
    stages = {
        "highpass4_20_from_zero": run_from_zero(HIGH_PASS, x),
        "highpass4_20": run(HIGH_PASS, x),
        "bandpass4_20_450": band,
        "notch_50_q30": run(NOTCH, x),
        "abs_lowpass2_6": run(LOW_PASS, np.abs(band)),
        "rms_50": trailing_rms(band, 50),
        "rms_100": trailing_rms(band, 100),
        "rms_250": trailing_rms(band, 250),
        "zero_phase_bandpass4_20_450": zero_phase,
        "zero_phase_abs_lowpass2_6": run_zero_phase(LOW_PASS, np.abs(zero_phase)),
        "teager_kaiser": teager_kaiser(band),
        "percentile10_2000_of_rms_100": trailing_percentile(trailing_rms(band, 100), 2000, 10),
    }
    indices = [0, 1, 1600, 16000, 26000, 63879]
    rows = []
    for name, y in stages.items():
        rms = math.sqrt(math.fsum(y * y) / len(y))
        rows.append([name] + [number(v) for v in [*y[indices], rms, math.fsum(np.abs(y))]])
    header = ["stage"] + [f"y{index}" for index in indices] + ["rms", "sum_of_absolutes"]
    write("recording.csv", header, rows)


def make_resampled():
    """Grid points between two samples that are at most 0.5 s apart, by straight lines."""
    rows = []
    for name in ("grip_8_squeezes.csv", "grip_sensor_fault.csv"):
        lines = (RECORDING.parent / name).read_text(encoding="ascii").splitlines()[1:]
        fields = [line.split(",") for line in lines]
        pairs = [(float(f[0]), float(f[1])) for f in fields if f[1].strip()]
        t, x = np.array(pairs).T
        t = t - t[0]
        for index in range(int(t[-1] * 50) + 1):
            at = index / 50
            after = min(max(int(np.searchsorted(t, at)), 1), len(t) - 1)
            if t[after] - t[after - 1] <= 0.5 or at in (t[after], t[after - 1]):
                rows.append([name, str(index), number(np.interp(at, t, x))])
    write("resampled.csv", ["recording", "index", "value"], rows)


if __name__ == "__main__":
    make_responses()
    make_coefficients()
    make_resampled()
    make_outputs()
    make_recording(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDING)
