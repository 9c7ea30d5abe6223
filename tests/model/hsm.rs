//! The server's side of a key: the keys that it sends, and how it reads and writes PIN blocks. Blocks are strings of
//! hexadecimal digits here, so that nothing is shared with the code under test.

use crate::common::{from_hex, hex};
use aes::{Aes128, Aes192, Aes256};
use cmac::{Cmac, Mac};
use des::{
    TdesEde2, TdesEde3,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit},
};
use serde_json::{Value, json};

/// The account number that blocks of formats 0, 3 and 4 are bound to.
const PAN: &str = "5413330089020011";

/// A key of the server, and its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerKey {
    /// Bytes of the key; with `format` 4 it is for AES, otherwise for TDEA.
    pub(crate) len: usize,
    pub(crate) format: u8,
    /// Whether its check value is sent with it.
    pub(crate) kcv: bool,
}

/// Every kind of key, with and without its check value.
pub(crate) const KEYS: [ServerKey; 18] = {
    let kinds = [(16, 0), (16, 1), (16, 3), (24, 0), (24, 1), (24, 3), (16, 4), (24, 4), (32, 4)];
    let mut keys = [ServerKey { len: 16, format: 1, kcv: false }; 18];
    let mut place = 0;
    while place < keys.len() {
        let (len, format) = kinds[place / 2];
        keys[place] = ServerKey { len, format, kcv: place % 2 == 1 };
        place += 1;
    }
    keys
};

impl ServerKey {
    /// A key without weak or equal parts.
    pub(crate) fn bytes(self) -> Vec<u8> {
        (0..self.len).map(|place| (place as u8).wrapping_mul(0x1f) ^ 0x6b).collect()
    }

    /// A format that a session with this key does not accept, although it is a valid format.
    pub(crate) fn format_not_allowed(self) -> u8 {
        match self.format {
            0 => 3,
            1 => 4,
            3 => 1,
            _ => 0,
        }
    }

    /// The formats that a session with this key accepts.
    pub(crate) fn formats(self) -> Vec<u8> {
        [0, 1, 3, 4].into_iter().filter(|&format| format != self.format_not_allowed()).collect()
    }

    /// The fields beside the wrapped key in the answer.
    pub(crate) fn fields(self) -> Value {
        let mut fields = match self.format {
            1 => json!({}),
            4 => json!({"algorithm": "AES", "pan": PAN}),
            format => json!({"algorithm": "TDEA", "pinBlockFormat": format, "pan": PAN}),
        };
        if self.kcv {
            fields["kcv"] = self.check_value().into();
        }
        fields
    }

    /// ANSI X9.24-1, Annex A.
    fn check_value(self) -> String {
        match (self.format, self.len) {
            (4, 16) => hex(&cmac_of_zeros(Cmac::<Aes128>::new_from_slice(&self.bytes()).unwrap())[..5]),
            (4, 24) => hex(&cmac_of_zeros(Cmac::<Aes192>::new_from_slice(&self.bytes()).unwrap())[..5]),
            (4, _) => hex(&cmac_of_zeros(Cmac::<Aes256>::new_from_slice(&self.bytes()).unwrap())[..5]),
            _ => hex(&self.encrypt(&[0; 8])[..3]),
        }
    }

    fn encrypt(self, block: &[u8]) -> Vec<u8> {
        match (self.format, self.len) {
            (4, 16) => encrypt::<Aes128>(&self.bytes(), block),
            (4, 24) => encrypt::<Aes192>(&self.bytes(), block),
            (4, _) => encrypt::<Aes256>(&self.bytes(), block),
            (_, 16) => encrypt::<TdesEde2>(&self.bytes(), block),
            _ => encrypt::<TdesEde3>(&self.bytes(), block),
        }
    }

    fn decrypt(self, block: &[u8]) -> Vec<u8> {
        match (self.format, self.len) {
            (4, 16) => decrypt::<Aes128>(&self.bytes(), block),
            (4, 24) => decrypt::<Aes192>(&self.bytes(), block),
            (4, _) => decrypt::<Aes256>(&self.bytes(), block),
            (_, 16) => decrypt::<TdesEde2>(&self.bytes(), block),
            _ => decrypt::<TdesEde3>(&self.bytes(), block),
        }
    }

    /// The PIN in an encrypted block, or the fault of the block.
    pub(crate) fn read(self, encrypted: &[u8]) -> Result<String, String> {
        let wanted = if self.format == 4 { 16 } else { 8 };
        if encrypted.len() != wanted {
            return Err(format!("a block of {} bytes", encrypted.len()));
        }
        let clear = match self.format {
            4 => self.decrypt(&xor(&self.decrypt(encrypted), &from_hex(&account(4)))),
            1 => self.decrypt(encrypted),
            _ => xor(&self.decrypt(encrypted), &from_hex(&account(self.format))),
        };
        let clear = hex(&clear);
        let len = usize::from_str_radix(&clear[1..2], 16).unwrap();
        let well_formed = clear.starts_with(&self.format.to_string())
            && (4..=12).contains(&len)
            && clear[2..2 + len].bytes().all(|digit| digit.is_ascii_digit())
            && clear[2 + len..16].bytes().all(|fill| match self.format {
                0 => fill == b'f',
                3 => fill >= b'a',
                4 => fill == b'a',
                _ => true,
            });
        if well_formed { Ok(clear[2..2 + len].to_owned()) } else { Err("no block of its format".to_owned()) }
    }

    /// Bytes of the length of an encrypted block, which do not decrypt to a block of the format.
    pub(crate) fn noise(self) -> Vec<u8> {
        let len = if self.format == 4 { 16 } else { 8 };
        let mut noises = (0..=u8::MAX).map(|byte| vec![byte; len]);
        noises.find(|noise| self.read(noise).is_err()).unwrap()
    }

    /// An encrypted block with `pin`.
    pub(crate) fn write(self, pin: &str) -> Vec<u8> {
        let fill = match self.format {
            0 => "ffffffffffffff",
            3 => "abcdefabcdefab",
            4 => "aaaaaaaaaaaaaa",
            _ => "0123456789abcd",
        };
        let mut clear = format!("{}{:x}{pin}{}", self.format, pin.len(), &fill[pin.len()..]);
        match self.format {
            4 => {
                clear += "0123456789abcdef";
                self.encrypt(&xor(&self.encrypt(&from_hex(&clear)), &from_hex(&account(4))))
            }
            1 => self.encrypt(&from_hex(&clear)),
            _ => self.encrypt(&xor(&from_hex(&clear), &from_hex(&account(self.format)))),
        }
    }
}

/// The account number field (ISO 9564-1:2017, 9.3.2.3 and 9.4.2.3).
fn account(format: u8) -> String {
    match format {
        4 => format!("{:0<32}", format!("4{PAN}")),
        _ => format!("0000{}", &PAN[3..15]),
    }
}

fn encrypt<C: BlockCipherEncrypt + KeyInit + BlockSizeUser>(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut block = block.to_vec();
    C::new_from_slice(key).unwrap().encrypt_block(block.as_mut_slice().try_into().unwrap());
    block
}

fn decrypt<C: BlockCipherDecrypt + KeyInit + BlockSizeUser>(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut block = block.to_vec();
    C::new_from_slice(key).unwrap().decrypt_block(block.as_mut_slice().try_into().unwrap());
    block
}

fn cmac_of_zeros(mut mac: impl Mac) -> Vec<u8> {
    mac.update(&[0; 16]);
    mac.finalize().into_bytes().to_vec()
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}
