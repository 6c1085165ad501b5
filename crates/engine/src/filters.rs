//! One filter run for all channels of a stream, eight at a time.

use levator_signal::{Bank, SampleRate, Sections};

use crate::channel::{BLOCK_LEN, Channel};

/// Streams with fewer searched channels are filtered one by one. A bank does the work of eight channels
/// whatever their number, and its blocks may be short.
const LEAST_FOR_BANK: usize = 3;

/// Scans in a block of a stream whose channels are filtered together: all forms of eight channels then
/// stay in the first cache.
pub(crate) const SHORT_BLOCK_LEN: usize = 128;

/// Banks for streams to claim. All memory is taken in [`Filters::new`].
#[derive(Debug)]
pub(crate) struct Filters {
    banks: Vec<(Bank, bool)>,
    scans: Vec<[f64; Bank::CHANNELS]>,
}

/// The banks of one stream, one for each eight of its searched channels.
pub(crate) type Banks = [Option<u16>; levator_decode::MAX_CHANNELS.div_ceil(Bank::CHANNELS)];

impl Filters {
    pub(crate) fn new(max_channel_count: usize, rate: SampleRate) -> Self {
        let bank = Bank::new(&Sections::identity(rate));
        // Each bank has at least that many channels, or is the second of a full one.
        let most = max_channel_count.div_ceil(LEAST_FOR_BANK) + max_channel_count / Bank::CHANNELS;
        Self { banks: vec![(bank, false); most], scans: Vec::with_capacity(BLOCK_LEN) }
    }

    /// Banks for `count` channels with this filter; none where channels do as well alone.
    pub(crate) fn claim(&mut self, sections: &Sections, count: usize) -> Banks {
        let mut claimed = Banks::default();
        if count < LEAST_FOR_BANK {
            return claimed;
        }
        for place in &mut claimed[..count.div_ceil(Bank::CHANNELS)] {
            let Some(free) = self.banks.iter().position(|(_, is_used)| !is_used) else { break };
            self.banks[free] = (Bank::new(sections), true);
            *place = Some(free as u16);
        }
        claimed
    }

    pub(crate) fn release(&mut self, banks: Banks) {
        for bank in banks.into_iter().flatten() {
            self.banks[usize::from(bank)].1 = false;
        }
    }

    /// Filters what the channels of a stream have loaded; `places` are theirs in the pool.
    pub(crate) fn process(
        &mut self,
        banks: &Banks,
        pool: &mut [Channel],
        places: impl Iterator<Item = usize>,
    ) {
        let mut group = [0; Bank::CHANNELS];
        let mut count = 0;
        let mut banks = banks.iter().copied();
        let mut places = places.peekable();
        while let Some(place) = places.next() {
            group[count] = place;
            count += 1;
            if count < Bank::CHANNELS && places.peek().is_some() {
                continue;
            }
            let members = &group[..core::mem::take(&mut count)];
            match banks.next().flatten() {
                Some(bank) => self.together(usize::from(bank), pool, members),
                None => members.iter().for_each(|place| pool[*place].filter()),
            }
        }
    }

    fn together(&mut self, bank: usize, pool: &mut [Channel], members: &[usize]) {
        let (bank, _) = &mut self.banks[bank];
        let len = pool[members[0]].filtered().len();
        // Lanes without a channel hold zeros: what is left of others could grow beyond all numbers.
        self.scans.clear();
        self.scans.resize(len, [0.0; Bank::CHANNELS]);
        for (lane, place) in members.iter().enumerate() {
            let channel = &mut pool[*place];
            if channel.take_restart() {
                bank.reset_channel(lane);
            }
            for (scan, value) in self.scans.iter_mut().zip(channel.filtered()) {
                scan[lane] = *value;
            }
        }
        bank.process(&mut self.scans);
        for (lane, place) in members.iter().enumerate() {
            for (scan, value) in self.scans.iter().zip(pool[*place].filtered()) {
                *value = scan[lane];
            }
        }
    }
}
