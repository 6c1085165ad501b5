//! The device's own clock, which runs a little too fast or too slow.

use levator_signal::HostTime;

const BILLION: u128 = 1_000_000_000;

/// Converts between host time and device time, both in nanoseconds, in whole numbers: the same on
/// every machine and without drift of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crystal {
    /// Device nanoseconds in a billion host nanoseconds.
    pace: u128,
}

impl Crystal {
    /// A crystal that runs `ppm` parts per million too fast, within ±10 000.
    pub(crate) fn new(ppm: f64) -> Self {
        Self { pace: (1e9 + (ppm * 1e3).round()) as u128 }
    }

    /// What the device's clock shows at `host`.
    pub(crate) fn device_ns(self, host: HostTime) -> u64 {
        saturate(u128::from(host.as_nanos()) * self.pace / BILLION)
    }

    /// First host time at which the device's clock shows `device_ns` or later.
    pub(crate) fn host_time(self, device_ns: u64) -> HostTime {
        HostTime::from_nanos(saturate((u128::from(device_ns) * BILLION).div_ceil(self.pace)))
    }
}

/// Evenly spaced instants: number `k` lies `k / rate` after the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) first_ns: u64,
    pub(crate) rate_mhz: u32,
}

impl Grid {
    const NS_PER_1000_S: u128 = 1000 * BILLION;

    /// Instant number `index`, in nanoseconds of device time.
    pub(crate) fn instant_ns(self, index: u64) -> u64 {
        let since = u128::from(index) * Self::NS_PER_1000_S / u128::from(self.rate_mhz);
        self.first_ns.saturating_add(saturate(since))
    }

    /// Number of the first instant at or after `device_ns`.
    pub(crate) fn index_from(self, device_ns: u64) -> u64 {
        let since = u128::from(device_ns.saturating_sub(self.first_ns));
        let mut index = saturate(since * u128::from(self.rate_mhz) / Self::NS_PER_1000_S);
        while self.instant_ns(index) < device_ns {
            index += 1;
        }
        index
    }
}

fn saturate(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_crystal_gains_its_parts_per_million() {
        let hour = HostTime::from_nanos(3_600_000_000_000);
        assert_eq!(Crystal::new(0.0).device_ns(hour), 3_600_000_000_000);
        assert_eq!(Crystal::new(100.0).device_ns(hour), 3_600_360_000_000);
        assert_eq!(Crystal::new(-0.5).device_ns(hour), 3_599_998_200_000);
    }

    #[test]
    fn host_time_is_the_first_that_is_not_too_early() {
        for ppm in [-200.0, -0.3, 0.0, 37.1, 10_000.0] {
            let crystal = Crystal::new(ppm);
            for device_ns in [0, 1, 999_999, 1_000_000_007, 86_400_000_000_001] {
                let host = crystal.host_time(device_ns);
                assert!(crystal.device_ns(host) >= device_ns, "{ppm} ppm, {device_ns} ns");
                if let Some(before) = host.as_nanos().checked_sub(1) {
                    let before = crystal.device_ns(HostTime::from_nanos(before));
                    assert!(before < device_ns, "{ppm} ppm, {device_ns} ns");
                }
            }
        }
    }

    #[test]
    fn a_grid_finds_its_own_instants() {
        for rate_mhz in [1, 47_600, 999_983, 1_000_000, 4_000_000_000] {
            let grid = Grid { first_ns: 17, rate_mhz };
            for index in [0, 1, 2, 999, 1_000_003] {
                assert_eq!(grid.index_from(grid.instant_ns(index)), index, "{rate_mhz} mHz");
                assert_eq!(grid.index_from(grid.instant_ns(index) + 1), index + 1);
            }
            assert_eq!(grid.index_from(0), 0);
        }
    }
}
