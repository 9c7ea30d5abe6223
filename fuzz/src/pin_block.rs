use arbitrary::Unstructured;
use card_pin::error::Error;
use card_pin::pan::Pan;
use card_pin::pin_block::{Format, account_field};
use card_pin::tzpk::{KeyUsage, Tzpk};
use card_pin_sandbox::fuzzing::Key;

use crate::device::{ascii, dice, digits, pin};

/// NIST SP 800-67 Rev. 2, Appendix B, and FIPS 197, Appendix A.1.
const TDEA: [u8; 16] =
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01];
const AES: [u8; 16] =
    [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];

/// PIN blocks of all formats, against the sandbox's own code: both read the same PIN from any block or both none, and each
/// reads the blocks that the other makes.
pub fn pin_block(data: &[u8]) {
    let _ = run(&mut Unstructured::new(data));
}

fn run(data: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let format = *data.choose(&[0, 1, 3, 4])?;
    let block = data.bytes(if format == 4 { 16 } else { 8 })?;
    let pan = digits(data, 12, 19)?;
    let chosen = digits(data, 4, 12)?;
    let mut dice = dice(data.arbitrary()?, 1000);

    let theirs = Key::new(format == 4, if format == 4 { &AES } else { &TDEA });
    let mut encrypted = theirs.encrypt(block).unwrap();
    if format == 4 {
        let account = account_field(&Pan::from_ascii(ascii(&pan).as_bytes()).unwrap());
        encrypted.iter_mut().zip(account.expose()).for_each(|(byte, other)| *byte ^= other);
        encrypted = theirs.encrypt(&encrypted).unwrap();
    }
    assert_eq!(read(format, &pan, &encrypted), theirs.read_block(format, &pan, &encrypted), "{block:02x?}");
    // The bytes as ciphertext, too.
    assert_eq!(read(format, &pan, block), theirs.read_block(format, &pan, block), "{block:02x?}");

    let made = key(format, &pan).encrypt(pin(&chosen), &mut dice).unwrap();
    assert_eq!(read(format, &pan, &made), Some(ascii(&chosen)));
    assert_eq!(theirs.read_block(format, &pan, &made), Some(ascii(&chosen)));
    let made = theirs.make_block(format, &pan, &chosen).unwrap();
    assert_eq!(read(format, &pan, &made), Some(ascii(&chosen)));
    Ok(())
}

fn key(format: u8, pan: &[u8]) -> Tzpk {
    let pan = || Pan::from_ascii(ascii(pan).as_bytes()).unwrap();
    let tdea = |format| Tzpk::from_bytes(&TDEA, KeyUsage::Tdea(format)).unwrap();
    match format {
        0 => tdea(Format::Iso0(pan())),
        1 => tdea(Format::Iso1),
        3 => tdea(Format::Iso3(pan())),
        _ => Tzpk::from_bytes(&AES, KeyUsage::Aes(pan())).unwrap(),
    }
}

fn read(format: u8, pan: &[u8], encrypted: &[u8]) -> Option<String> {
    match key(format, pan).decrypt(encrypted) {
        Ok(digits) => Some(ascii(digits.expose())),
        Err(error) => {
            assert_eq!(error, Error::BadResponse);
            None
        }
    }
}
