//! The measured functions: each has two classes of inputs that only differ in the secret, and have the same outcome if the
//! outcome is public.

mod drawn;
mod oaep;
mod private_key;

use crate::{
    class::Class,
    measure::{Expected, Stopwatch, Subject, stopwatch},
    random::Dice,
};
use card_pin::{
    entry::{Entry, PinRules},
    error::Error,
    pan::Pan,
    pin::Pin,
    pin_block::{Format, PinBlock, PinField},
    secret::Secret,
    tzpk::{KeyUsage, Tzpk},
    weak_pin::{Personal, WeakPin},
};
use card_pin_testing::constant;
use std::hint::black_box;

/// Digits of a PIN: two more than fit into a rule for four.
type Digits = [u8; 6];

const MEASUREMENTS: usize = 1_000_000;
/// Runs in one measurement, so that it is well above the clock's own grain.
const BATCH: usize = 16;
const FIXED: Digits = [4, 8, 2, 6, 1, 5];
const PAN: &[u8] = b"5413330089020011";

/// The branches of reading a block all of whose nibbles count as secret: seven on digits and outcome, as in a block that is not
/// encrypted, and seven on how many digits there are.
const DECRYPTED: usize = 14;

const S_BOXES: &str = "the `des` crate looks its S-boxes up in tables";
/// The look-ups for one block: in eight tables, in sixteen rounds, three times.
const LOOK_UPS: usize = 8 * 16 * 3;
/// Whether two parts of the key are equal, and whether each of the three is weak.
const TDEA_TAKEN: usize = 4;

/// Everything that is measured, the control first.
pub(crate) fn all() -> Vec<Subject> {
    // How often a public fact is branched on: whether something is a digit, or the outcome.
    let even = [
        ("digits pressed: one PIN / any", pressed(), 6),
        ("digits erased: one PIN / any", erased(), 0),
        ("entries compared: the last digit differs / any differ", compared(), 1),
        ("weak PIN looked for: one good PIN / any good one", checked(good_pin), 1),
        ("weak PIN looked for: one of repeated digits / any such", checked(weak_pin), 2),
        ("weak PIN looked for: one of the customer's own / any such", checked(personal_pin), 2),
        ("format 0 made: one PIN / any", encoded(format_0), 0),
        ("format 1 made: one PIN / any", encoded(format_1), 0),
        ("format 3 made: one PIN / any", encoded(format_3), 0),
        ("format 4 made: one PIN / any", encoded_4(), 0),
        ("format 0 read: one PIN / any", decoded(format_0, 0x0f), 7),
        ("format 1 read: one PIN / any", decoded(format_1, 0x0f), 7),
        ("format 3 read: one PIN / any", decoded(format_3, 0x0f), 7),
        ("format 4 read: one PIN / any", decoded_4(), 7),
        ("format 0 refused: the first digit is wrong / any nibble", refused(), 1),
        ("TDEA key taken: one key / any", key_taken::<16>(tdea), TDEA_TAKEN),
        ("AES-128 key taken, checked: one key / any", key_checked::<16>(aes), 0),
        ("AES-192 key taken, checked: one key / any", key_checked::<24>(aes), 0),
        ("AES-256 key taken, checked: one key / any", key_checked::<32>(aes), 0),
        ("AES-128, format 4 encrypted: one key and PIN / any", encrypted::<16>(aes), 0),
        ("AES-192, format 4 encrypted: one key and PIN / any", encrypted::<24>(aes), 0),
        ("AES-256, format 4 encrypted: one key and PIN / any", encrypted::<32>(aes), 0),
        ("AES-128, format 4 decrypted: one key and PIN / any", decrypted::<16>(aes), DECRYPTED),
        ("AES-192, format 4 decrypted: one key and PIN / any", decrypted::<24>(aes), DECRYPTED),
        ("AES-256, format 4 decrypted: one key and PIN / any", decrypted::<32>(aes), DECRYPTED),
    ];
    let known = [
        ("TDEA key taken, checked: one key / any", key_checked::<16>(tdea), TDEA_TAKEN + LOOK_UPS),
        ("TDEA, format 1 encrypted: one key and PIN / any", encrypted::<16>(tdea), LOOK_UPS),
        ("TDEA, format 1 decrypted: one key and PIN / any", decrypted::<16>(tdea), LOOK_UPS + DECRYPTED),
    ];
    let subject = |expected| {
        move |(name, stopwatch, findings)| Subject {
            name,
            measurements: MEASUREMENTS,
            batch: BATCH,
            findings,
            expected,
            stopwatch,
        }
    };
    let control = [("control: digits compared until two differ", compared_until_two_differ(), 0)];
    let control = control.into_iter().map(subject(Expected::Leak));
    let even = even.into_iter().map(subject(Expected::Even));
    let known = known.into_iter().map(subject(Expected::Known(S_BOXES)));
    control
        .chain(even)
        .chain(known)
        .chain(drawn::all())
        .chain(oaep::all())
        .chain(private_key::all())
        .collect()
}

