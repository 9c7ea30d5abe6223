//! `Pan`: the account number, or a token that looks like one, to which a PIN block of format 0, 3 or 4 is bound.

use crate::{error::Error, secret::Secret};
use core::fmt;

/// The shortest account number that we take. ISO 9564-1:2017, 9.4.2.3, pads shorter ones with zeros; no payment card has one.
const MIN_DIGITS: usize = 12;
/// The longest account number (ISO/IEC 7812-1).
const MAX_DIGITS: usize = 19;

/// An account number of 12 to 19 digits, its check digit included.
pub struct Pan {
    digits: Secret<MAX_DIGITS>,
    count: usize,
}

impl Pan {
    /// Reads ASCII digits. The check digit is not checked: a token may have a wrong one.
    ///
    /// # Errors
    /// [`Error::BadResponse`] unless they are 12 to 19 decimal digits.
    pub fn from_ascii(ascii: &[u8]) -> Result<Self, Error> {
        if !(MIN_DIGITS..=MAX_DIGITS).contains(&ascii.len()) || !ascii.iter().all(u8::is_ascii_digit) {
            return Err(Error::BadResponse);
        }
        let mut digits = Secret::zeroed();
        // EXPOSE: written in place, in secret memory.
        for (place, character) in digits.expose_mut().iter_mut().zip(ascii) {
            *place = character - b'0';
        }
        Ok(Self { digits, count: ascii.len() })
    }

    /// The digits as numbers 0 to 9.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        // EXPOSE: passed on to the block formats, which lay them out in secret memory.
        &self.digits.expose()[..self.count]
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pan(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_12_to_19_digits_and_nothing_else() {
        for ascii in ["123456789012", "5413330089020011", "1234567890123456789"] {
            let pan = Pan::from_ascii(ascii.as_bytes()).unwrap();
            let digits: String = pan.expose().iter().map(|&digit| char::from(b'0' + digit)).collect();
            assert_eq!(digits, ascii);
            assert_eq!(format!("{pan:?}"), "Pan(…)");
        }
        for ascii in ["", "12345678901", "12345678901234567890", "5413 3300 8902 0011", "541333008902001x"] {
            assert_eq!(Pan::from_ascii(ascii.as_bytes()).unwrap_err(), Error::BadResponse);
        }
    }
}
