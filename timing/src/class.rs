//! The two classes of inputs.

use crate::meter::mark;
use std::hint::black_box;

/// The class of the measured inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Fixed,
    Random,
}

impl Class {
    /// The secret bytes of the class.
    pub(crate) fn choose<const N: usize>(self, fixed: [u8; N], random: [u8; N]) -> [u8; N] {
        mark(self.choose_public(fixed, random))
    }

    /// Bytes of the class that are not secret. Both are read and the result is written in the same way whichever it is, so that
    /// making the inputs leaves no trace of the class in the processor.
    pub(crate) fn choose_public<const N: usize>(self, fixed: [u8; N], random: [u8; N]) -> [u8; N] {
        let mask = black_box(if self == Self::Fixed { 0xff } else { 0 });
        std::array::from_fn(|place| black_box(fixed[place] & mask | random[place] & !mask))
    }
}
