//! Random bytes while they are tested, and a PIN that is made of them.

use super::{good_pin, of_customer};
use crate::{
    measure::{Expected, Stopwatch, Subject, stopwatch},
    random::Dice,
};
use card_pin::random::{HealthTested, fill};
use card_pin_testing::{Exhausted, Fill, Source, replay};

/// Fewer measurements than of the others, because each draws and tests many bytes.
const MEASUREMENTS: usize = 100_000;

/// What the start-up test takes, and the first block of the next window.
const DISCARDED: usize = 2 * 512 + 8;
const GIVEN_OUT: usize = 256;
const DRAWN: usize = DISCARDED + GIVEN_OUT;
/// Whether the first block of each of three windows passes, and whether what follows it does.
const TESTED: usize = 3 * 2;
/// Whether each digit needs a second draw, and whether the PIN is refused.
const SUGGESTED: usize = 4 + 1;

type Filling = dyn FnMut(&mut [u8]) -> Result<(), Exhausted>;

pub(super) fn all() -> [Subject; 2] {
    [
        ("random bytes tested: one sequence / any", tested(), TESTED),
        ("PIN suggested: one / any", suggested(), SUGGESTED),
    ]
    .map(|(name, stopwatch, findings)| Subject {
        name,
        measurements: MEASUREMENTS,
        batch: 1,
        findings,
        expected: Expected::Even,
        stopwatch,
    })
}

fn tested() -> Stopwatch {
    let fixed: [u8; DRAWN] = Dice::default().bytes();
    stopwatch(
        move |class, dice| HealthTested::from_source(behind_pointer(class.choose(fixed, dice.bytes()))),
        |mut source| {
            let mut given_out = [0; GIVEN_OUT];
            let outcome = fill(&mut source, &mut given_out);
            (source, given_out, outcome)
        },
    )
}

/// A source of these bytes whose code stays apart: Valgrind joins conditions that follow each other without a call in between, so that
/// all that the source decides would seem to depend on the verdict before.
fn behind_pointer(bytes: [u8; DRAWN]) -> Source<Box<Filling>> {
    let mut source = replay(bytes.to_vec());
    Source(Box::new(move |to| source.0.fill(to)))
}

/// Draws a PIN that is not refused, so that the first one is taken.
fn suggested() -> Stopwatch {
    stopwatch(
        |class, dice| (of_customer(&[]), replay(good_pin(class, dice).map(word).concat())),
        |(entry, mut source)| entry.suggest(&mut source),
    )
}

/// The word from the source that becomes this digit: the middle of its tenth of all words.
fn word(digit: u8) -> [u8; 4] {
    const TENTH: u32 = u32::MAX / 10;
    (u32::from(digit) * TENTH + TENTH / 2).to_le_bytes()
}
