//! A PIN in the clear.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::random::{self, NoEntropy};

/// ISO 9564-1 §8.1: four to twelve digits.
pub(super) const MIN_DIGITS: u8 = 4;
pub(super) const MAX_DIGITS: u8 = 12;
/// The size of a sealable PIN: a length byte, then the digits, padded so that a sealed PIN does not show its length.
const SEALABLE_BYTES: usize = 1 + MAX_DIGITS as usize;

/// A PIN in the clear. Wiped on drop; shown only through [`Pin::expose`].
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Pin {
    length: u8,
    digits: [u8; MAX_DIGITS as usize],
}

impl Pin {
    /// A PIN of these digits; `None` if there are too few or too many, or if one is not a digit.
    pub(super) fn from_digits(from: impl ExactSizeIterator<Item = u8>) -> Option<Self> {
        let mut pin = Self { length: u8::try_from(from.len()).ok()?, digits: [0; MAX_DIGITS as usize] };
        for (digit, from) in pin.digits.iter_mut().zip(from) {
            *digit = from;
        }
        pin.checked()
    }

    /// Draws a PIN of four digits, each equally likely.
    pub(super) fn make_random() -> Result<Self, NoEntropy> {
        let mut pin = Self { length: MIN_DIGITS, digits: [0; MAX_DIGITS as usize] };
        for digit in &mut pin.digits[..usize::from(MIN_DIGITS)] {
            *digit = random::below(10)?;
        }
        Ok(pin)
    }

    /// Its digits, first to last.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[..usize::from(self.length.min(MAX_DIGITS))]
    }

    /// Undoes [`Self::to_sealable`].
    pub(super) fn from_sealable(bytes: &[u8]) -> Option<Self> {
        let (length, digits) = bytes.split_first()?;
        Self { length: *length, digits: digits.try_into().ok()? }.checked()
    }

    /// A fixed-length form for sealing.
    pub(super) fn to_sealable(&self) -> Zeroizing<[u8; SEALABLE_BYTES]> {
        let mut bytes = Zeroizing::new([0; SEALABLE_BYTES]);
        bytes[0] = self.length;
        bytes[1..].copy_from_slice(&self.digits);
        bytes
    }

    /// The digits as text, for the one test control that shows a PIN.
    pub(crate) fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(self.digits().iter().map(|digit| char::from(b'0' + digit)).collect())
    }

    fn checked(self) -> Option<Self> {
        let length_fits = (MIN_DIGITS..=MAX_DIGITS).contains(&self.length);
        (length_fits && self.digits.iter().all(|digit| *digit <= 9)).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(digits: &[u8]) -> Option<Pin> {
        Pin::from_digits(digits.iter().copied())
    }

    #[test]
    fn four_to_twelve_digits() {
        for length in 0..16 {
            assert_eq!(pin(&vec![7; length]).is_some(), (4..=12).contains(&length), "{length} digits");
        }
        assert!(pin(&[1, 2, 3, 10]).is_none());
    }

    #[test]
    fn survives_sealing_without_showing_its_length() {
        let (short, long) =
            (pin(&[1, 2, 3, 4]).unwrap(), pin(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]).unwrap());
        assert_eq!(short.to_sealable().len(), long.to_sealable().len());
        let back = Pin::from_sealable(long.to_sealable().as_slice()).unwrap();
        assert_eq!(back.expose().as_str(), "123456789012");
        assert!(Pin::from_sealable(&[4, 1, 2, 3]).is_none());
    }

    #[test]
    fn random_ones_have_four_digits_and_differ() {
        let drawn: Vec<_> = (0..20).map(|_| Pin::make_random().unwrap().expose().to_string()).collect();
        assert!(drawn.iter().all(|pin| pin.len() == 4));
        assert!(drawn.iter().any(|pin| *pin != drawn[0]), "{drawn:?}");
    }
}
