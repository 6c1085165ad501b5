//! Values that stand in a file as a word, or as a number of seconds.

use core::fmt;
use core::marker::PhantomData;

use levator_measure::{How, Quantity, Task};
use levator_programme::{
    AfterGap, Evidence, Load, Millis, Part, PhaseKind, Position, TargetUnit, WindowKind,
};
use levator_score::{
    Detector, Expulsion, FeltContraction, FeltRelaxation, FeltTone, Modality, Sex, Site, State,
    Symptom,
};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An enum whose values have names.
pub(crate) trait Named: Copy + 'static {
    const ALL: &'static [Self];
    fn name(self) -> &'static str;
}

macro_rules! named {
    ($($kind:ty),+ $(,)?) => {
        $(impl Named for $kind {
            const ALL: &'static [Self] = <$kind>::ALL;
            fn name(self) -> &'static str {
                <$kind>::name(self)
            }
        })+
    };
}

named!(
    AfterGap,
    Detector,
    Evidence,
    Expulsion,
    FeltContraction,
    FeltRelaxation,
    FeltTone,
    How,
    Load,
    Modality,
    Part,
    PhaseKind,
    Position,
    Quantity,
    Sex,
    Site,
    State,
    Symptom,
    TargetUnit,
    Task,
    WindowKind,
);

/// A value of such an enum in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Named> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de, T: Named> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words<T>(PhantomData<T>);
        impl<T: Named> Visitor<'_> for Words<T> {
            type Value = Word<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of ")?;
                for (index, one) in T::ALL.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{:?}", one.name())?;
                }
                Ok(())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Word<T>, E> {
                let found = T::ALL.iter().find(|one| one.name() == text);
                found
                    .map(|one| Word(*one))
                    .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Words(PhantomData))
    }
}

/// A length of time: a number of seconds with at most three decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seconds(pub(crate) Millis);

/// Longest that can be said: far beyond what any programme may have, and exact in milliseconds.
const LONGEST_S: f64 = 1e9;

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.0 % 1000 {
            0 => serializer.serialize_u64(self.0.0 / 1000),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Seconds;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds, 0 or more, with at most three decimals")
            }
            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
                match u64::try_from(seconds) {
                    Ok(whole) if whole as f64 <= LONGEST_S => Ok(Seconds(Millis::from_secs(whole))),
                    _ => Err(E::invalid_value(Unexpected::Signed(seconds), &self)),
                }
            }
            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Seconds, E> {
                let millis = (seconds * 1000.0).round();
                // The nearest double to a decimal with three places, and no other, comes back.
                let exact = (0.0..=LONGEST_S).contains(&seconds)
                    && (millis / 1000.0).to_bits() == (seconds + 0.0).to_bits();
                if exact {
                    return Ok(Seconds(Millis(millis as u64)));
                }
                Err(E::invalid_value(Unexpected::Float(seconds), &self))
            }
        }
        deserializer.deserialize_any(Number)
    }
}
