"""Reference numbers for all measures, from an independent implementation.

Made with Python 3.11, numpy 2.4.6, scipy 1.17.1. Other versions may differ in the last digits:

    python -m venv .venv && .venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    .venv/bin/python make_reference.py [--check]

Writes beside itself, or with --check compares with what is there:

    emg.csv           two channels of EMG at 200 Hz, tenths of a microvolt: pelvic floor, abdomen
    pressure.csv      two channels of pressure at 50 Hz, hundredths of a cmH2O: pelvic floor, abdomen
    contractions.csv  where contractions are said to be (samples), and what was told of them
    expected.csv      what is measured in them, in tests/data/recordings/biceps_30_fatigue.csv, and in the
                      recordings of tests/data/manometry

The random numbers come from numpy's PCG64 with fixed seeds. There is no clock in it: running it again changes
nothing. It is written from the definitions, by windows of whole arrays; nothing in it is a translation of the
code it checks.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import signal, stats

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[3] / "tests" / "data"
SQRT2 = np.sqrt(2.0)

# Programmes: kind, seconds of work, seconds of rest after it, repetitions.
EMG_PHASES = [
    ("settle", 3, 0, 1), ("rest", 33, 0, 1), ("flick", 2, 2, 4), ("maximal", 5, 5, 4), ("hold", 12, 6, 2),
    ("endurance", 20, 6, 1), ("push", 5, 5, 2), ("cough", 2, 4, 1), ("rest", 31, 0, 1),
]
PRESSURE_PHASES = [
    ("settle", 2, 0, 1), ("rest", 33, 0, 1), ("maximal", 6, 12, 3), ("hold", 24, 12, 1), ("cough", 2, 6, 2),
    ("push", 8, 6, 2), ("rest", 31, 0, 1),
]
WORK = ("flick", "maximal", "hold", "endurance", "push", "cough")
HOLDS = ("maximal", "hold", "endurance")


def half_up(x):
    return int(np.floor(x + 0.5))


class Steps:
    """A programme as a list of steps with their beginnings in seconds."""

    def __init__(self, phases):
        self.steps, at = [], 0.0
        for phase, (kind, work, rest, count) in enumerate(phases):
            for trial in range(count):
                self.steps.append((kind, "work", at, work, phase, trial))
                at += work
                if rest:
                    self.steps.append((kind, "rest", at, rest, phase, trial))
                    at += rest
        self.length = at


class Channel:
    """Level of one channel in slots of 10 ms or a sample, on the axis of its input."""

    def __init__(self, x, rate, kind, window_s):
        self.rate, self.kind = rate, kind
        window = max(1, half_up(window_s * rate))
        if kind == "emg":
            padded = np.concatenate([np.zeros(window - 1), x * x])
            sums = np.lib.stride_tricks.sliding_window_view(padded, window).sum(axis=1)
            counts = np.minimum(np.arange(len(x)) + 1, window)
            # While it fills, the window is as long as what has arrived.
            level = np.sqrt(sums / counts)
        elif kind == "pressure":
            padded = np.concatenate([np.zeros(window - 1), x])
            counts = np.minimum(np.arange(len(x)) + 1, window)
            level = np.lib.stride_tricks.sliding_window_view(padded, window).sum(axis=1) / counts
        else:
            level = x
        delay = half_up((window - 1) / 2)
        self.raw = x
        self.level = level[delay:]
        self.step = max(1, int(np.ceil(rate * 0.01 - 1e-6)))
        self.slot_s = self.step / rate
        self.slots = self.level[:: self.step]

    def range(self, a, b):
        to = lambda i: min(-(-int(i) // self.step), len(self.slots))
        return to(a), to(b)

    def window(self, a, b):
        lo, hi = self.range(a, b)
        return self.slots[lo:hi]

    def peak(self, a, b):
        lo, hi = self.range(a, b)
        stretch = self.level[lo * self.step : hi * self.step]
        return stretch.max(), lo * self.step + int(stretch.argmax())

    def bins(self, a, b):
        lo, hi = self.range(a, b)
        begin = lo * self.step
        time = (np.arange(lo, hi + 1) * self.step - begin) / self.rate
        which = np.floor(time + 1e-9).astype(int)
        x = self.slots[lo:hi]
        # A bin is whole if the slot after its last one belongs to the next.
        return np.array([x[which[:-1] == n].mean() for n in range(which[-1])])

    def times(self, a, b):
        lo, hi = self.range(a, b)
        return np.arange(hi - lo) * self.slot_s

    def slope(self, a, b):
        x = self.window(a, b)
        return stats.linregress(self.times(a, b), x).slope if len(x) >= 3 else None

    def median_frequencies(self, a, b):
        """Windows of a second, every half second of the recording, that lie in a stretch."""
        n, hop = half_up(self.rate), half_up(self.rate / 2)
        nfft = 1 << (n - 1).bit_length()
        found, middles = [], []
        for start in range(0, len(self.raw) - n + 1, hop):
            if start < a or start + n > b:
                continue
            f, p = signal.welch(self.raw[start : start + n], self.rate, nperseg=n, noverlap=0, nfft=nfft)
            half = 0.5 * p.sum()
            cumulative = np.cumsum(p)
            k = int(np.argmax(cumulative >= half))
            before = cumulative[k] - p[k]
            low, high = max(k - 0.5, 0.0), min(k + 0.5, nfft / 2)
            found.append((low + (high - low) * (half - before) / p[k]) * (f[1] - f[0]))
            middles.append((start - a + n / 2) / self.rate)
        return np.array(found), np.array(middles)


class Book:
    """What is expected: one value for quantity, task, how and trial."""

    def __init__(self, case, channel):
        self.case, self.channel, self.rows, self.invalid = case, channel, {}, set()

    def put(self, quantity, task, how, trial, value, sem=None, count=1, valid=True):
        if value is None or not np.isfinite(value):
            return
        self.rows[(quantity, task, how, trial)] = (float(value), None if sem is None else float(sem), count)
        if not valid:
            self.invalid.add((quantity, task, how, trial))

    def values(self, quantity, tasks, how):
        """Valid trials, or all where there is no valid one."""
        rows = [(k, v[0]) for k, v in self.rows.items()
                if k[0] == quantity and k[1] in tasks and k[2] == how and k[3] is not None]
        rows.sort(key=lambda row: row[0][3])
        good = [v for k, v in rows if k not in self.invalid]
        return np.array(good if good else [v for _, v in rows])

    def sums(self, quantity, tasks, of, how, rule, task=None):
        x = self.values(quantity, tasks, of)
        if not len(x):
            return
        sd = x.std(ddof=1) if len(x) > 1 else None
        error = None if sd is None else sd / np.sqrt(len(x))
        value = {"mean": x.mean, "best": x.max, "median": lambda: np.median(x)}[rule]()
        self.put(quantity, task or tasks[0], how, None, value, sd if rule == "best" else error, len(x))


def standard_error(bins):
    if len(bins) < 5:
        return None
    d = bins - bins.mean()
    r = np.clip((d[:-1] * d[1:]).sum() / (d * d).sum(), 0, 0.95)
    return bins.std(ddof=1) / np.sqrt(len(bins) * (1 - r) / (1 + r))


def rest(book, ch, a, b, task, trial, pelvic):
    x, bins = ch.window(a, b), ch.bins(a, b)
    sem = standard_error(bins)
    book.put("rest-level", task, "plain", trial, np.median(x), sem)
    if pelvic:
        book.put("rest-instability", task, "plain", trial, x.std(ddof=1))
        if task in ("rest-before", "rest-after") and len(bins) > 1 and bins.mean() > 0:
            book.put("rest-variability", task, "plain", trial, 100 * bins.std(ddof=1) / bins.mean())
    return np.median(x), x.std(ddof=1), sem


def rises(x, top, base, before, rest_len):
    """Whether what no detector found lies above what rest does: its mean by three errors of a mean over as
    long a rest, its highest by three SD."""
    _, sd, sem = before
    return sem is not None and x.mean() - base > 3 * sem * np.sqrt(rest_len) and top - base > 3 * sd


def contraction(book, ch, task, trial, window, plateau, found, base, asked_s, valid, pelvic, free, other=None,
                begins=None):
    """One contraction: `window` and `plateau` asked for, `found` from onset to offset, in samples. It is asked
    for where the window begins unless `begins` says otherwise."""
    put = lambda q, how, value, sem=None: book.put(q, task, how, trial, value, sem, 1, valid)
    a, b = window
    x = ch.window(a, b)
    top = ch.peak(a, b)[0]
    put("peak", "plain", top - base)
    put("contraction-mean", "plain", x.mean() - base)
    if not pelvic:
        return
    quick = task == "flick"
    if other is not None:
        put("coupling-correlation", "plain", np.corrcoef(x, other.window(a, b))[0, 1])
    if not quick and asked_s >= 10:
        begins = a if begins is None else begins
        put("contraction-mean", "over-10-s", ch.window(begins, begins + half_up(10 * ch.rate)).mean() - base)
    pressure = ch.kind == "pressure"
    if plateau is not None and not quick:
        p, t = ch.window(*plateau), ch.times(*plateau)
        zero = base if pressure else 0.0
        put("hold-variability", "plain", 100 * p.std(ddof=1) / (p.mean() - zero))
        n = max(1, len(p) // 10)
        put("endurance-ratio", "plain", (p[-n:].mean() - base) / (p[:n].mean() - base))
        up = p - zero > 0
        put("amplitude-slope", "plain", 100 * stats.linregress(t[up], np.log(p[up] - zero)).slope)
        if ch.kind == "emg":
            f, m = ch.median_frequencies(*plateau)
            if len(f):
                sem = f.std(ddof=1) / np.sqrt(max(len(f) / 2, 1)) if len(f) > 1 else None
                put("median-frequency", "plain", f.mean(), sem)
            if len(f) >= 5:
                put("median-frequency-slope", "plain", stats.linregress(m, f).slope)
    if pressure and not quick:
        put("squeeze-increment", "plain", top - base)
        put("squeeze-total", "plain", top)
        put("gradient", "plain", np.diff(x).max() / ch.slot_s)
        for s in (5, 10, 15, 20):
            n = half_up(s / ch.slot_s)
            if len(x) >= n:
                means = np.lib.stride_tricks.sliding_window_view(x, n).mean(axis=1)
                put("squeeze-increment", f"over-{s}-s", means.max() - base)
        if asked_s >= 15:
            put("squeeze-duration", "plain", (x >= base + 0.5 * (top - base)).sum() * ch.slot_s)
    if found is None:
        return
    on, off = found
    if not free:
        put("reaction-time", "plain", (on - a) / ch.rate)
    put("hold-time", "plain", (off - on) / ch.rate)
    if not quick:
        put("hold-time", "within-20-s", (min(off, a + half_up(20 * ch.rate)) - on) / ch.rate)
    top_at = max(ch.peak(on, off)[1], on)
    put("time-to-peak", "plain", (top_at - on) / ch.rate)
    first = half_up(0.2 * ch.rate)
    put("rise-rate", "whole", ch.slope(on, top_at + 1))
    put("rise-rate", "early", ch.slope(on, on + first))
    held = ch.window(on, off)
    if quick:
        go = top_at
    else:
        last = np.flatnonzero(held >= base + 0.9 * (held.mean() - base))[-1]
        go = (ch.range(on, off)[0] + int(last)) * ch.step
    put("release-rate", "whole", ch.slope(go, off))
    put("release-rate", "early", ch.slope(go, go + first))
    if quick:
        return
    if asked_s >= 10:
        put("endurance-area", "plain", 10 * (ch.window(on, on + half_up(10 * ch.rate)).mean() - base))
    half = half_up(0.5 / ch.slot_s)
    steady = np.array([held[max(0, i - half) : i + half + 1].mean() for i in range(len(held))])
    height = steady.max() - base
    for ratio, cap in ((65, 10), (50, 30)):
        time = (steady >= base + ratio / 100 * height).sum() * ch.slot_s
        put("endurance-time", f"to-{ratio}", time)
        put("endurance-time", f"to-{ratio}-capped-{cap}-s", min(time, cap))


SUMS = [
    ("peak", "plain", "mean", "mean"), ("peak", "plain", "best", "best"),
    ("contraction-mean", "plain", "mean", "mean"), ("contraction-mean", "over-10-s", "over-10-s", "mean"),
    ("hold-variability", "plain", "mean", "mean"), ("endurance-area", "plain", "mean", "mean"),
    ("endurance-area", "plain", "best", "best"), ("hold-time", "plain", "mean", "mean"),
    ("hold-time", "plain", "best", "best"), ("hold-time", "within-20-s", "within-20-s", "mean"),
    ("endurance-ratio", "plain", "mean", "mean"), ("amplitude-slope", "plain", "mean", "mean"),
    ("median-frequency", "plain", "mean", "mean"), ("median-frequency-slope", "plain", "mean", "mean"),
    ("reaction-time", "plain", "mean", "mean"), ("time-to-peak", "plain", "mean", "mean"),
    ("recovery-latency", "plain", "mean", "mean"), ("gradient", "plain", "mean", "mean"),
    ("gradient", "plain", "best", "best"), ("coupling-correlation", "plain", "mean", "mean"),
    ("squeeze-increment", "plain", "best", "best"), ("squeeze-total", "plain", "best", "best"),
    ("squeeze-duration", "plain", "best", "best"), ("push-relaxation", "plain", "mean", "mean"),
    ("push-rise", "plain", "mean", "mean"), ("push-force", "plain", "mean", "mean"),
    ("push-force", "plain", "best", "best"), ("rectoanal-gradient", "plain", "mean", "mean"),
    ("cough-increment", "plain", "mean", "mean"), ("cough-increment", "plain", "best", "best"),
] + [("squeeze-increment", f"over-{s}-s", f"over-{s}-s", "best") for s in (5, 10, 15, 20)] + [
    ("endurance-time", how, how, "mean") for how in ("to-65", "to-65-capped-10-s", "to-50", "to-50-capped-30-s")]
CONTRACTIONS = ("flick", "hold", "maximal", "endurance", "contraction")
BETWEEN = ("after-flick", "after-hold", "between")
AFTER = ("after-flick", "after-hold", "after-endurance", "between", "rest-after")


def summaries(book, ch, reference, before, noise, rest_sem, pushes, leans, largest):
    """Everything over several trials; `before` is the rest before: level, SD, standard error."""
    pelvic = before is not None
    tasks = CONTRACTIONS + ("push", "cough")
    for quantity, of, how, rule in SUMS:
        for task in tasks:
            book.sums(quantity, (task,), of, how, rule)
    for task in ("rest-before", "rest-after"):
        for (q, t, how, trial), (value, sem, _) in list(book.rows.items()):
            if t == task and trial is not None:
                book.put(q, t, how, None, value, sem)
    for quantity in ("rest-level", "rest-instability"):
        for task in ("after-flick", "after-hold", "after-endurance"):
            book.sums(quantity, (task,), "plain", "median", "median")
        book.sums(quantity, BETWEEN, "plain", "median", "median", "between")
    if noise is not None:
        book.put("noise-floor", "visit", "plain", None, noise)
    if not pelvic:
        return
    error = lambda x: x.std(ddof=1) / np.sqrt(len(x)) if len(x) > 1 else None
    peaks = book.values("peak", (reference,), "plain")
    best = np.sort(peaks)[::-1][:3]
    mvc = best.mean()
    put = lambda q, t, how, value, sem=None, count=1: book.put(q, t, how, None, value, sem, count)
    put("maximal-contraction", reference, "best-three", mvc, error(best), len(best))
    put("maximal-contraction", reference, "best", best[0],
        peaks.std(ddof=1) if len(peaks) > 1 else None, len(peaks))
    put("maximal-contraction", reference, "first-three", peaks[:3].mean(), error(peaks[:3]), len(peaks[:3]))
    for (q, t, how, trial), (value, _, _) in list(book.rows.items()):
        wanted = "peak" if t in ("flick", "maximal") else "contraction-mean"
        if trial is not None and q == wanted and how == "plain" and t in CONTRACTIONS:
            valid = (q, t, how, trial) not in book.invalid
            book.put("normalised-level", t, "plain", trial, 100 * value / mvc, None, 1, valid)
    for task in CONTRACTIONS:
        book.sums("normalised-level", (task,), "plain", "mean", "mean")
        for quantity in ("rise-rate", "release-rate"):
            for how in ("whole", "early"):
                x = book.values(quantity, (task,), how)
                if len(x):
                    e = error(x)
                    put(quantity, task, how, 100 * x.mean() / mvc, None if e is None else 100 * e / mvc, len(x))
    r0, _, s0 = before
    for task in AFTER:
        x = book.values("rest-level", BETWEEN if task == "between" else (task,), "plain")
        if not len(x):
            continue
        level, sem, n = np.median(x), error(x), len(x)
        if task == "rest-after":
            sem = [v[1] for k, v in book.rows.items() if k[:3] == ("rest-level", "rest-after", "plain")][0]
        relative = lambda l, c, s: s * l / c**2
        for how, floor in (("plain", 0.0), ("noise-corrected", noise)):
            if ch.kind == "pressure" or floor is None:
                continue
            c = np.sqrt(max(0.0, level**2 - floor**2))
            c0 = np.sqrt(max(0.0, r0**2 - floor**2))
            ratio_error = None
            if sem is not None and s0 is not None:
                ratio_error = c / c0 * np.hypot(relative(level, c, sem), relative(r0, c0, s0))
            put("relaxation-ratio", task, how, c / c0, ratio_error, n)
        e = None if sem is None or s0 is None else np.hypot(sem, s0)
        put("relaxation-residual", task, "plain", level - r0, e, n)
        put("relaxation-residual-ratio", task, "plain", (level - r0) / mvc, None if e is None else e / mvc, n)
        if rest_sem is not None:
            put("raised-rest-count", task, "beyond-95", (x - r0 > 1.645 * SQRT2 * rest_sem).sum(), None, n)
            put("raised-rest-count", task, "beyond-84", (x - r0 > SQRT2 * rest_sem).sum(), None, n)
    if pushes:
        squeeze = book.values("contraction-mean", (reference,), "plain").mean()
        for trial, level in pushes:
            book.put("push-index", "push", "plain", trial, 100 * (level - r0) / squeeze)
        book.sums("push-index", ("push",), "plain", "mean", "mean")
    for trial, task, net, valid in leans:
        book.put("accessory-ratio", task, "plain", trial, net / largest, None, 1, valid)
    for task in CONTRACTIONS:
        book.sums("accessory-ratio", (task,), "plain", "mean", "mean")


def visit(case, phases, pelvic, abdomen, contractions, noise, rest_sem):
    """A programme with two channels. `contractions`: step to (onset, offset, told)."""
    steps, rate = Steps(phases).steps, pelvic.rate
    books = [Book(case, 0), Book(case, 1)]
    before, latest, last, exerted = [None, None], [None, None], None, False
    pushes, leans, nets, told, onsets = [], [], [], [], []
    for index, (kind, part, at, length, phase, trial) in enumerate(steps):
        a, b = half_up(at * rate), half_up((at + length) * rate)
        if part == "rest" or kind == "rest":
            if part == "rest":
                task = {"flick": "after-flick", "maximal": "after-hold", "hold": "after-hold",
                        "endurance": "after-endurance"}.get(kind, "between")
                a = half_up((at + length / 2) * rate)
            else:
                task = "rest-after" if exerted else "rest-before"
            for c, (book, ch) in enumerate(zip(books, (pelvic, abdomen))):
                found = rest(book, ch, a, b, task, index, c == 0)
                latest[c] = (found[0], a, b)
                if task == "rest-before":
                    before[c] = found
            if part == "rest" and kind in HOLDS and last in contractions:
                cue = half_up(steps[last][2] * rate) + half_up(steps[last][3] * rate)
                band = before[0][0] + 2 * before[0][1]
                back = np.flatnonzero(pelvic.window(cue, b) <= band)
                value = back[0] if len(back) else len(pelvic.window(cue, b))
                # Let go before the cue, or not at all: such a trial does not go into the mean of the others.
                books[0].put("recovery-latency", kind, "plain", last, value * pelvic.slot_s,
                             valid=0 < value and len(back) > 0 and contractions[last][2] != "push")
            continue
        if kind not in WORK:
            continue
        exerted, last = True, index
        found = contractions.get(index)
        valid = found is not None and found[2] != "push"
        edges = None if found is None else found[:2]
        base = [one[0] for one in latest]
        if kind in ("push", "cough"):
            high = [ch.peak(a, b)[0] for ch in (pelvic, abdomen)]
            nets.append(high[1] - base[1])
            if kind == "cough":
                for c in (0, 1):
                    books[c].put("cough-increment", "cough", "plain", index, high[c] - base[c])
                continue
            x = pelvic.window(a, b)
            books[1].put("push-force", "push", "plain", index, high[1] - base[1])
            if pelvic.kind == "pressure":
                books[0].put("push-relaxation", "push", "plain", index, 100 * (base[0] - x.min()) / base[0])
                books[0].put("rectoanal-gradient", "push", "plain", index, high[1] - x.min())
            else:
                books[0].put("push-rise", "push", "plain", index, 100 * (x.mean() - base[0]) / base[0])
                pushes.append((index, x.mean()))
            continue
        plateau = (a + half_up(rate), b - half_up(rate)) if length >= 4 else None
        contraction(books[1], abdomen, kind, index, (a, b), plateau, edges, base[1], length, True, False, False)
        contraction(books[0], pelvic, kind, index, (a, b), plateau, edges, base[0], length, valid, True, False,
                    abdomen)
        nets.append(abdomen.peak(a, b)[0] - base[1])
        leans.append((index, kind, abdomen.window(a, b).mean() - base[1], valid))
        if found is not None and found[2]:
            told.append(found[2])
        if kind == "flick" and valid:
            onsets.append(found[0])
    reference = "maximal"
    summaries(books[0], pelvic, reference, before[0], noise, rest_sem, pushes, leans, max(nets))
    if pelvic.kind == "emg":
        # No noise floor was measured on the abdomen: the quietest second of its valid rests.
        summaries(books[1], abdomen, reference, None, quietest(steps, abdomen), None, [], [], None)
    else:
        summaries(books[1], abdomen, reference, None, None, None, [], [], None)
    if told:
        books[0].put("squeeze-count", "contraction", "plain", None, told.count("squeeze"), None, len(told))
        books[0].put("bearing-down-count", "contraction", "plain", None, told.count("push"), None, len(told))
    if onsets:
        most = max(sum(0 <= o - first < 10 * rate for o in onsets) for first in onsets)
        books[0].put("flick-count", "flick", "plain", None, most, None, len(onsets))
    for kind in WORK:
        asked = [i for i, s in enumerate(steps) if s[0] == kind and s[1] == "work"]
        if asked:
            good = [i for i in asked if kind in ("push", "cough")
                    or (i in contractions and contractions[i][2] != "push")]
            books[0].put("valid-trial-count", kind, "plain", None, len(good), None, len(asked))
    return books


def quietest(steps, ch):
    quiet = []
    exerted = False
    for kind, part, at, length, _, _ in steps:
        exerted = exerted or (kind in WORK)
        if part == "rest":
            quiet.extend(ch.bins(half_up((at + length / 2) * ch.rate), half_up((at + length) * ch.rate)))
        elif kind == "rest":
            quiet.extend(ch.bins(half_up(at * ch.rate), half_up((at + length) * ch.rate)))
    return min(quiet)


def free(case, ch, contractions, end):
    """A recording in which nobody asked for anything."""
    book = Book(case, 0)
    margin = half_up(0.5 * ch.rate)
    last, before, base = None, None, None
    for n, (on, off) in enumerate(contractions):
        task, start = ("rest-before", 0) if last is None else ("between", last // 2 + on // 2)
        if on - margin - start >= margin:
            found = rest(book, ch, start, on - margin, task, n, True)
            before, base = before or found, found[0]
        last = off
        length = (off - on) / ch.rate
        cut = half_up(min(1.0, 0.2 * length) * ch.rate)
        plateau = (on + cut, off - cut) if length >= 2.5 else None
        contraction(book, ch, "contraction", n, (on, off), plateau, (on, off), base, length, True, True, True)
    rest(book, ch, last // 2 + end // 2, end, "rest-after", len(contractions), True)
    summaries(book, ch, "contraction", before, quietest_of(book, ch, contractions, end), None, [], [], None)
    book.put("valid-trial-count", "contraction", "plain", None, len(contractions), None, len(contractions))
    return book


def quietest_of(book, ch, contractions, end):
    """Of the rests that are long enough to be valid: those between, and of 30 s those before and after."""
    quiet, last, margin = [], None, half_up(0.5 * ch.rate)
    for on, off in contractions:
        if last is not None and on - margin - (last // 2 + on // 2) >= margin:
            quiet.extend(ch.bins(last // 2 + on // 2, on - margin))
        last = off
    return min(quiet) if quiet else None


def make_emg():
    rng = np.random.Generator(np.random.PCG64(20240501))
    rate, plan = 200, Steps(EMG_PHASES)
    n = half_up((plan.length + 8) * rate)
    gain, lean = np.full(n, 30.0), np.full(n, 12.0)
    contractions = {}
    tops = {"flick": 300, "maximal": 420, "hold": 260, "endurance": 170}
    told = iter(["squeeze", "push", "squeeze", "squeeze"])
    slow = np.ones(n)
    for index, (kind, part, at, length, _, trial) in enumerate(plan.steps):
        if part != "work" or kind not in WORK:
            continue
        a = half_up(at * rate)
        if kind in tops:
            on = a + int(rng.integers(30, 70))
            off = on + half_up({"flick": 0.8}.get(kind, length - 0.6 + 0.3 * rng.random()) * rate)
            t = np.arange(off - on) / rate
            shape = np.minimum(1, t / 0.25) * np.minimum(1, (t[-1] - t + 0.005) / 0.35)
            fade = 1 - 0.35 * t / max(t[-1], 1e-9) if kind == "endurance" else 1
            gain[on:off] += tops[kind] * (1 + 0.08 * rng.standard_normal()) * shape * fade
            lean[on:off] += 25 * shape
            contractions[index] = (on, off, next(told) if kind == "maximal" else None)
        else:
            b = half_up((at + length) * rate)
            gain[a + 40 : b - 40] += 90 if kind == "push" else 200
            lean[a + 40 : b - 40] += 380
        if kind == "endurance":
            slow[on:off] = np.linspace(0, 0.6, off - on)
    white = rng.standard_normal(n)
    # The endurance contraction slows down: a low-pass is faded in.
    low = signal.lfilter([0.3], [1, -0.7], white) * 1.4
    mix = np.where(slow < 1, slow, 0.0)
    pelvic = np.rint(gain * ((1 - mix) * white + mix * low)).astype(int)
    abdomen = np.rint(lean * rng.standard_normal(n)).astype(int)
    return np.stack([pelvic, abdomen], 1), contractions


def make_pressure():
    rng = np.random.Generator(np.random.PCG64(20240502))
    rate, plan = 50, Steps(PRESSURE_PHASES)
    n = half_up((plan.length + 8) * rate)
    breath = 60 * np.sin(2 * np.pi * 0.25 * np.arange(n) / rate)
    pelvic, abdomen = np.full(n, 3000.0) + breath, np.full(n, 1100.0) + breath
    contractions = {}
    told = iter(["squeeze", "squeeze", None])
    for index, (kind, part, at, length, _, trial) in enumerate(plan.steps):
        if part != "work" or kind not in WORK:
            continue
        a, b = half_up(at * rate), half_up((at + length) * rate)
        if kind in ("maximal", "hold"):
            on = a + int(rng.integers(8, 20))
            off = on + half_up((length - 0.8) * rate)
            t = np.arange(off - on) / rate
            rise = (1 - np.exp(-t / 0.4)) * np.minimum(1, (t[-1] - t + 0.02) / 0.8)
            pelvic[on:off] += 2600 * (1 + 0.05 * rng.standard_normal()) * rise * np.exp(-t / (18 if kind == "hold" else 60))
            abdomen[on:off] += 250 * rise
            contractions[index] = (on, off, next(told) if kind == "maximal" else None)
        elif kind == "cough":
            pelvic[a + 20 : a + 45] += 5200
            abdomen[a + 20 : a + 45] += 4100
        else:
            t = np.linspace(0, np.pi, b - a - 40)
            pelvic[a + 20 : b - 20] -= (900 + 200 * trial) * np.sin(t)
            abdomen[a + 20 : b - 20] += 4800 * np.sin(t)
    pelvic += np.linspace(0, 300, n)
    noise = rng.standard_normal((n, 2)) * 25
    return np.rint(np.stack([pelvic, abdomen], 1) + noise).astype(int), contractions


def biceps():
    codes = np.loadtxt(DATA / "recordings" / "biceps_30_fatigue.csv", delimiter=",", skiprows=1)[:, 1]
    x = (codes - np.median(codes)) / 4096 * 3000
    labels = (DATA / "recordings" / "biceps_30_fatigue.labels.csv").read_text().splitlines()[1:]
    found = [tuple(half_up(float(v) * 1000) for v in line.split(",")[:2]) for line in labels if line]
    return Channel(x, 1000, "emg", 0.1), found, len(x)


MARKS = {"# rest": "rest", "# squeeze 1": "maximal", "# squeeze 2": "maximal", "# squeeze 3": "maximal",
         "# long squeeze": "endurance", "# cough": "cough", "# push 1": "push", "# push 2": "push",
         "# push 3": "push"}
REACH = {"rest": (0, 10), "maximal": (-1, 10), "endurance": (-1, 30), "cough": (-1, 10), "push": (0, 15)}


def manometry(name):
    """Highest anal sensor, read by the marks; a push also against the balloon."""
    rows, marks, is_mark = [], [], False
    for line in (DATA / "manometry" / name).read_text(encoding="latin1").splitlines()[1:]:
        cells = line.split("\t")
        if line.startswith("Annotations"):
            is_mark = True
        elif is_mark and len(line.split(maxsplit=1)) == 2:
            # Not every mark is separated by a tab.
            time, text = line.split(maxsplit=1)
            marks.append((float(time), text.strip().lower()))
        elif not is_mark and len(cells) >= 13:
            rows.append([float(cell) for cell in cells[:13]])
    rows = np.array(rows)
    t, p = rows[:, 0], rows[:, 3:].max(axis=1)
    # The rate as a whole number of microhertz.
    rate = half_up((len(t) - 1) / (t[-1] - t[0]) * 1e6) / 1e6
    ch = Channel(p, rate, "pressure", 0.0)
    book = Book(name, 0)
    # A thousandth of a sample is nothing.
    first = lambda s: max(0, int(np.ceil(s * rate - 1e-3)))
    placed, seen = [], set()
    for time, text in marks:
        if text in MARKS and time >= 0 and text not in seen:
            seen.add(text)
            # Not every recording begins at zero.
            placed.append((time - t[0], MARKS[text]))
    placed.sort()
    exerted, before, before_len, tallies = False, None, 0, {}
    for n, (mark, kind) in enumerate(placed):
        lo, hi = REACH[kind]
        limit = len(p) / rate
        if n + 1 < len(placed) and kind != "rest":
            limit = placed[n + 1][0] + REACH[placed[n + 1][1]][0]
        hi = min(hi, limit - mark)
        a, b = first(mark + lo), first(mark + hi)
        if kind == "rest":
            found = rest(book, ch, a, b, "rest-after" if exerted else "rest-before", n, True)
            before, before_len = before or found, before_len if before else b - a
            continue
        exerted = True
        tallies[kind] = tallies.get(kind, 0) + 1
        base = np.median(ch.window(first(mark - 8), first(mark - 2)))
        top = ch.peak(a, b)[0]
        if kind == "cough":
            book.put("cough-increment", kind, "plain", n, top - base)
        elif kind == "push":
            x = ch.window(a, b)
            book.put("push-relaxation", kind, "plain", n, 100 * (base - x.min()) / base)
        else:
            # Nothing was searched for contractions: what rises is doubtful, what does not is no contraction.
            rose = before is not None and rises(ch.window(a, b), top, base, before, before_len / (b - a))
            contraction(book, ch, kind, n, (a, b), None, None, base, hi, rose, True, False, begins=first(mark))
    summaries(book, ch, "maximal", before, None, None, [], [], None)
    for kind, count in tallies.items():
        valid = count if kind in ("push", "cough") else 0
        book.put("valid-trial-count", kind, "plain", None, valid, None, count)
    return book


def main():
    check = "--check" in sys.argv
    files = {}
    emg, emg_found = make_emg()
    pressure, pressure_found = make_pressure()
    for name, codes in (("emg.csv", emg), ("pressure.csv", pressure)):
        files[name] = "pelvic,abdomen\n" + "".join(f"{a},{b}\n" for a, b in codes)
    lines = ["case,step,onset,offset,told"]
    for case, found in (("emg", emg_found), ("pressure", pressure_found)):
        lines += [f"{case},{step},{on},{off},{told or ''}" for step, (on, off, told) in sorted(found.items())]
    files["contractions.csv"] = "\n".join(lines) + "\n"

    books = visit("emg", EMG_PHASES, *(Channel(emg[:, c] * 0.1, 200, "emg", 0.1) for c in (0, 1)), emg_found,
                  0.7, 0.2)
    books += visit("pressure", PRESSURE_PHASES,
                   *(Channel(pressure[:, c] * 0.01, 50, "pressure", 0.25) for c in (0, 1)), pressure_found, None,
                   0.4)
    books.append(free("biceps", *biceps()))
    books += [manometry(name) for name in
              ("anorectal_1.txt", "anorectal_norair.txt", "anorectal_nointerpolation.txt")]
    lines = ["case,channel,quantity,task,how,trial,value,sem,count"]
    for book in books:
        for (quantity, task, how, trial), (value, sem, count) in sorted(
                book.rows.items(), key=lambda row: (row[0][:3], -1 if row[0][3] is None else row[0][3])):
            trial = "" if trial is None else trial
            sem = "" if sem is None else repr(sem)
            lines.append(f"{book.case},{book.channel},{quantity},{task},{how},{trial},{value!r},{sem},{count}")
    files["expected.csv"] = "\n".join(lines) + "\n"

    for name, text in files.items():
        path = HERE / name
        if not check:
            path.write_text(text, encoding="ascii")
        elif not same(path.read_text(encoding="ascii"), text):
            sys.exit(f"{name} is not what this script makes")
    print("checked" if check else "written", ", ".join(files))


def same(old, new):
    """Equal, but for the last digits of numbers."""
    old, new = old.splitlines(), new.splitlines()
    if len(old) != len(new):
        return False
    for one, other in zip(old, new):
        one, other = one.split(","), other.split(",")
        if len(one) != len(other):
            return False
        for a, b in zip(one, other):
            try:
                if abs(float(a) - float(b)) > 1e-9 * max(1.0, abs(float(a))):
                    return False
            except ValueError:
                if a != b:
                    return False
    return True


if __name__ == "__main__":
    main()
