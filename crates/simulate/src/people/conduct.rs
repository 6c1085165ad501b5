//! What goes wrong in a visit, on request.

/// How well a person does what they are asked. Proportions are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conduct {
    /// Proportion of contractions, pushes and coughs that begin one and a half to three seconds late;
    /// at most half of the time that there is for them.
    pub late_ratio: f64,
    /// Proportion that is not done.
    pub skipped_ratio: f64,
    /// Proportion in which something else is done: a push in place of a contraction or a cough, a
    /// contraction in place of a push. A mark that says the wrong thing looks the same.
    pub instead_ratio: f64,
    /// Contractions nobody asked for, in each minute of rest.
    pub unasked_per_minute: f64,
    /// After which part of the programme the visit ends; 1 is the whole.
    pub until_ratio: f64,
}

impl Conduct {
    /// Everything as asked.
    pub const AS_ASKED: Self = Self {
        late_ratio: 0.0,
        skipped_ratio: 0.0,
        instead_ratio: 0.0,
        unasked_per_minute: 0.0,
        until_ratio: 1.0,
    };

    /// Somebody who does not pay attention. Our choice.
    pub const DISTRACTED: Self = Self {
        late_ratio: 0.15,
        skipped_ratio: 0.1,
        instead_ratio: 0.05,
        unasked_per_minute: 0.5,
        until_ratio: 1.0,
    };
}

/// What is measured besides the muscle. EMG artefacts are multiples of the person's level at rest, so
/// that they mean the same on every device. Zero takes one out; the noise of electrode and sensor is
/// always there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disturbance {
    /// Amplitude of mains hum over rest; a third harmonic of a quarter of it comes along.
    pub mains_ratio: f64,
    /// Frequency of the mains, in hertz.
    pub mains_hz: f64,
    /// Height of heart beats in EMG over rest.
    pub heart_ratio: f64,
    /// Movements a minute: 0.4 s of slow waves in EMG, thirty times the rest, and a bump of up to
    /// 8 cmH2O in pressure.
    pub motion_per_minute: f64,
    /// Single wild samples a minute, two hundred times the rest or 100 cmH2O.
    pub spikes_per_minute: f64,
    /// How often a minute the electrode loses contact, for 2 to 4 s: EMG is then hum, a hundred times
    /// the rest, and a pressure sensor gives zero.
    pub lead_off_per_minute: f64,
    /// Drift of pressure over the whole visit, in cmH2O: towards its end, as a balloon warms.
    pub drift_cmh2o: f64,
}

impl Disturbance {
    /// A good measurement.
    pub const NONE: Self = Self {
        mains_ratio: 0.0,
        mains_hz: 50.0,
        heart_ratio: 0.0,
        motion_per_minute: 0.0,
        spikes_per_minute: 0.0,
        lead_off_per_minute: 0.0,
        drift_cmh2o: 0.0,
    };

    /// An everyday measurement. Our choice.
    pub const USUAL: Self = Self {
        mains_ratio: 0.3,
        heart_ratio: 1.0,
        motion_per_minute: 0.2,
        drift_cmh2o: 1.0,
        ..Self::NONE
    };

    /// A bad measurement: everything at once. Our choice.
    pub const BAD: Self = Self {
        mains_ratio: 3.0,
        mains_hz: 50.0,
        heart_ratio: 6.0,
        motion_per_minute: 2.0,
        spikes_per_minute: 2.0,
        lead_off_per_minute: 0.3,
        drift_cmh2o: 5.0,
    };
}
