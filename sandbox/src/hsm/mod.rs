//! The simulated hardware security module: the only place where keys and PINs are in the clear.
//!
//! Everything that leaves it is sealed under the master key or wrapped for a device; the one exception has `dangerous` in its
//! name and serves the tests. It shares no code with card-pin itself.

mod device_key;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod master_key;
mod pin;
mod pin_block;
mod pin_key;
mod tzpk;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

pub(crate) use device_key::{DeviceKey, DeviceKeyError, OaepHash};
pub(crate) use error::HsmError;
pub(crate) use pin::Pin;
pub(crate) use pin_block::BlockFormat;
pub(crate) use pin_key::{PinKey, PinKeyPlan};
pub(crate) use tzpk::{AES_BLOCK, Algorithm, KeyMaterial, TDEA_BLOCK};

use crate::config::ZPK;
use crate::error::Error;
use crate::random;
use master_key::MasterKey;
use tzpk::Tzpk;

/// An encrypted PIN block on its way to a card.
pub(crate) struct SetPin<'a> {
    pub(crate) control_id: Uuid,
    pub(crate) card_id: Uuid,
    /// The TZPK as [`Hsm::seal_tzpk`] returned it.
    pub(crate) sealed_tzpk: &'a [u8],
    pub(crate) block: Vec<u8>,
}

/// The simulated HSM.
pub(crate) struct Hsm {
    master: MasterKey,
    pin_key_plan: Mutex<PinKeyPlan>,
}

impl Hsm {
    /// Reads the master key from `file`, or makes one there when the database is new as well.
    pub(crate) fn open(file: &Path, db: &Path) -> Result<Self, Error> {
        Ok(Self::new(MasterKey::open(file, db)?))
    }

    fn new(master: MasterKey) -> Self {
        Self { master, pin_key_plan: Mutex::new(PinKeyPlan::DOCUMENTED) }
    }

    /// The kind of the next TZPKs.
    pub(crate) fn pin_key_plan(&self) -> PinKeyPlan {
        *self.pin_key_plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan_pin_keys(&self, plan: PinKeyPlan) {
        *self.pin_key_plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Seals a TZPK; it opens again only for the same control id.
    pub(crate) fn seal_tzpk(&self, control_id: Uuid, key: &PinKey) -> Result<Vec<u8>, HsmError> {
        self.master.seal(&format!("tzpk:{control_id}"), &key.to_sealable())
    }

    /// Decrypts and checks a PIN block, and returns the PIN sealed for its card.
    pub(crate) fn take_pin(&self, set: &SetPin<'_>) -> Result<Vec<u8>, HsmError> {
        let opened = self.master.open_sealed(&format!("tzpk:{}", set.control_id), set.sealed_tzpk)?;
        let PinKey { key, format, pan } =
            PinKey::from_sealable(set.control_id, &opened).ok_or(HsmError::Seal)?;
        let pin = format.decipher(&set.block, pan.digits(), &key).ok_or(HsmError::Block)?;
        self.master.seal(&format!("pin:{}", set.card_id), pin.to_sealable().as_slice())
    }

    /// Decrypts and checks a block of format 1 under the key that is shared with the issuer.
    pub(crate) fn take_pin_under_shared_key(&self, card_id: Uuid, block: &[u8]) -> Result<Vec<u8>, HsmError> {
        let key = Tzpk::from_bytes(Algorithm::Tdea, ZPK.to_be_bytes().to_vec().into());
        let pin = BlockFormat::Iso1.decipher(block, &[], &key).ok_or(HsmError::Block)?;
        self.master.seal(&format!("pin:{card_id}"), pin.to_sealable().as_slice())
    }

    /// Draws a random PIN for a card whose customer chose none; returns it sealed for that card.
    pub(crate) fn make_pin(&self, card_id: Uuid) -> Result<Vec<u8>, HsmError> {
        self.master.seal(&format!("pin:{card_id}"), Pin::make_random()?.to_sealable().as_slice())
    }

    /// Opens a sealed PIN and returns it in a block under the TZPK, for the device that the TZPK goes to.
    pub(crate) fn give_pin(&self, card_id: Uuid, sealed: &[u8], key: &PinKey) -> Result<Vec<u8>, HsmError> {
        let clear = self.master.open_sealed(&format!("pin:{card_id}"), sealed)?;
        let pin = Pin::from_sealable(&clear).ok_or(HsmError::Seal)?;
        match key.format.encipher(&pin, key.pan.digits(), &key.key)? {
            Some(block) => Ok(block),
            // A fault sent bytes that are not a key, so they encrypt no block.
            None => {
                let mut noise = vec![0; TDEA_BLOCK];
                random::fill(&mut noise)?;
                Ok(noise)
            }
        }
    }

    /// Opens a sealed PIN, for the test control that shows what was decrypted. A real HSM has no such function.
    pub(crate) fn dangerous_open_pin(&self, card_id: Uuid, sealed: &[u8]) -> Result<Pin, HsmError> {
        let clear = self.master.open_sealed(&format!("pin:{card_id}"), sealed)?;
        Pin::from_sealable(&clear).ok_or(HsmError::Seal)
    }
}
