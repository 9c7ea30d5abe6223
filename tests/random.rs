//! A broken random source is an error, after a bounded number of bytes and steps, and a sound one never is.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use card_pin::{
    error::Error,
    key_pair::{KeyPair, KeyPairSearch, KeySize},
    pan::Pan,
    pin_block::{Format, PinBlock, PinField},
    random::{HealthTested, SystemRandom, fill, in_range},
};
use card_pin_testing::{Exhausted, Fill, Source, replay};
use common::pin;
use rand::{Rng, SeedableRng, TryRng, rngs::SmallRng};

/// The bytes within which the tests find every broken source below: those of the start-up test, and four windows.
const NOTICED_AFTER: usize = 1024 + 4 * 512;

/// A random source that is a function of how many bytes came before, and of the buffer to fill; counts the bytes.
struct Counted<F> {
    give: F,
    given: usize,
}

impl<F: FnMut(usize, &mut [u8]) -> Result<(), Exhausted>> Fill for Counted<F> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Exhausted> {
        (self.give)(self.given, bytes)?;
        self.given += bytes.len();
        assert!(self.given < 1 << 27, "this never ends");
        Ok(())
    }
}

fn counted<F: FnMut(usize, &mut [u8]) -> Result<(), Exhausted>>(give: F) -> Source<Counted<F>> {
    Source(Counted { give, given: 0 })
}

type Boxed = Source<Counted<Box<dyn FnMut(usize, &mut [u8]) -> Result<(), Exhausted>>>>;

fn source(mut give: impl FnMut(usize, &mut [u8]) + 'static) -> Boxed {
    counted(Box::new(move |given, bytes| {
        give(given, bytes);
        Ok(())
    }))
}

/// The byte at each place of the stream.
fn stream(mut byte: impl FnMut(usize) -> u8 + 'static) -> Boxed {
    source(move |given, bytes| bytes.iter_mut().zip(given..).for_each(|(to, place)| *to = byte(place)))
}

fn sound(seed: u64) -> SmallRng {
    SmallRng::seed_from_u64(seed)
}

/// Broken sources, each with its name.
fn broken() -> Vec<(String, Boxed)> {
    let mut broken: Vec<(String, Boxed)> = Vec::new();
    for value in 0..=255 {
        broken.push((format!("always {value:#04x}"), stream(move |_| value)));
    }
    broken.push(("0x00 0x01".into(), stream(|place| (place % 2) as u8)));
    for period in (2..=63).chain([64, 96, 128, 256, 504]) {
        let mut cycle = vec![0; period];
        sound(period as u64).fill_bytes(&mut cycle);
        broken.push((format!("a cycle of {period}"), stream(move |place| cycle[place % period])));
    }
    for (width, first) in [(1, 0), (2, 0), (4, 1), (8, 1), (8, u64::MAX / 3), (16, 1)] {
        let count = move |place: usize| u128::from(first) + (place / width) as u128;
        let low = stream(move |place| count(place).to_le_bytes()[place % width]);
        broken.push((format!("a counter of {width} bytes from {first}, lowest first"), low));
        let high = stream(move |place| count(place).to_be_bytes()[16 - width + place % width]);
        broken.push((format!("a counter of {width} bytes from {first}, highest first"), high));
    }
    for value in [0, 0x5a, 255] {
        let mut random = sound(1);
        let half =
            move |_| if random.next_u32() >> 31 == 0 { value } else { (random.next_u32() >> 24) as u8 };
        broken.push((format!("{value:#04x} half of the time"), stream(half)));
    }
    for stuck_after in [1, 100, 1023, 1024, 1025, 2000] {
        let mut random = sound(2);
        let byte = move |place| if place < stuck_after { (random.next_u32() >> 24) as u8 } else { 0x5a };
        broken.push((format!("stuck after {stuck_after}"), stream(byte)));
    }
    let anew = source(|_, bytes| sound(3).fill_bytes(bytes));
    broken.push(("the same in each call".into(), anew));
    broken
}

#[test]
fn a_broken_source_fails_soon_and_gives_nothing_out() {
    for len in [4, 8, 100] {
        for (name, source) in broken() {
            let mut random = HealthTested::from_source(source);
            let mut bytes = vec![0; len];
            let draws = (0..).find(|_| fill(&mut random, &mut bytes).is_err()).unwrap();
            assert!(1024 + draws * len <= NOTICED_AFTER, "{name}: {draws} draws of {len}");
            assert!(bytes.iter().all(|byte| *byte == 0), "{name}: what failed was given out");
        }
    }
}

