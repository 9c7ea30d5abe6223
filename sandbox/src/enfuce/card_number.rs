//! Test card numbers: 16 digits with a Luhn check digit (ISO/IEC 7812-1 annex B).

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::luhn;
use crate::random::{self, NoEntropy};
use crate::store::cards::Product;

const DIGITS: usize = 16;

/// A card number; it is shown masked only.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct CardNumber([u8; DIGITS]);

impl CardNumber {
    /// Draws a number under the test BIN of the product.
    pub(super) fn make(product: Product) -> Result<Self, NoEntropy> {
        // The schemes' public test numbers begin like this; no issuer gives out cards under them.
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
        luhn::complete(&mut number.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> [u8; DIGITS] {
        text.bytes().map(|byte| byte - b'0').collect::<Vec<_>>().try_into().unwrap()
    }

    #[test]
    fn numbers_are_valid_and_shown_masked() {
        for product in Product::ALL {
            let number = CardNumber::make(product).unwrap();
            assert_eq!(luhn::sum(&number.0) % 10, 0);
            assert!(number.0.iter().all(|digit| *digit <= 9));
        }
        assert_eq!(CardNumber(digits("5555551234564444")).to_string(), "555555******4444");
    }
}
