//! The field names of the APIs that exchange keys and PIN blocks.

use uuid::Uuid;

use crate::hsm::{DeviceKey, DeviceKeyError};
use crate::http::{Fields, Problem, parse_uuid};

/// The field names that an API uses.
pub(crate) struct Spelling {
    control_id: &'static str,
    public_key: &'static str,
    read_key: fn(&str) -> Result<DeviceKey, DeviceKeyError>,
}

impl Spelling {
    /// The hosted page, and the PIN API v3.
    pub(crate) const CLASSIC: Self =
        Self { control_id: "controlId", public_key: "publicKey", read_key: DeviceKey::from_spki_base64 };

    /// The nextgen platform.
    pub(crate) const NEXTGEN: Self =
        Self { control_id: "pinControlId", public_key: "pubKey", read_key: DeviceKey::from_spki_pem };

    pub(super) fn control_id(&self, body: &Fields) -> Result<Uuid, Problem> {
        parse_uuid(self.control_id, body.text(self.control_id)?)
    }

    pub(super) fn device_key(&self, body: &Fields) -> Result<DeviceKey, Problem> {
        let key = (self.read_key)(body.text(self.public_key)?);
        key.map_err(|error| {
            let wrong = match error {
                DeviceKeyError::Base64 => "be base64 with padding, in one line, without begin or end markers",
                DeviceKeyError::Pem => "be PEM: base64 between the lines BEGIN PUBLIC KEY and END PUBLIC KEY",
                DeviceKeyError::Spki => {
                    "be the DER of an RSA key's SubjectPublicKeyInfo (algorithm rsaEncryption)"
                }
                DeviceKeyError::Size => "have a modulus of 2048 to 4096 bits",
                DeviceKeyError::Exponent => "have the public exponent 65537",
            };
            Problem::malformed(format!("{} has to {wrong}.", self.public_key))
        })
    }
}
