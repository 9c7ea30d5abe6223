//! Decodes and makes PIN blocks of ISO 9564-1 format 1 (§9.3.3): no card number in it, random filler behind the PIN.
//!
//! ```text
//! nibble   1   2   3 … 6   7 … 14        15  16
//!          C   N   P P P P P/F …         F   F
//! ```
//!
//! C = 1 (the format), N = length 4…12, P = a digit, F = filler of any value.

use crate::random::{self, NoEntropy};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The length of a format 1 block: one block of TDEA.
pub(crate) const PIN_BLOCK_BYTES: usize = 8;

const MIN_DIGITS: u8 = 4;
const MAX_DIGITS: u8 = 12;
/// A length byte, then the digits, padded so that a sealed PIN does not show its length.
const SEALABLE_BYTES: usize = 1 + MAX_DIGITS as usize;

/// A PIN in the clear. Wiped on drop; shown only through [`Pin::expose`].
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Pin {
    length: u8,
    digits: [u8; MAX_DIGITS as usize],
}

impl Pin {
    /// Reads the PIN out of a decrypted block; nothing if control nibble, length or any digit is wrong.
    pub(super) fn from_format_1(block: &[u8; PIN_BLOCK_BYTES]) -> Option<Self> {
        let nibble = |index: usize| {
            if index.is_multiple_of(2) { block[index / 2] >> 4 } else { block[index / 2] & 0x0F }
        };
        if nibble(0) != 1 {
            return None;
        }
        let mut pin = Self { length: nibble(1), digits: [0; MAX_DIGITS as usize] };
        for index in 0..usize::from(pin.length.min(MAX_DIGITS)) {
            pin.digits[index] = nibble(2 + index);
        }
        pin.checked()
    }

    /// Makes the block of this PIN, with filler drawn anew.
    pub(super) fn to_format_1(&self) -> Result<Zeroizing<[u8; PIN_BLOCK_BYTES]>, NoEntropy> {
        let mut block = Zeroizing::new([0; PIN_BLOCK_BYTES]);
        random::fill(&mut *block)?;
        let mut put = |index: usize, nibble: u8| {
            let byte = &mut block[index / 2];
            *byte = if index.is_multiple_of(2) { *byte & 0x0F | nibble << 4 } else { *byte & 0xF0 | nibble };
        };
        put(0, 1);
        put(1, self.length);
        for (index, digit) in self.digits.iter().take(usize::from(self.length)).enumerate() {
            put(2 + index, *digit);
        }
        Ok(block)
    }

    /// Draws a PIN of four digits, each equally likely.
    pub(super) fn make_random() -> Result<Self, NoEntropy> {
        let mut pin = Self { length: MIN_DIGITS, digits: [0; MAX_DIGITS as usize] };
        for digit in &mut pin.digits[..usize::from(MIN_DIGITS)] {
            *digit = random::below(10)?;
        }
        Ok(pin)
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

    /// The digits as text, for the one lever that shows a PIN.
    pub(crate) fn expose(&self) -> Zeroizing<String> {
        let digits = self.digits.iter().take(usize::from(self.length));
        Zeroizing::new(digits.map(|digit| char::from(b'0' + digit)).collect())
    }

    fn checked(self) -> Option<Self> {
        let length_fits = (MIN_DIGITS..=MAX_DIGITS).contains(&self.length);
        (length_fits && self.digits.iter().all(|digit| *digit <= 9)).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(hex: u64) -> Option<String> {
        Pin::from_format_1(&hex.to_be_bytes()).map(|pin| pin.expose().to_string())
    }

    // The first block is the example of Enfuce's set-PIN guide; the others are written by hand from the picture above.
    #[test]
    fn reads_every_length() {
        assert_eq!(decode(0x1412_34AA_AAAA_AAAA).as_deref(), Some("1234"));
        assert_eq!(decode(0x1598_7650_0000_0000).as_deref(), Some("98765"));
        assert_eq!(decode(0x1600_0000_1234_5678).as_deref(), Some("000000"));
        assert_eq!(decode(0x1712_3456_7FFF_FFFF).as_deref(), Some("1234567"));
        assert_eq!(decode(0x1C12_3456_7890_12AB).as_deref(), Some("123456789012"));
    }

    #[test]
    fn refuses_other_formats() {
        for control in (0..16).filter(|control| *control != 1) {
            assert_eq!(decode(control << 60 | 0x0412_34AA_AAAA_AAAA), None, "control {control}");
        }
    }

    #[test]
    fn refuses_other_lengths() {
        for length in [0, 1, 2, 3, 13, 14, 15] {
            assert_eq!(decode(0x1012_3412_3412_3412 | length << 56), None, "length {length}");
        }
    }

    #[test]
    fn refuses_a_digit_above_nine_in_every_place_but_takes_any_filler() {
        for place in 0..12 {
            let block = 0x1C11_1111_1111_1111 | 0x0A << (52 - 4 * place);
            assert_eq!(decode(block), None, "place {place}");
        }
        for filler in 0..16 {
            assert_eq!(decode(0x1411_11FF_FFFF_FFF0 | filler).as_deref(), Some("1111"));
        }
    }

    #[test]
    fn survives_sealing_without_showing_its_length() {
        let short = Pin::from_format_1(&0x1412_34AA_AAAA_AAAA_u64.to_be_bytes()).unwrap();
        let long = Pin::from_format_1(&0x1C12_3456_7890_12AB_u64.to_be_bytes()).unwrap();
        assert_eq!(short.to_sealable().len(), long.to_sealable().len());
        let back = Pin::from_sealable(long.to_sealable().as_slice()).unwrap();
        assert_eq!(back.expose().as_str(), "123456789012");
        assert!(Pin::from_sealable(&[4, 1, 2, 3]).is_none());
    }
}