/// The digits of a class. Random ones are drawn for both, so that the way to a measurement is the same.
fn digits(class: Class, dice: &mut Dice) -> Digits {
    class.choose(FIXED, dice.digits())
}

/// An input made of the digits of a class.
fn of_digits<I>(make: impl Fn(Digits) -> I + 'static) -> impl FnMut(Class, &mut Dice) -> I + 'static {
    move |class, dice| make(digits(class, dice))
}

/// Types these digits.
fn press(entry: &mut Entry, digits: &[u8]) {
    digits.iter().try_for_each(|&digit| entry.press(digit)).unwrap();
}

/// An entry with these digits, with rules that trigger nothing by themselves.
fn typed(digits: &[u8], weak_pin: WeakPin) -> Entry {
    let mut entry = Entry::new(PinRules::new(4, 12, true, weak_pin).unwrap());
    press(&mut entry, digits);
    entry
}

/// Like `typed`, for a customer whose birth date and phone number are known.
fn of_customer(digits: &[u8]) -> Entry {
    let known = Personal::new(Some("19870423"), ["467017406059"].into_iter()).unwrap();
    let mut entry = Entry::of_customer(PinRules::new(4, 12, true, WeakPin::Reject).unwrap(), known);
    press(&mut entry, digits);
    entry
}

fn pin(digits: Digits) -> Pin {
    let mut entry = Entry::new(PinRules::new(4, 12, false, WeakPin::Allow).unwrap());
    press(&mut entry, &digits);
    Pin::from_entry(entry).unwrap()
}

fn pressed() -> Stopwatch {
    let make = of_digits(|digits| (typed(&[], WeakPin::Reject), digits));
    stopwatch(make, |(mut entry, digits)| {
        let pressed = digits.iter().try_for_each(|&digit| entry.press(digit));
        (entry, pressed)
    })
}

fn erased() -> Stopwatch {
    let make = of_digits(|digits| typed(&digits, WeakPin::Reject));
    stopwatch(make, |mut entry| {
        FIXED.iter().for_each(|_| entry.erase());
        entry
    })
}

/// Two entries that only differ in the last digit, or in random places.
fn twice_typed(class: Class, dice: &mut Dice) -> Entry {
    let mut entry = typed(&FIXED, WeakPin::Allow);
    entry.confirm().unwrap();
    let [a, b, c, d, e, last] = digits(class, dice);
    let last = if [a, b, c, d, e] == FIXED[..5] && last == FIXED[5] { (last + 1) % 10 } else { last };
    press(&mut entry, &[a, b, c, d, e, last]);
    entry
}

fn compared() -> Stopwatch {
    stopwatch(twice_typed, |entry| entry.finish().map_err(|(entry, error)| (entry, error == Error::Mismatch)))
}

/// Compares like `==`, which may stop at the first digit that differs.
fn compared_until_two_differ() -> Stopwatch {
    stopwatch(digits, |digits| digits.iter().zip(&FIXED).all(|(one, other)| black_box(one == other)))
}

fn good_pin(class: Class, dice: &mut Dice) -> [u8; 4] {
    loop {
        let drawn = dice.digits();
        if of_customer(&drawn).confirm().is_ok() {
            return class.choose([4, 8, 2, 6], drawn);
        }
    }
}

/// All have one reason, because the reason is public.
fn weak_pin(class: Class, dice: &mut Dice) -> [u8; 4] {
    let [a, b] = [dice.below(10), dice.below(10)];
    let any = [[a, b, a, b], [a, a, b, b]];
    class.choose([7; 4], any[usize::from(dice.below(2))])
}

/// PINs from either end of a number, or from a date in another form.
fn personal_pin(class: Class, dice: &mut Dice) -> [u8; 4] {
    let any = [[4, 6, 7, 0], [0, 6, 0, 5], [6, 0, 5, 9], [2, 3, 0, 4], [8, 7, 2, 3]];
    class.choose([4, 6, 7, 0], any[usize::from(dice.below(5))])
}

fn checked(pin: fn(Class, &mut Dice) -> [u8; 4]) -> Stopwatch {
    stopwatch(
        move |class, dice| of_customer(&pin(class, dice)),
        |mut entry| {
            let refused = entry.confirm();
            (entry, refused)
        },
    )
}

fn pan() -> Pan {
    Pan::from_ascii(PAN).unwrap()
}

fn format_0() -> Format {
    Format::Iso0(pan())
}

fn format_1() -> Format {
    Format::Iso1
}

fn format_3() -> Format {
    Format::Iso3(pan())
}

fn encoded(format: fn() -> Format) -> Stopwatch {
    let make = of_digits(move |digits| (pin(digits), format()));
    stopwatch(make, |(pin, format)| (PinBlock::make(pin, &format, &mut constant(0x5a)), format))
}

fn encoded_4() -> Stopwatch {
    stopwatch(of_digits(pin), |pin| PinField::make(pin, &mut constant(0x5a)))
}

/// The clear block of format `control` with these nibbles after the length.
fn block<const N: usize>(control: u8, nibbles: &[u8], is_bound: bool) -> Secret<N> {
    // The account number field of `PAN` (ISO 9564-1:2017, 9.3.2.3).
    const ACCOUNT: [u8; 8] = [0x00, 0x00, 0x33, 0x30, 0x08, 0x90, 0x20, 0x01];
    let mut block = Secret::zeroed();
    // EXPOSE: made up for the measurement.
    for (place, byte) in block.expose_mut().iter_mut().enumerate() {
        let nibble = |at: usize| if at < 2 { [control, 6][at] } else { nibbles[(at - 2) % nibbles.len()] };
        *byte = nibble(2 * place) << 4 | nibble(2 * place + 1);
        if is_bound {
            *byte ^= ACCOUNT.get(place).copied().unwrap_or(0);
        }
    }
    block
}

/// The nibbles of a PIN and its fill.
fn filled(digits: Digits, fill: u8) -> [u8; 14] {
    std::array::from_fn(|place| digits.get(place).copied().unwrap_or(fill))
}

fn decoded(format: fn() -> Format, fill: u8) -> Stopwatch {
    let make = of_digits(move |digits| {
        let format = format();
        let (control, is_bound) = match format {
            Format::Iso0(_) => (0, true),
            Format::Iso1 => (1, false),
            Format::Iso3(_) => (3, true),
        };
        (PinBlock::from_secret(block(control, &filled(digits, fill), is_bound)), format)
    });
    stopwatch(make, |(block, format)| (block.into_digits(&format), format))
}

fn decoded_4() -> Stopwatch {
    let make = of_digits(|digits| PinField::from_secret(block::<16>(4, &filled(digits, 0x0a), false)));
    stopwatch(make, PinField::into_digits)
}

/// A block in which one nibble is not allowed.
fn refused() -> Stopwatch {
    let make = |class: Class, dice: &mut Dice| {
        let filled = filled(dice.digits(), 0x0f);
        let spoiled_at = |place: u8| {
            let mut nibbles = filled;
            // Neither a digit nor a fill.
            nibbles[usize::from(place)] = 0x0c;
            nibbles
        };
        let nibbles = class.choose(spoiled_at(0), spoiled_at(dice.below(14)));
        (PinBlock::from_secret(block(0, &nibbles, true)), format_0())
    };
    stopwatch(make, |(block, format)| (block.into_digits(&format), format))
}

fn tdea() -> KeyUsage {
    KeyUsage::Tdea(Format::Iso1)
}

fn aes() -> KeyUsage {
    KeyUsage::Aes(pan())
}

/// The bytes of a key of a class. The fixed one has no weak or equal parts.
fn key<const N: usize>(class: Class, dice: &mut Dice) -> [u8; N] {
    let fixed = std::array::from_fn(|place| (place as u8).wrapping_mul(0x1f) ^ 0x6b);
    class.choose(fixed, dice.bytes())
}

fn key_taken<const N: usize>(usage: fn() -> KeyUsage) -> Stopwatch {
    stopwatch(
        move |class, dice| (key::<N>(class, dice), usage()),
        |(key, usage)| Tzpk::from_bytes(&key, usage),
    )
}

fn key_checked<const N: usize>(usage: fn() -> KeyUsage) -> Stopwatch {
    stopwatch(
        move |class, dice| (key::<N>(class, dice), usage()),
        |(key, usage)| Tzpk::from_bytes(&key, usage).map(|key| key.check_value()),
    )
}

fn encrypted<const N: usize>(usage: fn() -> KeyUsage) -> Stopwatch {
    stopwatch(
        move |class, dice| {
            let key = Tzpk::from_bytes(&key::<N>(class, dice), usage()).unwrap();
            (key, pin(digits(class, dice)))
        },
        |(key, pin)| key.encrypt(pin, &mut constant(0x5a)),
    )
}

/// A block as it comes from the server. Memcheck follows key and PIN through the ciphertext, so that all that is decrypted
/// counts as secret.
fn decrypted<const N: usize>(usage: fn() -> KeyUsage) -> Stopwatch {
    stopwatch(
        move |class, dice| {
            let bytes = key::<N>(class, dice);
            let key = || Tzpk::from_bytes(&bytes, usage()).unwrap();
            let block = key().encrypt(pin(digits(class, dice)), &mut constant(0x5a)).unwrap();
            (key(), block)
        },
        |(key, block)| key.decrypt(&block),
    )
}
