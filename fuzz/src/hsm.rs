use arbitrary::Unstructured;
use card_pin::pan::Pan;
use card_pin::pin_block::Format;
use card_pin::tzpk::{KeyUsage, Tzpk};
use card_pin_sandbox::fuzzing::{Key, Module};

use crate::device::{ascii, dice, digits, pin};

/// Posts a block to the HSM under any key that may have been sent, proper or not: the HSM reads the PIN that the device meant,
/// and the device can read the block that it returns.
pub fn hsm(data: &[u8]) {
    let _ = run(&mut Unstructured::new(data));
}

fn run(data: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let format = *data.choose(&[0, 1, 3, 4])?;
    let is_aes: bool = data.arbitrary()?;
    let length = *data.choose(&[16, 24, 32, 0, 8, 15, 33])?;
    let key_bytes = data.bytes(length)?;
    let module = Module::open(data.arbitrary()?).unwrap();
    let (pan, key) = (module.pan(), Key::new(is_aes, key_bytes));
    let chosen = digits(data, 4, 12)?;
    let mut dice = dice(data.arbitrary()?, 1000);

    // A block of the device, if it accepts the key.
    if let Some(tzpk) = tzpk(format, is_aes, &pan, key_bytes) {
        let block = tzpk.encrypt(pin(&chosen), &mut dice).unwrap();
        let sealed = module.take(format, &key, &block).unwrap();
        let shown = module.give(format, &key, &sealed).unwrap();
        let shown = self::tzpk(format, is_aes, &pan, key_bytes).unwrap().decrypt(&shown).unwrap();
        assert_eq!(shown.expose(), chosen);
    }
    // Any block.
    let block = data.bytes(data.len())?;
    let expected = key.read_block(format, &pan, block);
    match module.take(format, &key, block) {
        Ok(sealed) => {
            // A sealed PIN is the same under every key.
            let shown = module.give(1, &Key::new(false, &[7; 16]), &sealed).unwrap();
            assert_eq!(Key::new(false, &[7; 16]).read_block(1, &[], &shown), expected);
        }
        Err(refusal) => assert_eq!((refusal.as_str(), expected), ("Block", None)),
    }
    Ok(())
}

fn tzpk(format: u8, is_aes: bool, pan: &[u8], key: &[u8]) -> Option<Tzpk> {
    let pan = || Pan::from_ascii(ascii(pan).as_bytes()).unwrap();
    let usage = match (is_aes, format) {
        (false, 0) => KeyUsage::Tdea(Format::Iso0(pan())),
        (false, 1) => KeyUsage::Tdea(Format::Iso1),
        (false, 3) => KeyUsage::Tdea(Format::Iso3(pan())),
        (true, 4) => KeyUsage::Aes(pan()),
        _ => return None,
    };
    Tzpk::from_bytes(key, usage).ok()
}
