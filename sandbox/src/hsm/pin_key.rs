//! The plan for the next TZPKs, and a TZPK that was made for a control id with all that belongs to it.

use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::HsmError;
use super::pin_block::BlockFormat;
use super::tzpk::{Algorithm, KeyMaterial, Tzpk};
use crate::luhn;

/// The kind of the next TZPKs, and the fields that are sent with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PinKeyPlan {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_bytes: u8,
    pub(crate) format: BlockFormat,
    /// Whether the key's check value goes with it.
    pub(crate) check_value: bool,
}

impl PinKeyPlan {
    /// The key that Enfuce documents: double-length TDEA, format 1, and no field but the key.
    pub(crate) const DOCUMENTED: Self =
        Self { algorithm: Algorithm::Tdea, key_bytes: 16, format: BlockFormat::Iso1, check_value: false };
}

/// A TZPK made for one control id.
pub(crate) struct PinKey {
    pub(crate) key: Tzpk,
    pub(crate) format: BlockFormat,
    /// A stand-in that looks like a card number; the real one never leaves the HSM.
    pub(crate) pan: PanToken,
}

impl PinKey {
    /// Makes a key as planned.
    pub(crate) fn make(control_id: Uuid, plan: PinKeyPlan, material: KeyMaterial) -> Result<Self, HsmError> {
        let key = Tzpk::make(plan.algorithm, plan.key_bytes, material)?;
        Ok(Self { key, format: plan.format, pan: PanToken::of(control_id) })
    }

    /// The bytes for sealing: cipher, format, then the key. The token follows from the control id.
    pub(super) fn to_sealable(&self) -> Zeroizing<Vec<u8>> {
        let algorithm = match self.key.algorithm() {
            Algorithm::Tdea => 0,
            Algorithm::Aes => 1,
        };
        // EXPOSE: copied into memory that wipes when dropped, to be sealed.
        Zeroizing::new([&[algorithm, self.format.number()], self.key.expose()].concat())
    }

    /// Undoes [`Self::to_sealable`].
    pub(super) fn from_sealable(control_id: Uuid, bytes: &[u8]) -> Option<Self> {
        let (&[algorithm, format], key) = bytes.split_first_chunk()?;
        let algorithm = match algorithm {
            0 => Algorithm::Tdea,
            1 => Algorithm::Aes,
            _ => return None,
        };
        let key = Tzpk::from_bytes(algorithm, Zeroizing::new(key.to_vec()));
        let format = BlockFormat::from_number(format.into())?;
        Some(Self { key, format, pan: PanToken::of(control_id) })
    }
}

/// Sixteen digits that replace a card number, the same for the same control id.
pub(crate) struct PanToken([u8; 16]);

impl PanToken {
    /// Begins with 99, under which no card is issued (ISO/IEC 7812-1: 9 is for national use), and has a check digit.
    pub(super) fn of(control_id: Uuid) -> Self {
        let hash = Sha256::digest(format!("pan-token:{control_id}"));
        let mut digits: [u8; 16] = core::array::from_fn(|index| hash[index] % 10);
        (digits[0], digits[1]) = (9, 9);
        luhn::complete(&mut digits);
        Self(digits)
    }

    pub(super) fn digits(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Display for PanToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_look_like_card_numbers_and_belong_to_their_control_id() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let token = PanToken::of(one);
        assert_eq!(token.to_string().len(), 16);
        assert!(token.to_string().starts_with("99"));
        assert_eq!(luhn::sum(&token.0) % 10, 0);
        assert_eq!(token.to_string(), PanToken::of(one).to_string());
        assert_ne!(token.to_string(), PanToken::of(other).to_string());
    }

    #[test]
    fn a_key_survives_sealing() {
        let plan = PinKeyPlan {
            algorithm: Algorithm::Aes,
            key_bytes: 32,
            format: BlockFormat::Iso4,
            check_value: true,
        };
        let made = PinKey::make(Uuid::from_u128(1), plan, KeyMaterial::Proper).unwrap();
        let back = PinKey::from_sealable(Uuid::from_u128(1), &made.to_sealable()).unwrap();
        assert_eq!(back.key.expose(), made.key.expose());
        assert_eq!((back.key.algorithm(), back.format), (Algorithm::Aes, BlockFormat::Iso4));
        assert_eq!(back.pan.to_string(), made.pan.to_string());
        assert!(PinKey::from_sealable(Uuid::from_u128(1), &[2, 1, 0]).is_none());
        assert!(PinKey::from_sealable(Uuid::from_u128(1), &[0]).is_none());
    }
}
