//! PIN blocks of ISO 9564-1:2017: formats 0, 1 and 3 (§9.3), one block of TDEA; format 4 (§9.4), one block of AES.
//!
//! ```text
//! nibble     1   2   3 … 6   7 … 14   15  16   17 … 32
//! formats    C   N   P P P P P/F  …   F   F               0, 1, 3
//!            C   N   P P P P P/F  …   F   F    random     4
//! ```
//!
//! C = the format, N = length 4…12, P = a digit; F = filler: 15 in format 0, any value in 1, 10…15 in 3, 10 in 4.
//!
//! Formats 0 and 3 are combined by exclusive or with four zero nibbles and the card number's last twelve digits without the
//! check digit. In format 4 the block is encrypted, combined with the card number's own field, and encrypted again.

use zeroize::Zeroizing;

use super::pin::Pin;
use super::tzpk::{AES_BLOCK, TDEA_BLOCK, Tzpk};
use crate::random::{self, NoEntropy};

/// The format of a PIN block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockFormat {
    Iso0,
    Iso1,
    Iso3,
    Iso4,
}

impl BlockFormat {
    /// The format of this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [Self::Iso0, Self::Iso1, Self::Iso3, Self::Iso4]
            .into_iter()
            .find(|format| u32::from(format.number()) == number)
    }

    /// Its number, which is its control nibble as well.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Iso0 => 0,
            Self::Iso1 => 1,
            Self::Iso3 => 3,
            Self::Iso4 => 4,
        }
    }

    /// Whether the block depends on the card number.
    pub(crate) fn needs_pan(self) -> bool {
        self != Self::Iso1
    }

    /// Makes the encrypted block of a PIN. `None` if the key is not for this format's cipher.
    pub(super) fn encipher(self, pin: &Pin, pan: &[u8], key: &Tzpk) -> Result<Option<Vec<u8>>, NoEntropy> {
        let mut block = self.field(pin)?;
        let encrypted = match self {
            Self::Iso1 => key.encrypt(&mut block),
            Self::Iso0 | Self::Iso3 => {
                xor(&mut block, &last_twelve(pan));
                key.encrypt(&mut block)
            }
            Self::Iso4 => key.encrypt(&mut block).and_then(|()| {
                xor(&mut block, &pan_field(pan));
                key.encrypt(&mut block)
            }),
        };
        Ok(encrypted.map(|()| block.to_vec()))
    }

    /// Reads the PIN from an encrypted block; `None` if anything about it is wrong.
    pub(super) fn decipher(self, block: &[u8], pan: &[u8], key: &Tzpk) -> Option<Pin> {
        let mut block = Zeroizing::new(block.to_vec());
        key.decrypt(&mut block)?;
        match self {
            Self::Iso1 => {}
            Self::Iso0 | Self::Iso3 => xor(&mut block, &last_twelve(pan)),
            Self::Iso4 => {
                xor(&mut block, &pan_field(pan));
                key.decrypt(&mut block)?;
            }
        }
        self.read(&block)
    }

    /// The PIN's field in the clear, its filler drawn where it is free.
    fn field(self, pin: &Pin) -> Result<Zeroizing<Vec<u8>>, NoEntropy> {
        let bytes = if self == Self::Iso4 { AES_BLOCK } else { TDEA_BLOCK };
        let mut field = Zeroizing::new(vec![0; bytes]);
        random::fill(&mut field)?;
        put(&mut field, 0, self.number());
        // A PIN has at most twelve digits.
        put(&mut field, 1, pin.digits().len() as u8);
        for (index, digit) in pin.digits().iter().enumerate() {
            put(&mut field, 2 + index, *digit);
        }
        for index in 2 + pin.digits().len()..16 {
            match self {
                Self::Iso0 => put(&mut field, index, 0xF),
                Self::Iso1 => {}
                Self::Iso3 => put(&mut field, index, 0xA + random::below(6)?),
                Self::Iso4 => put(&mut field, index, 0xA),
            }
        }
        Ok(field)
    }

    /// Reads a field in the clear.
    fn read(self, field: &[u8]) -> Option<Pin> {
        let bytes = if self == Self::Iso4 { AES_BLOCK } else { TDEA_BLOCK };
        if field.len() != bytes || get(field, 0) != self.number() {
            return None;
        }
        let length = usize::from(get(field, 1));
        let pin = Pin::from_digits((0..length).map(|index| get(field, 2 + index)))?;
        let is_filler = |nibble: u8| match self {
            Self::Iso0 => nibble == 0xF,
            Self::Iso1 => true,
            Self::Iso3 => nibble >= 0xA,
            Self::Iso4 => nibble == 0xA,
        };
        (2 + length..16).all(|index| is_filler(get(field, index))).then_some(pin)
    }
}

