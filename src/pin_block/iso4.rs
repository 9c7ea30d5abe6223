//! ISO 9564-1:2017, 9.4.2: format 4, two fields that AES combines.
//!
//! ```text
//! byte      0       1 … 7                  8 … 15
//! PIN     4   N | P P P P P/A … P/A A A | R R R R R R R R R R R R R R R R
//! account M   A   A A A A A A A A A A A A/0 … A/0 0 … 0
//!
//! N  number of PIN digits, 4 to 12     P  PIN digit     A (PIN)  fill, always A     R  random, 0 to F
//! M  number of account digits less 12  A (account)  account number, check digit included
//! ```
//!
//! Encrypted: `E(E(PIN) ⊕ account)`, so that a block cannot be moved to another account.

use super::nibbles::{get_pin, set, set_pin};
use crate::{digits::Digits, error::Error, pan::Pan, pin::Pin, random, secret::Secret};
use ctutils::CtEq;
use rand_core::TryCryptoRng;

/// The control nibble of format 4.
const CONTROL: u8 = 4;
const FILL: u8 = 0x0a;

/// The clear PIN field.
#[derive(Debug)]
pub struct PinField(Secret<16>);

impl PinField {
    /// Consumes a PIN and makes its field (ISO 9564-1:2017, 9.4.2).
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`] when `random` fails: the second half is random.
    pub fn make<R: TryCryptoRng>(pin: Pin, random: &mut R) -> Result<Self, Error> {
        let mut field = Secret::zeroed();
        // EXPOSE: the field is written in place, in secret memory.
        let bytes: &mut [u8; 16] = field.expose_mut();
        bytes[..8].fill(FILL << 4 | FILL);
        random::fill(random, &mut bytes[8..])?;
        set_pin(bytes, CONTROL, &pin.into_digits());
        Ok(Self(field))
    }

    /// Takes a decrypted field, which is not checked yet.
    #[must_use]
    pub fn from_secret(field: Secret<16>) -> Self {
        Self(field)
    }

    /// Consumes a field and returns its digits.
    ///
    /// # Errors
    /// [`Error::BadResponse`] unless the control nibble, the length, every digit and every fill nibble are those of format 4.
    pub fn into_digits(self) -> Result<Digits, Error> {
        // EXPOSE: read nibble by nibble into secret memory.
        let [half, _random] = self.0.expose().as_chunks::<8>().0 else { return Err(Error::BadResponse) };
        get_pin(half, CONTROL, |nibble| nibble.ct_eq(&FILL))
    }

    /// The clear field.
    #[must_use]
    pub fn expose(&self) -> &[u8; 16] {
        // EXPOSE: passed on to the cipher.
        self.0.expose()
    }
}

/// Makes the account number field for format 4 (ISO 9564-1:2017, 9.4.2), the check digit included.
#[must_use]
pub fn account_field(pan: &Pan) -> Secret<16> {
    let mut field = Secret::zeroed();
    // EXPOSE: laid out in secret memory.
    let (bytes, digits): (&mut [u8; 16], _) = (field.expose_mut(), pan.expose());
    // A `Pan` has 12 to 19 digits.
    set(bytes, 0, digits.len() as u8 - 12);
    for (place, &digit) in digits.iter().enumerate() {
        set(bytes, 1 + place, digit);
    }
    field
}
