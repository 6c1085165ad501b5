//! A plain way to read levels from a visit, which shares nothing with the engine.

use levator_catalog::programmes;
use levator_programme::Programme;
use levator_simulate::people::{Setup, Visit};

pub(crate) fn programme(id: &str) -> Programme {
    programmes::built_in(id).expect("it is built in")
}

/// The usual setup with this name, at gain 1.
pub(crate) fn setup(name: &str) -> Setup {
    let mut all = Setup::usual().into_iter();
    all.find(|setup| setup.name() == name).expect("there is such a setup")
}

/// All samples of all channels of a visit, channel by channel.
pub(crate) fn samples(visit: &Visit) -> Vec<Vec<f64>> {
    let channel_count = visit.channels().count();
    let mut channels = vec![Vec::new(); channel_count];
    let (mut signal, mut scan) = (visit.signal(), [f64::NAN; 4]);
    while signal.next_scan(&mut scan) {
        for (channel, value) in channels.iter_mut().zip(scan) {
            channel.push(value);
        }
    }
    channels
}

pub(crate) fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(crate) fn sd(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|v| (v - middle).powi(2)).collect::<Vec<_>>()).sqrt()
}