/// The source is sound again, or has bytes again, but every draw still fails.
#[test]
fn a_failure_is_permanent() {
    let stuck = |after: usize| {
        let mut random = sound(4);
        stream(move |place| if (after..after + 9).contains(&place) { 7 } else { random.next_u32() as u8 })
    };
    let interrupted = |after: usize| {
        let (mut random, mut has_failed) = (sound(5), false);
        let give = move |given: usize, bytes: &mut [u8]| {
            if given >= after && !has_failed {
                has_failed = true;
                return Err(Exhausted);
            }
            random.fill_bytes(bytes);
            Ok(())
        };
        counted(Box::new(give) as Box<dyn FnMut(usize, &mut [u8]) -> _>)
    };
    for after in [0, 100, 1024, 1100, 3000] {
        for source in [stuck(after), interrupted(after)] {
            let mut random = HealthTested::from_source(source);
            let mut bytes = [0; 16];
            let failed = (0..1000).find(|_| fill(&mut random, &mut bytes).is_err());
            assert!(
                failed.is_some_and(|draws| draws * 16 <= after.saturating_sub(1000)),
                "{after}: {failed:?}"
            );
            for _ in 0..1000 {
                assert_eq!(fill(&mut random, &mut bytes), Err(Error::EntropyUnavailable));
                assert_eq!(random.try_next_u32(), Err(Error::EntropyUnavailable));
                assert_eq!(bytes, [0; 16]);
            }
        }
    }
}

#[test]
fn a_sound_source_raises_no_false_alarm() {
    let mut random = SystemRandom::default();
    let mut bytes = vec![0; 1 << 20];
    for len in (0..2000).chain([1 << 20; 64]) {
        fill(&mut random, &mut bytes[..len]).unwrap();
    }
}

/// Two windows, and of each later window the first block, which the tests remember while it lasts.
#[test]
fn bytes_that_the_tests_remember_are_discarded() {
    let mut bytes = vec![0; 4096];
    sound(7).fill_bytes(&mut bytes);
    let given: Vec<u8> = bytes[1024..].chunks(512).flat_map(|window| &window[8..]).copied().collect();
    for len in [1, 3, 8, 500, 3000] {
        let bytes = bytes.clone();
        let mut random = HealthTested::from_source(stream(move |place| bytes[place]));
        let mut drawn = vec![0; 3000];
        drawn.chunks_mut(len).for_each(|part| fill(&mut random, part).unwrap());
        assert!(drawn == given[..3000], "{len} at a time");
    }
}

#[test]
fn a_search_for_a_key_pair_ends_without_one() {
    for (name, source) in broken() {
        let mut search = KeyPairSearch::new(KeySize::Rsa2048);
        let mut random = HealthTested::from_source(source);
        // A search draws more bytes for the first window than it takes to notice a broken source.
        let error = (0..2).find_map(|_| search.step(&mut random).err());
        assert_eq!(error, Some(Error::EntropyUnavailable), "{name}");
    }
}

/// Also if the source is not tested: p = q, or no window at all.
#[test]
fn a_search_that_cannot_end_fails() {
    for value in [0x00, 0x5a, 0xff] {
        let made = KeyPair::make(KeySize::Rsa2048, &mut stream(move |_| value));
        assert_eq!(made.err(), Some(Error::EntropyUnavailable), "{value:#04x}");
    }
}

/// The source fails at each of several bytes.
#[test]
fn a_search_needs_every_byte() {
    for bytes in (0..1200).step_by(50).chain((1200..12_000).step_by(1000)) {
        let mut random = sound(8);
        let give = move |given: usize, to: &mut [u8]| {
            if given + to.len() > bytes {
                return Err(Exhausted);
            }
            random.fill_bytes(to);
            Ok(())
        };
        let mut random = HealthTested::from_source(counted(give));
        let made = KeyPair::make(KeySize::Rsa2048, &mut random);
        assert_eq!(made.err(), Some(Error::EntropyUnavailable), "{bytes}");
    }
}

#[test]
fn no_block_is_made_without_randomness() {
    let pan = || Pan::from_ascii(b"5413330089020011").unwrap();
    type Make = fn(Pan, &mut HealthTested<Boxed>) -> Option<Error>;
    let makes: [Make; 3] = [
        |_, random| PinBlock::make(pin(&[4, 8, 2, 6]), &Format::Iso1, random).err(),
        |pan, random| PinBlock::make(pin(&[4, 8, 2, 6]), &Format::Iso3(pan), random).err(),
        |_, random| PinField::make(pin(&[4, 8, 2, 6]), random).err(),
    ];
    for make in makes {
        for (name, source) in broken() {
            let mut random = HealthTested::from_source(source);
            let error = (0..300).find_map(|_| make(pan(), &mut random));
            assert_eq!(error, Some(Error::EntropyUnavailable), "{name}");
        }
    }
}

#[test]
fn a_number_in_a_range_takes_two_words_at_most() {
    for value in [0x00, 0x2a, 0x2b, 0x55, 0xaa, 0xff] {
        let mut random = stream(move |_| value);
        assert!((10..=15).contains(&in_range(&mut random, 10_u8..=15).unwrap()));
        assert!(random.0.given == 4 || random.0.given == 8, "{}", random.0.given);
    }
    // The first word is next to a boundary, and there is no second.
    let word = (u64::from(u32::MAX) / 6) as u32;
    for bytes in [0, 3, 4, 7] {
        let stream = word.to_le_bytes().repeat(2);
        let mut random = replay(stream[..bytes].to_vec());
        assert_eq!(in_range(&mut random, 10_u8..=15), Err(Error::EntropyUnavailable), "{bytes}");
    }
    assert_eq!(in_range(&mut SystemRandom::new(), 1..1), Err(Error::EntropyUnavailable));
}

#[test]
fn debug_shows_no_byte() {
    assert_eq!(format!("{:?}", SystemRandom::new()), "HealthTested(…)");
}
