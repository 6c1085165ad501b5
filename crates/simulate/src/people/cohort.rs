//! Many people, evenly over everything.

use super::{Anatomy, Condition, Margin, Participant, Setup};
use crate::rng::SeededRng;

/// `count` people with clear labels: conditions in turn, and within each condition women and men in
/// turn (where there are both), over the [usual setups](Setup::usual) and the [gains](Setup::GAINS)
/// in shuffled order, each combination once before any comes again.
///
/// The first `n` of a larger cohort with the same seed are the cohort of `n`.
#[must_use]
pub fn cohort(seed: u64, count: usize) -> Vec<Participant> {
    cohort_with(seed, count, Margin::Clear)
}

/// The same with another margin.
#[must_use]
pub fn cohort_with(seed: u64, count: usize, margin: Margin) -> Vec<Participant> {
    let mut hands: Vec<Hand> = Condition::ALL
        .into_iter()
        .enumerate()
        .map(|(index, condition)| Hand::new(condition, SeededRng::for_part(seed, index as u64)))
        .collect();
    let hand_count = hands.len();
    (0..count)
        .map(|index| {
            let hand = &mut hands[index % hand_count];
            let (anatomy, setup) = hand.deal();
            let seed = SeededRng::for_part(seed, (1 << 32) + index as u64).bits();
            Participant::draw(hand.condition, anatomy, setup, margin, seed)
                .expect("only what is possible is dealt")
        })
        .collect()
}

/// The combinations of one condition, as decks of cards.
struct Hand {
    condition: Condition,
    rng: SeededRng,
    decks: Vec<Deck>,
    turn: usize,
}

struct Deck {
    anatomy: Anatomy,
    cards: Vec<Setup>,
    dealt: usize,
}

impl Hand {
    fn new(condition: Condition, rng: SeededRng) -> Self {
        let decks = [Anatomy::Female, Anatomy::Male].into_iter().filter_map(|anatomy| {
            let possible = |setup: &Setup| setup.check(condition, anatomy).is_ok();
            let cards: Vec<Setup> = Setup::usual()
                .into_iter()
                .filter(possible)
                .flat_map(|setup| Setup::GAINS.map(|gain| Setup { gain, ..setup }))
                .collect();
            let dealt = cards.len();
            (!cards.is_empty()).then_some(Deck { anatomy, cards, dealt })
        });
        Self { condition, rng, decks: decks.collect(), turn: 0 }
    }

    fn deal(&mut self) -> (Anatomy, Setup) {
        let turn = self.turn % self.decks.len();
        self.turn += 1;
        let deck = &mut self.decks[turn];
        if deck.dealt == deck.cards.len() {
            // Fisher and Yates.
            for last in (1..deck.cards.len()).rev() {
                deck.cards.swap(last, self.rng.between(0, last));
            }
            deck.dealt = 0;
        }
        deck.dealt += 1;
        (deck.anatomy, deck.cards[deck.dealt - 1])
    }
}
