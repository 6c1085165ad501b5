"""Makes emg_simulated.csv: the signal on which the detectors of NeuroKit2 were compared.

    python -m venv venv && venv/bin/pip install neurokit2==0.2.13 numpy==2.4.6
    venv/bin/python make.py

10 s at 1 kHz with bursts of uniform noise at 1.75 to 2.75, 4.5 to 5.5 and 7.25 to 8.25 s, from its own
simulator with seed 42.
"""

import pathlib

import neurokit2

signal = neurokit2.emg_simulate(
    duration=10, sampling_rate=1000, burst_number=3, burst_duration=1.0, random_state=42
)
assert abs(signal.sum() - 794.7863080152526) < 1e-9, "another version makes another signal"
path = pathlib.Path(__file__).with_name("emg_simulated.csv")
path.write_text("emg\n" + "".join(f"{value:.5f}\n" for value in signal))
