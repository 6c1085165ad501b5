//! How strong the signal is where nothing happens.

/// Blocks that are remembered: 6.4 s of 0.1 s. Our choice: several beats, and the rest between two
/// contractions.
const MEMORY: usize = 64;

/// Which of the blocks, in order of power, is taken for rest. A third: with a beat in every second
/// block and more it would still be rest, and so it is while half the time is contraction.
const QUANTILE: f64 = 0.33;

/// Blocks from one look to the next.
const INTERVAL: u64 = 4;

/// The power of a signal at rest: a low quantile of the mean power of its last blocks.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    blocks: [f64; MEMORY],
    block_count: u64,
    block_len: usize,
    sum: f64,
    fill: usize,
    power: f64,
}

impl Floor {
    /// For values of which `block_len` make a block.
    pub(super) fn new(block_len: usize) -> Self {
        Self {
            blocks: [0.0; MEMORY],
            block_count: 0,
            block_len: block_len.max(1),
            sum: 0.0,
            fill: 0,
            power: 0.0,
        }
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.block_len);
    }

    /// Values in a block, or as many as coarse ones hold that are not fewer.
    pub(super) const fn block_len(&self) -> usize {
        self.block_len
    }

    /// Takes the energy of `len` further values; the power of the block if one is complete.
    pub(super) fn take(&mut self, energy: f64, len: usize) -> Option<f64> {
        self.sum += energy;
        self.fill += len;
        if self.fill < self.block_len {
            return None;
        }
        let power = self.sum / self.fill as f64;
        self.blocks[(self.block_count % MEMORY as u64) as usize] = power;
        self.block_count += 1;
        (self.sum, self.fill) = (0.0, 0);
        if self.block_count.is_multiple_of(INTERVAL) || self.block_count < INTERVAL {
            self.look();
        }
        Some(power)
    }

    fn look(&mut self) {
        let mut sorted = self.blocks;
        let known = (self.block_count as usize).min(MEMORY);
        let index = (QUANTILE * known as f64) as usize;
        let (_, quantile, _) = sorted[..known].select_nth_unstable_by(index, f64::total_cmp);
        self.power = *quantile;
    }

    /// The power at rest, zero before the first block.
    pub(super) const fn power(&self) -> f64 {
        self.power
    }
}
