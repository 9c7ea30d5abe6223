//! The simulated hardware security module: the only place where keys and PINs are in the clear.
//!
//! What leaves it is sealed under the master key or wrapped for a device; the one exception carries `dangerous` in its
//! name and serves the tests. Nothing here is shared with card-pin itself.

mod device_key;
mod master_key;
mod pin_block;
mod tzpk;

use std::path::Path;

use uuid::Uuid;
use zeroize::Zeroizing;

pub(crate) use device_key::{DeviceKey, DeviceKeyError, OaepHash};
pub(crate) use pin_block::{PIN_BLOCK_BYTES, Pin};
pub(crate) use tzpk::{KeyMaterial, Tzpk};

use crate::error::Error;
use crate::random::{self, NoEntropy};
use master_key::MasterKey;

/// Why the HSM refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HsmError {
    /// The system gave no random bytes.
    Entropy,
    /// A sealed value was not sealed here, for this owner.
    Seal,
    /// The block is no PIN block of a known format under this key. Deliberately one answer for every reason.
    Block,
}

impl From<NoEntropy> for HsmError {
    fn from(_: NoEntropy) -> Self {
        Self::Entropy
    }
}

/// An encrypted PIN block on its way to a card.
pub(crate) struct SetPin<'a> {
    pub(crate) control_id: Uuid,
    pub(crate) card_id: Uuid,
    /// The TZPK as [`Hsm::seal_tzpk`] returned it.
    pub(crate) sealed_tzpk: &'a [u8],
    pub(crate) block: [u8; PIN_BLOCK_BYTES],
}

/// The simulated HSM.
pub(crate) struct Hsm {
    master: MasterKey,
}

impl Hsm {
    /// Reads the master key from `file`, or makes one there when the database is new as well.
    pub(crate) fn open(file: &Path, db: &Path) -> Result<Self, Error> {
        Ok(Self { master: MasterKey::open(file, db)? })
    }

    /// Seals a TZPK; it opens again only for the same control id.
    pub(crate) fn seal_tzpk(&self, control_id: Uuid, tzpk: &Tzpk) -> Result<Vec<u8>, HsmError> {
        self.master.seal(&format!("tzpk:{control_id}"), tzpk.expose())
    }

    /// Decrypts and checks a PIN block, and returns the PIN sealed for its card.
    pub(crate) fn take_pin(&self, set: &SetPin<'_>) -> Result<Vec<u8>, HsmError> {
        let tzpk =
            Tzpk::from_bytes(self.master.open_sealed(&format!("tzpk:{}", set.control_id), set.sealed_tzpk)?);
        let clear = Zeroizing::new(tzpk.decrypt(set.block).ok_or(HsmError::Block)?);
        let pin = Pin::from_format_1(&clear).ok_or(HsmError::Block)?;
        self.master.seal(&format!("pin:{}", set.card_id), pin.to_sealable().as_slice())
    }

    /// Draws a random PIN for a card that nobody chose one for; returns it sealed for that card.
    pub(crate) fn make_pin(&self, card_id: Uuid) -> Result<Vec<u8>, HsmError> {
        self.master.seal(&format!("pin:{card_id}"), Pin::make_random()?.to_sealable().as_slice())
    }

    /// Opens a sealed PIN and returns it in a block under the TZPK, for the device that the TZPK goes to.
    pub(crate) fn give_pin(&self, card_id: Uuid, sealed: &[u8], tzpk: &Tzpk) -> Result<Vec<u8>, HsmError> {
        let clear = self.master.open_sealed(&format!("pin:{card_id}"), sealed)?;
        let pin = Pin::from_sealable(&clear).ok_or(HsmError::Seal)?;
        match tzpk.encrypt(*pin.to_format_1()?) {
            Some(block) => Ok(block.to_vec()),
            // A fault handed out what is no key: no block goes with it.
            None => {
                let mut noise = vec![0; PIN_BLOCK_BYTES];
                random::fill(&mut noise)?;
                Ok(noise)
            }
        }
    }

    /// Opens a sealed PIN, for the tests' lever that shows what was decrypted. A real HSM has no such function.
    pub(crate) fn dangerous_open_pin(&self, card_id: Uuid, sealed: &[u8]) -> Result<Pin, HsmError> {
        let clear = self.master.open_sealed(&format!("pin:{card_id}"), sealed)?;
        Pin::from_sealable(&clear).ok_or(HsmError::Seal)
    }
}