/// Nibble `index` of a field, the upper half of a byte first.
fn get(field: &[u8], index: usize) -> u8 {
    if index.is_multiple_of(2) { field[index / 2] >> 4 } else { field[index / 2] & 0x0F }
}

fn put(field: &mut [u8], index: usize, nibble: u8) {
    let byte = &mut field[index / 2];
    *byte = if index.is_multiple_of(2) { *byte & 0x0F | nibble << 4 } else { *byte & 0xF0 | nibble };
}

fn xor(block: &mut [u8], with: &[u8]) {
    for (byte, with) in block.iter_mut().zip(with) {
        *byte ^= with;
    }
}

/// The card number's field of formats 0 and 3 (§9.3.2): its last twelve digits without the check digit.
fn last_twelve(pan: &[u8]) -> [u8; TDEA_BLOCK] {
    let mut field = [0; TDEA_BLOCK];
    for (index, digit) in pan.iter().rev().skip(1).take(12).enumerate() {
        put(&mut field, 15 - index, *digit);
    }
    field
}

/// The card number's field of format 4 (§9.4): how many digits it has above twelve, then all of them.
fn pan_field(pan: &[u8]) -> [u8; AES_BLOCK] {
    let mut field = [0; AES_BLOCK];
    let leading_zeros = 12_usize.saturating_sub(pan.len());
    put(&mut field, 0, pan.len().saturating_sub(12) as u8 & 0x0F);
    for (index, digit) in pan.iter().take(19).enumerate() {
        put(&mut field, 1 + leading_zeros + index, *digit);
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hsm::tzpk::Algorithm;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2)
            .map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap())
            .collect()
    }

    fn pin(text: &str) -> Pin {
        Pin::from_digits(digits(text).into_iter()).unwrap()
    }

    /// Reads a clear block of format 0, 1 or 3.
    fn decode(format: BlockFormat, block: &str, pan: &str) -> Option<String> {
        let mut block = hex(block);
        if format.needs_pan() {
            xor(&mut block, &last_twelve(&digits(pan)));
        }
        format.read(&block).map(|pin| pin.expose().to_string())
    }

    const IBM_PAN: &str = "1112223334445550";

    // Format 0: EFTlab, "Complete list of PIN-blocks" (knowledge base), PIN 1234; and a test of an EMV kernel with Mastercard's
    // test card number, PIN 123456. Format 3: IBM, "ISO Format 3" (Linux on Z documentation); its account number is
    // printed without the check digit, for which 0 stands here. Format 1: Enfuce's set-PIN guide, and others by hand.
    #[test]
    fn reads_published_blocks() {
        let read = |format, block, pan| decode(format, block, pan);
        assert_eq!(read(BlockFormat::Iso0, "0412AC89ABCDEF67", "43219876543210987").as_deref(), Some("1234"));
        assert_eq!(
            read(BlockFormat::Iso0, "0612076FFFFFFEAE", "5413339000001513").as_deref(),
            Some("123456")
        );
        assert_eq!(read(BlockFormat::Iso3, "361216759CFA8889", IBM_PAN).as_deref(), Some("123456"));
        assert_eq!(read(BlockFormat::Iso1, "141234AAAAAAAAAA", "").as_deref(), Some("1234"));
        assert_eq!(read(BlockFormat::Iso1, "1598765000000000", "").as_deref(), Some("98765"));
        assert_eq!(read(BlockFormat::Iso1, "1C123456789012AB", "").as_deref(), Some("123456789012"));
    }

    // Field and card number: ANSI X9.24-3:2017, supplement, "Calculation of AES PIN Block Format 4" (as OpenEMV's dukpt tests
    // quote it: PIN 1234, card number 4111111111111111). Block: the test of psec 1.3 with a random part of all ones.
    #[test]
    fn format_4_is_as_published() {
        let field = BlockFormat::Iso4.field(&pin("1234")).unwrap();
        assert_eq!(field[..8], hex("441234AAAAAAAAAA"));
        assert_eq!(pan_field(&digits("4111111111111111"))[..], hex("44111111111111111000000000000000"));
        assert_eq!(pan_field(&digits("411111111111111"))[..], hex("34111111111111110000000000000000"));
        let key = Tzpk::from_bytes(Algorithm::Aes, hex("00112233445566778899AABBCCDDEEFF").into());
        let (block, pan) = (hex("28B41FDDD29B743E93124BD8E32D921E"), digits("1234567890123456789"));
        let read =
            |pan: &[u8]| BlockFormat::Iso4.decipher(&block, pan, &key).map(|pin| pin.expose().to_string());
        assert_eq!(read(&pan).as_deref(), Some("1234"));
        assert_eq!(read(&digits("1234567890123456788")), None);
    }

    #[test]
    fn blocks_of_every_format_and_length_are_read_back() {
        let pan = digits("9999123412341238");
        let keys = [
            Tzpk::from_bytes(Algorithm::Tdea, hex("0123456789ABCDEFFEDCBA9876543210").into()),
            Tzpk::from_bytes(Algorithm::Aes, hex("00112233445566778899AABBCCDDEEFF0001020304050607").into()),
        ];
        for format in [BlockFormat::Iso0, BlockFormat::Iso1, BlockFormat::Iso3, BlockFormat::Iso4] {
            let key = &keys[usize::from(format == BlockFormat::Iso4)];
            for length in 4..=12 {
                let text = &"907856341209"[..length];
                let block = format.encipher(&pin(text), &pan, key).unwrap().unwrap();
                let read = format.decipher(&block, &pan, key).unwrap();
                assert_eq!(read.expose().as_str(), text, "{format:?}");
            }
            let wrong = &keys[usize::from(format != BlockFormat::Iso4)];
            let block = format.encipher(&pin("1234"), &pan, key).unwrap().unwrap();
            assert!(
                format.decipher(&block, &pan, wrong).is_none(),
                "{format:?} under a key of another cipher"
            );
        }
    }

    #[test]
    fn other_control_nibbles_lengths_digits_and_fillers_are_refused() {
        for control in (0..16).filter(|control| *control != 1) {
            assert_eq!(decode(BlockFormat::Iso1, &format!("{control:X}41234AAAAAAAAAA"), ""), None);
        }
        for length in [0, 1, 2, 3, 13, 14, 15] {
            assert_eq!(decode(BlockFormat::Iso1, &format!("1{length:X}12341234123412"), ""), None);
        }
        for place in 2..14 {
            let mut block = hex("1C11111111111111");
            put(&mut block, place, 0xA);
            assert!(BlockFormat::Iso1.read(&block).is_none(), "place {place}");
        }
        for (format, good, bad) in [
            (BlockFormat::Iso0, "041234FFFFFFFFFF", "041234FFFFFFFFFE"),
            (BlockFormat::Iso3, "341234ABCDEFABCD", "341234ABCDEFABC9"),
            (BlockFormat::Iso4, "441234AAAAAAAAAA0123456789ABCDEF", "441234AAAAAAAAAB0123456789ABCDEF"),
        ] {
            assert!(format.read(&hex(good)).is_some(), "{format:?}");
            assert!(format.read(&hex(bad)).is_none(), "{format:?}");
            assert!(format.read(&hex(&good[..14])).is_none(), "{format:?}");
        }
    }

    #[test]
    fn free_filler_is_drawn_anew() {
        for format in [BlockFormat::Iso1, BlockFormat::Iso3, BlockFormat::Iso4] {
            assert_ne!(
                format.field(&pin("1234")).unwrap(),
                format.field(&pin("1234")).unwrap(),
                "{format:?}"
            );
        }
    }
}
