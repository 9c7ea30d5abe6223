//! Entry points for `fuzz/` only: the HSM's own code for blocks and keys, to compare card-pin's with.

use uuid::Uuid;

use super::master_key::MasterKey;
use super::pin::Pin;
use super::pin_key::PanToken;
use super::tzpk::Tzpk;
use super::{Algorithm, BlockFormat, DeviceKey, DeviceKeyError, Hsm, HsmError, OaepHash, PinKey, SetPin};
use crate::error::Error;

impl Hsm {
    /// Makes an HSM with a master key that everybody knows.
    pub(crate) fn for_fuzzing() -> Result<Self, Error> {
        let master = MasterKey::from_bytes(&[7; 32]).ok_or(Error::Entropy)?;
        Ok(Self::new(master))
    }
}

/// A TZPK, or whatever else these bytes are.
#[derive(Debug)]
pub struct Key {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl Key {
    /// Makes a key of these bytes, for AES or for TDEA.
    #[must_use]
    pub fn new(is_aes: bool, bytes: &[u8]) -> Self {
        let algorithm = if is_aes { Algorithm::Aes } else { Algorithm::Tdea };
        Self { algorithm, bytes: bytes.to_vec() }
    }

    fn tzpk(&self) -> Tzpk {
        Tzpk::from_bytes(self.algorithm, self.bytes.clone().into())
    }

    /// The check value in upper-case hex; `None` if this is not a key.
    #[must_use]
    pub fn check_value(&self) -> Option<String> {
        self.tzpk().check_value()
    }

    /// Encrypts one block, of any content.
    #[must_use]
    pub fn encrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        let mut block = block.to_vec();
        self.tzpk().encrypt(&mut block)?;
        Some(block)
    }

    /// The encrypted block of a PIN. `pan` and `digits` contain numbers from 0 to 9.
    #[must_use]
    pub fn make_block(&self, format: u8, pan: &[u8], digits: &[u8]) -> Option<Vec<u8>> {
        let pin = Pin::from_digits(digits.iter().copied())?;
        BlockFormat::from_number(format.into())?.encipher(&pin, pan, &self.tzpk()).ok()?
    }

    /// The PIN of an encrypted block, in ASCII.
    #[must_use]
    pub fn read_block(&self, format: u8, pan: &[u8], block: &[u8]) -> Option<String> {
        let pin = BlockFormat::from_number(format.into())?.decipher(block, pan, &self.tzpk())?;
        // EXPOSE: the PINs of fuzzing are made up.
        Some(pin.expose().to_string())
    }
}

/// The key wrapped for a device, whose public key is base64 or PEM.
///
/// # Errors
/// The name of the refusal.
pub fn wrap_key(public_key: &str, key: &Key) -> Result<Vec<u8>, String> {
    let refused = |error: DeviceKeyError| format!("{error:?}");
    let device = match public_key.starts_with("-----") {
        true => DeviceKey::from_spki_pem(public_key),
        false => DeviceKey::from_spki_base64(public_key),
    };
    device.map_err(refused)?.wrap(&key.tzpk(), OaepHash::Sha256).map_err(|error| format!("{error:?}"))
}

/// The HSM with one card and one control id.
pub struct Module {
    hsm: Hsm,
    control_id: Uuid,
    card_id: Uuid,
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Module(…)")
    }
}

impl Module {
    /// Makes it for this control id.
    ///
    /// # Errors
    /// None in practice.
    pub fn open(control_id: u128) -> Result<Self, Error> {
        let (control_id, card_id) = (Uuid::from_u128(control_id), Uuid::from_u128(1));
        Ok(Self { hsm: Hsm::for_fuzzing()?, control_id, card_id })
    }

    /// The digits that replace the card number for this control id.
    #[must_use]
    pub fn pan(&self) -> Vec<u8> {
        PanToken::of(self.control_id).digits().to_vec()
    }

    /// Seals the key as if it had been handed out, and takes a block under it: the sealed PIN, or the refusal.
    ///
    /// # Errors
    /// The name of the refusal.
    pub fn take(&self, format: u8, key: &Key, block: &[u8]) -> Result<Vec<u8>, String> {
        let named = |error: HsmError| format!("{error:?}");
        let sealed_tzpk = self.hsm.seal_tzpk(self.control_id, &self.pin_key(format, key)?).map_err(named)?;
        let set = SetPin {
            control_id: self.control_id,
            card_id: self.card_id,
            sealed_tzpk: &sealed_tzpk,
            block: block.to_vec(),
        };
        self.hsm.take_pin(&set).map_err(named)
    }

    /// Returns the sealed PIN in a block under a key, as a device gets it.
    ///
    /// # Errors
    /// The name of the refusal.
    pub fn give(&self, format: u8, key: &Key, sealed: &[u8]) -> Result<Vec<u8>, String> {
        let key = self.pin_key(format, key)?;
        self.hsm.give_pin(self.card_id, sealed, &key).map_err(|error| format!("{error:?}"))
    }

    fn pin_key(&self, format: u8, key: &Key) -> Result<PinKey, String> {
        let format = BlockFormat::from_number(format.into()).ok_or("format")?;
        Ok(PinKey { key: key.tzpk(), format, pan: PanToken::of(self.control_id) })
    }
}
