//! The master key: every secret in the database is sealed under it, and it has a file of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::Zeroizing;

use super::error::HsmError;
use crate::error::Error;
use crate::random;

const KEY_BYTES: usize = 32;
/// SP 800-38D §8.2.2: a random 96-bit nonce for each message.
const NONCE_BYTES: usize = 12;

/// An AES-256 key for sealing; the cipher wipes its key schedule when dropped.
pub(super) struct MasterKey {
    cipher: Aes256Gcm,
}

impl MasterKey {
    /// Reads the key from `file`. If neither it nor the database exists, makes it, readable by its owner only.
    ///
    /// Refuses a key that group or others can read, and a database that has lost its key: a new key could never open
    /// what the old one sealed.
    pub(super) fn open(file: &Path, db: &Path) -> Result<Self, Error> {
        let failed = |source| Error::MasterKey { file: file.to_owned(), source };
        match File::open(file) {
            Ok(opened) => Self::read(opened, file),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            Err(_) if fs::metadata(db).is_ok_and(|meta| meta.len() > 0) => {
                Err(Error::MasterKeyMissing { file: file.to_owned(), db: db.to_owned() })
            }
            Err(_) => {
                let mut key = Zeroizing::new([0; KEY_BYTES]);
                random::fill(&mut *key).map_err(|_| Error::Entropy)?;
                let mut made =
                    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
                made.write_all(&*key).and_then(|()| made.sync_all()).map_err(failed)?;
                Self::from_bytes(&*key).ok_or_else(|| Error::MasterKeyMalformed { file: file.to_owned() })
            }
        }
    }

    fn read(opened: File, file: &Path) -> Result<Self, Error> {
        let failed = |source| Error::MasterKey { file: file.to_owned(), source };
        // Checks the open file, not its name, so that the file that is checked is the one that is read.
        if opened.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(Error::MasterKeyExposed { file: file.to_owned() });
        }
        let mut key = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
        opened.take(KEY_BYTES as u64 + 1).read_to_end(&mut key).map_err(failed)?;
        Self::from_bytes(&key).ok_or_else(|| Error::MasterKeyMalformed { file: file.to_owned() })
    }

    pub(super) fn from_bytes(key: &[u8]) -> Option<Self> {
        Some(Self { cipher: Aes256Gcm::new_from_slice(key).ok()? })
    }

    /// AES-256-GCM: nonce ‖ ciphertext ‖ tag. `owner` is authenticated with it, so that a sealed value copied to another
    /// row does not open.
    pub(super) fn seal(&self, owner: &str, clear: &[u8]) -> Result<Vec<u8>, HsmError> {
        let mut nonce = [0; NONCE_BYTES];
        random::fill(&mut nonce)?;
        let payload = Payload { msg: clear, aad: owner.as_bytes() };
        let body = self.cipher.encrypt(&nonce.into(), payload).map_err(|_| HsmError::Seal)?;
        Ok([nonce.as_slice(), &body].concat())
    }

    /// Undoes [`Self::seal`] for the same owner.
    pub(super) fn open_sealed(&self, owner: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(HsmError::Seal)?;
        let payload = Payload { msg: body, aad: owner.as_bytes() };
        self.cipher.decrypt(&(*nonce).into(), payload).map(Zeroizing::new).map_err(|_| HsmError::Seal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MasterKey {
        MasterKey::from_bytes(&[7; KEY_BYTES]).unwrap()
    }

    #[test]
    fn opens_for_its_owner_only() {
        let sealed = key().seal("pin:a", b"clear").unwrap();
        assert_eq!(key().open_sealed("pin:a", &sealed).unwrap().as_slice(), b"clear");
        assert_eq!(key().open_sealed("pin:b", &sealed).unwrap_err(), HsmError::Seal);
        assert!(!sealed.windows(5).any(|window| window == b"clear"));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealed = key().seal("pin:a", b"clear").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key().open_sealed("pin:a", &changed).is_err(), "byte {index}");
        }
        assert!(key().open_sealed("pin:a", &sealed[..8]).is_err());
    }

    #[test]
    fn equal_values_do_not_look_equal() {
        assert_ne!(key().seal("pin:a", b"clear").unwrap(), key().seal("pin:a", b"clear").unwrap());
    }
}
