//! Test card numbers: 16 digits with a Luhn check digit (ISO/IEC 7812-1 annex B).

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::random::{self, NoEntropy};
use crate::store::cards::Product;

const DIGITS: usize = 16;

/// A card number; it is shown masked only.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct CardNumber([u8; DIGITS]);

impl CardNumber {
    /// Draws a number under the test BIN of the product.
    pub(super) fn make(product: Product) -> Result<Self, NoEntropy> {
        // The schemes' public test numbers start so; no issuer gives out cards under them.
        let bin = match product {
            Product::McCard => [5, 5, 5, 5, 5, 5],
            Product::DebitMc => [5, 2, 0, 0, 8, 2],
            Product::VisaCard => [4, 1, 1, 1, 1, 1],
            Product::DebitVisa => [4, 0, 0, 0, 0, 5],
        };
        let mut number = Self([0; DIGITS]);
        number.0[..bin.len()].copy_from_slice(&bin);
        for digit in &mut number.0[bin.len()..DIGITS - 1] {
            *digit = random::below(10)?;
        }
        number.0[DIGITS - 1] = (10 - luhn_sum(&number.0) % 10) % 10;
        Ok(number)
    }
}

/// The first six and the last four digits, as on receipts (PCI DSS 3.4.1).
impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, digit) in self.0.iter().enumerate() {
            match index {
                6..12 => f.write_str("*")?,
                _ => write!(f, "{digit}")?,
            }
        }
        Ok(())
    }
}

/// The sum that has to be a multiple of ten: every second digit from the right, the check digit not among them, doubled.
fn luhn_sum(digits: &[u8; DIGITS]) -> u8 {
    let value = |(index, digit): (usize, &u8)| match index % 2 {
        0 if *digit > 4 => digit * 2 - 9,
        0 => digit * 2,
        _ => *digit,
    };
    digits.iter().enumerate().map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> [u8; DIGITS] {
        text.bytes().map(|byte| byte - b'0').collect::<Vec<_>>().try_into().unwrap()
    }

    // Public test numbers of Mastercard and Visa.
    #[test]
    fn luhn_agrees_with_known_numbers() {
        for good in ["5555555555554444", "5200828282828210", "4111111111111111", "5105105105105100"] {
            assert_eq!(luhn_sum(&digits(good)) % 10, 0, "{good}");
        }
        assert_ne!(luhn_sum(&digits("5555555555554445")) % 10, 0);
        assert_ne!(luhn_sum(&digits("5555555555545444")) % 10, 0);
    }

    #[test]
    fn numbers_are_valid_and_shown_masked() {
        for product in Product::ALL {
            let number = CardNumber::make(product).unwrap();
            assert_eq!(luhn_sum(&number.0) % 10, 0);
            assert!(number.0.iter().all(|digit| *digit <= 9));
        }
        assert_eq!(CardNumber(digits("5555551234564444")).to_string(), "555555******4444");
    }
}
