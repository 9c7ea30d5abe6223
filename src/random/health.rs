//! The continuous health tests of NIST SP 800-90B, 4.4. A sample is a byte, and a sound source gives H = 8 bits of
//! min-entropy with each, because the system's source is conditioned.
//!
//! | test | fails when | a sound source does so with |
//! | --- | --- | --- |
//! | repetition count (4.4.1) | 9 bytes in a row are equal | α = 2^−64 at each byte: C = 1 + ⌈−log2 α / H⌉ = 9 |
//! | adaptive proportion (4.4.2) | one of the first 8 bytes of a window of 512 comes 27 times more in it | α = 2^−64 in each window |
//! | repeated block (FIPS 140-2, 4.9.2) | the first 8 bytes of a window come again in it, at a multiple of 8 | α = 2^−64 at each block |
//!
//! *Adaptive proportion.* The standard watches one byte of each window, the first. A counter of 32 bits would pass for
//! ever if the first byte is always its lowest. So here eight bytes are watched, which include any counter's high bytes.
//! Each of the 504 samples after them equals a given one with a probability of 2^−8, and 27 is the least C with
//! 8 · P(Bin(504, 2^−8) ≥ C) ≤ 2^−64.
//!
//! *Repeated block.* FIPS 140-2 compares each block with the one before, and sees a source that gives the same block again and
//! again. A comparison with the first block of the window also finds every cycle of up to 63 bytes, cycles of up to 504 bytes
//! if their length is a multiple of 8, and a source that starts again with each call.
//!
//! The tested bytes become keys: no comparison takes longer for one value than for another, and no address depends on a
//! value. The tests are written here because `getrandom` and `rand` have none.

use ctutils::{Choice, CtEq, CtLt};
use zeroize::Zeroize;

/// W of 4.4.2, for samples that are not binary.
pub(super) const WINDOW: usize = 512;
/// The number of bytes of a block, and of watched samples in a window.
pub(super) const BLOCK: usize = 8;
/// The cutoff of the repetition count test.
const REPETITIONS: u8 = 9;
/// The cutoff of the adaptive proportion test: a watched byte that comes again this often fails.
const PROPORTION: u16 = 27;

/// The part of a source's output that the tests remember. It is secret, and wiped when dropped.
#[derive(Default)]
pub(super) struct Health {
    /// The previous byte, and how often it came in a row.
    last: u8,
    run: u8,
    /// How many bytes of the window have come.
    place: usize,
    /// The first block of the window, and how often each of its bytes has come again.
    watched: [u8; BLOCK],
    counts: [u16; BLOCK],
    /// The bits in which the current block differs from the first.
    difference: u8,
}

impl Health {
    /// Whether the next byte is the first of a window.
    pub(super) fn is_at_window(&self) -> bool {
        self.place == 0
    }

    /// How many bytes there are until the next window begins.
    pub(super) fn left_in_window(&self) -> usize {
        WINDOW - self.place
    }

    /// Tests the bytes of one draw; returns whether the source passes.
    pub(super) fn admits(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().fold(Choice::TRUE, |is_sound, byte| is_sound & self.admits_byte(*byte)).to_bool()
    }

    fn admits_byte(&mut self, byte: u8) -> Choice {
        self.run = (self.run * byte.ct_eq(&self.last).to_u8()).saturating_add(1);
        self.last = byte;
        let mut is_sound = self.run.ct_lt(&REPETITIONS);

        if self.place < BLOCK {
            self.watched[self.place] = byte;
        } else {
            for (count, watched) in self.counts.iter_mut().zip(self.watched) {
                *count += u16::from(byte.ct_eq(&watched).to_u8());
                is_sound &= count.ct_lt(&PROPORTION);
            }
            let place = self.place % BLOCK;
            self.difference |= byte ^ self.watched[place];
            if place == BLOCK - 1 {
                is_sound &= !self.difference.ct_eq(&0);
                self.difference = 0;
            }
        }
        self.place += 1;
        if self.place == WINDOW {
            (self.place, self.counts) = (0, [0; BLOCK]);
        }
        is_sound
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        let Self { last, run, place: _, watched, counts, difference } = self;
        last.zeroize();
        run.zeroize();
        watched.zeroize();
        counts.zeroize();
        difference.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(Bin(samples, 2^−8) ≥ least), each term from the one before.
    fn tail(samples: u16, least: u16) -> f64 {
        let (samples, p) = (f64::from(samples), 1.0 / 256.0);
        let mut term = (1.0_f64 - p).powf(samples);
        let mut sum = 0.0;
        for successes in 0..512_u16 {
            if successes >= least {
                sum += term;
            }
            let successes = f64::from(successes);
            term *= (samples - successes).max(0.0) / (successes + 1.0) * p / (1.0 - p);
        }
        sum
    }

    #[test]
    fn the_cutoffs_are_those_of_the_formulas() {
        let alpha = 2.0_f64.powi(-64);
        assert_eq!(f64::from(REPETITIONS), 1.0 + (-alpha.log2() / 8.0).ceil());
        // By hand: 1 − P(no success), and two samples that both succeed.
        assert!((tail(504, 1) - (1.0 - (255.0_f64 / 256.0).powi(504))).abs() < 1e-12);
        assert!((tail(2, 2) * 65_536.0 - 1.0).abs() < 1e-12);
        let false_alarm = |cutoff| 8.0 * tail(504, cutoff);
        assert!(false_alarm(PROPORTION) <= alpha && false_alarm(PROPORTION - 1) > alpha);
    }

    /// A window that passes: 1 to 8 are watched, and what follows has no value often and no block twice.
    fn window() -> [u8; WINDOW] {
        core::array::from_fn(|place| if place < 8 { place as u8 + 1 } else { 9 + (place % 240) as u8 })
    }

    fn passes(window: &[u8]) -> bool {
        let mut health = Health::default();
        health.admits(window)
    }

    #[test]
    fn eight_in_a_row_pass_and_nine_do_not() {
        let mut bytes = window();
        bytes[100..108].fill(0xff);
        assert!(passes(&bytes));
        bytes[108] = 0xff;
        assert!(!passes(&bytes));
        assert!(!passes(&[0x5a; 1000]));
    }

    #[test]
    fn each_watched_byte_may_come_again_26_times() {
        for watched in 1..=8 {
            let mut bytes = window();
            bytes[8..].iter_mut().step_by(19).take(26).for_each(|byte| *byte = watched);
            assert!(passes(&bytes), "{watched}");
            bytes[511] = watched;
            assert!(!passes(&bytes), "{watched}");
        }
    }

    #[test]
    fn the_first_block_may_not_come_again() {
        for place in (8..512).step_by(8) {
            let mut bytes = window();
            bytes[place..place + 8].copy_from_slice(&window()[..8]);
            assert!(!passes(&bytes), "{place}");
            for bit in 0..64 {
                let mut other = bytes;
                other[place + bit / 8] ^= 0x80 >> (bit % 8);
                assert!(passes(&other), "{place}, bit {bit}");
            }
        }
    }

    /// The result does not depend on how the bytes are spread over draws, and every window starts its counts again.
    #[test]
    fn windows_do_not_depend_on_draws() {
        for len in [1, 3, 8, 100, 512, 2000] {
            let mut health = Health::default();
            let bytes = [window(); 8].concat();
            assert!(bytes.chunks(len).all(|draw| health.admits(draw)), "{len}");
            assert!(![1_u8, 2, 3, 4, 5, 6, 7, 8].repeat(2).chunks(len).all(|draw| health.admits(draw)));
        }
    }
}
