use card_pin::error::Error;
use card_pin::pan::Pan;
use card_pin::pin_block::Format;
use card_pin::tzpk::{KeyUsage, Tzpk};
use card_pin_sandbox::fuzzing::Key;

/// The bytes of an unwrapped key: which keys are accepted, and their check value, compared with SP 800-67's rules for key
/// schedules and the sandbox's own code.
pub fn tzpk(data: &[u8]) {
    let tdea = Tzpk::from_bytes(data, KeyUsage::Tdea(Format::Iso1));
    match weakness(data) {
        None => assert!(tdea.is_ok(), "a good key is refused"),
        Some(Weakness::Certain) => assert_eq!(tdea.as_ref().unwrap_err(), &Error::TzpkInvalid),
        // The table has a part of the keys with four subkeys.
        Some(Weakness::Possible) => {}
    }
    let pan = Pan::from_ascii(b"5413330089020011").unwrap();
    let aes = Tzpk::from_bytes(data, KeyUsage::Aes(pan));
    assert_eq!(aes.is_ok(), matches!(data.len(), 16 | 24 | 32));
    for (is_aes, key) in [(false, tdea), (true, aes)] {
        if let Ok(key) = key {
            let hex: String = key.check_value().iter().map(|byte| format!("{byte:02X}")).collect();
            let theirs = Key::new(is_aes, data).check_value().unwrap();
            assert!(hex.starts_with(&theirs), "{theirs}");
        }
    }
}

enum Weakness {
    Certain,
    Possible,
}

/// The fault of a TDEA key.
fn weakness(key: &[u8]) -> Option<Weakness> {
    if !matches!(key.len(), 16 | 24) {
        return Some(Weakness::Certain);
    }
    let parts: Vec<u64> = key
        .chunks(8)
        .map(|part| u64::from_be_bytes(part.try_into().unwrap()) & 0xfefe_fefe_fefe_fefe)
        .collect();
    let is_single_des = parts.windows(2).any(|parts| parts[0] == parts[1]);
    let subkeys = parts.iter().map(|&part| period(part)).min();
    match subkeys {
        _ if is_single_des => Some(Weakness::Certain),
        Some(1 | 2) => Some(Weakness::Certain),
        Some(4) => Some(Weakness::Possible),
        _ => None,
    }
}

/// Permuted choice 1 of DES (FIPS 46-3): the key's bits in the halves that the schedule rotates.
const HALVES: [[u32; 28]; 2] = [
    [
        57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52,
        44, 36,
    ],
    [
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20,
        12, 4,
    ],
];

/// The number of rotations after which both halves repeat: 1 for a weak key and 2 for a semi-weak one; some of those with 4
/// are called possibly weak.
fn period(part: u64) -> u32 {
    let halves =
        HALVES.map(|half| half.iter().fold(0_u32, |bits, &bit| bits << 1 | (part >> (64 - bit)) as u32 & 1));
    let rotated = |half: u32, by: u32| (half << by | half >> (28 - by)) & 0x0fff_ffff;
    [1, 2, 4, 28].into_iter().find(|&by| halves.iter().all(|&half| rotated(half, by) == half)).unwrap()
}
