//! `Digits`: up to twelve decimal digits, as numbers, in secret memory.

use crate::{error::Error, secret::Secret};
use core::fmt;
use ctutils::{Choice, CtEq};

/// The shortest PIN (ISO 9564-1, 8.1).
pub const MIN_DIGITS: u8 = 4;
/// The longest PIN (ISO 9564-1, 8.1).
pub const MAX_DIGITS: u8 = 12;

/// The digits that a person has typed so far. Places that are not typed yet contain zero.
pub struct Digits {
    digits: Secret<{ MAX_DIGITS as usize }>,
    count: u8,
}

impl Digits {
    /// Makes an empty row.
    #[must_use]
    pub fn empty() -> Self {
        Self { digits: Secret::zeroed(), count: 0 }
    }

    /// How many digits there are.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.count
    }

    /// Appends one digit.
    ///
    /// # Errors
    /// [`Error::NotDigits`] unless `digit` is 0 to 9, [`Error::TooLong`] when twelve are there.
    pub fn push(&mut self, digit: u8) -> Result<(), Error> {
        if digit > 9 {
            return Err(Error::NotDigits);
        }
        // EXPOSE: one digit is written to its place in secret memory; nothing is read out.
        let place = self.digits.expose_mut().get_mut(usize::from(self.count)).ok_or(Error::TooLong)?;
        *place = digit;
        self.count += 1;
        Ok(())
    }

    /// Removes the last digit and wipes its place; does nothing when there is none.
    pub fn pop(&mut self) {
        if let Some(last) = self.count.checked_sub(1) {
            // EXPOSE: one place is overwritten with zero.
            self.digits.expose_mut()[usize::from(last)] = 0;
            self.count = last;
        }
    }

    /// The digits as numbers 0 to 9, [`count`](Self::count) of them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        // EXPOSE: passed on to the callers, each of which says why.
        &self.digits.expose()[..usize::from(self.count)]
    }

    /// Whether both hold the same digits, in a time that does not depend on where they differ.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> Choice {
        // EXPOSE: compared in constant time; only the outcome is returned.
        self.digits.expose().ct_eq(other.digits.expose()) & self.count.ct_eq(&other.count)
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({} of …)", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(digits: &[u8]) -> Digits {
        let mut typed = Digits::empty();
        digits.iter().for_each(|&digit| typed.push(digit).unwrap());
        typed
    }

    #[test]
    fn takes_twelve_digits_and_no_more() {
        let mut digits = typed(&[7; 12]);
        assert_eq!(digits.push(7), Err(Error::TooLong));
        assert_eq!(digits.count(), 12);
    }

    #[test]
    fn takes_only_decimal_digits() {
        let mut digits = Digits::empty();
        for not_a_digit in [10, 48, 57, 255] {
            assert_eq!(digits.push(not_a_digit), Err(Error::NotDigits));
        }
        assert_eq!(digits.count(), 0);
    }

    #[test]
    fn an_erased_digit_is_wiped() {
        let mut digits = typed(&[4, 8, 2, 6]);
        digits.pop();
        assert_eq!(digits.expose(), [4, 8, 2]);
        assert_eq!(digits.digits.expose(), &[4, 8, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        (0..9).for_each(|_| digits.pop());
        assert_eq!(digits.count(), 0);
    }

    #[test]
    fn equality_sees_digits_and_length() {
        assert!(typed(&[1, 2, 3, 4]).ct_eq(&typed(&[1, 2, 3, 4])).to_bool());
        assert!(!typed(&[1, 2, 3, 4]).ct_eq(&typed(&[1, 2, 3, 5])).to_bool());
        assert!(!typed(&[1, 2, 3, 0]).ct_eq(&typed(&[1, 2, 3])).to_bool());
    }

    #[test]
    fn debug_shows_no_digit() {
        assert_eq!(format!("{:?}", typed(&[4, 8, 2, 6])), "Digits(4 of …)");
    }
}
