//! The measured functions: each has two classes of inputs that only differ in the secret, and have the same outcome if the
//! outcome is public.

mod oaep;

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

const S_BOXES: &str = "the `des` crate looks its S-boxes up in tables";

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
        ("format 1 made: one PIN / any", encoded(|| Some(Format::Iso1)), 0),
        ("format 3 made: one PIN / any", encoded(format_3), 0),
        ("format 4 made: one PIN / any", encoded_4(), 0),
        ("format 0 read: one PIN / any", decoded(format_0, 0x0f), 7),
        ("format 1 read: one PIN / any", decoded(|| Some(Format::Iso1), 0x0f), 7),
        ("format 3 read: one PIN / any", decoded(format_3, 0x0f), 7),
        ("format 4 read: one PIN / any", decoded_4(), 7),
        ("format 0 refused: the first digit is wrong / any nibble", refused(), 1),
        ("AES-128 key taken, checked: one key / any", key_checked::<16>(aes), 0),
        ("AES-256 key taken, checked: one key / any", key_checked::<32>(aes), 0),
        ("AES-128, format 4 encrypted: one PIN / any", encrypted::<16>(aes), 0),
    ];
    let known = [
        ("TDEA key taken, checked: one key / any", key_checked::<16>(tdea)),
        ("TDEA, format 1 encrypted: one PIN / any", encrypted::<16>(tdea)),
    ];
    let known = known.map(|(name, stopwatch)| (name, stopwatch, 0));
    let subject = |expected| {
        move |(name, stopwatch, verdicts)| Subject {
            name,
            measurements: MEASUREMENTS,
            verdicts: verdicts * BATCH,
            expected,
            stopwatch,
        }
    };
    let control = [("control: digits compared until two differ", compared_until_two_differ(), 0)];
    let control = control.into_iter().map(subject(Expected::Leak));
    let even = even.into_iter().map(subject(Expected::Even));
    let known = known.into_iter().map(subject(Expected::Known(S_BOXES)));
    control.chain(even).chain(known).chain(oaep::all()).collect()
}

/// The digits of a class. Random ones are drawn for both, so that the way to a measurement is the same.
fn digits(class: Class, dice: &mut Dice) -> Digits {
    class.choose(FIXED, dice.digits())
}

/// A batch of inputs made of the digits of a class.
fn batch<I>(
    make: impl Fn(Digits) -> Option<I> + 'static,
) -> impl FnMut(Class, &mut Dice) -> Vec<I> + 'static {
    move |class, dice| (0..BATCH).filter_map(|_| make(digits(class, dice))).collect()
}

/// An entry with these digits, with rules that trigger nothing by themselves.
fn typed(digits: &[u8], weak_pin: WeakPin) -> Option<Entry> {
    let mut entry = Entry::new(PinRules::new(4, 12, true, weak_pin)?);
    digits.iter().try_for_each(|&digit| entry.press(digit)).ok()?;
    Some(entry)
}

/// Like `typed`, for a customer whose birth date and phone number are known.
fn of_customer(digits: &[u8]) -> Option<Entry> {
    let known = Personal::new(Some("19870423"), ["467017406059"].into_iter())?;
    let mut entry = Entry::of_customer(PinRules::new(4, 12, true, WeakPin::Reject)?, known);
    digits.iter().try_for_each(|&digit| entry.press(digit)).ok()?;
    Some(entry)
}

fn pin(digits: Digits) -> Option<Pin> {
    let mut entry = Entry::new(PinRules::new(4, 12, false, WeakPin::Allow)?);
    digits.iter().try_for_each(|&digit| entry.press(digit)).ok()?;
    Pin::from_entry(entry).ok()
}

fn pressed() -> Stopwatch {
    let prepare = batch(|digits| Some((typed(&[], WeakPin::Reject)?, digits)));
    stopwatch(prepare, |(mut entry, digits)| {
        let pressed = digits.iter().try_for_each(|&digit| entry.press(digit));
        (entry, pressed)
    })
}

fn erased() -> Stopwatch {
    let prepare = batch(|digits| typed(&digits, WeakPin::Reject));
    stopwatch(prepare, |mut entry| {
        FIXED.iter().for_each(|_| entry.erase());
        entry
    })
}

/// Two entries that only differ in the last digit, or in random places.
fn twice_typed(class: Class, dice: &mut Dice) -> Option<Entry> {
    let mut entry = typed(&FIXED, WeakPin::Allow)?;
    entry.confirm().ok()?;
    let [a, b, c, d, e, last] = digits(class, dice);
    let last = if [a, b, c, d, e] == FIXED[..5] && last == FIXED[5] { (last + 1) % 10 } else { last };
    [a, b, c, d, e, last].iter().try_for_each(|&digit| entry.press(digit)).ok()?;
    Some(entry)
}

fn compared() -> Stopwatch {
    stopwatch(
        |class, dice| (0..BATCH).filter_map(|_| twice_typed(class, dice)).collect(),
        |entry: Entry| entry.finish().map_err(|(entry, error)| (entry, error == Error::Mismatch)),
    )
}

/// Compares like `==`, which may stop at the first digit that differs.
fn compared_until_two_differ() -> Stopwatch {
    let prepare = batch(Some);
    stopwatch(prepare, |digits| digits.iter().zip(&FIXED).all(|(one, other)| black_box(one == other)))
}

fn good_pin(class: Class, dice: &mut Dice) -> [u8; 4] {
    loop {
        let drawn = dice.digits();
        let is_good = of_customer(&drawn).is_some_and(|mut entry| entry.confirm().is_ok());
        if is_good {
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
        move |class, dice| (0..BATCH).filter_map(|_| of_customer(&pin(class, dice))).collect(),
        |mut entry: Entry| {
            let refused = entry.confirm();
            (entry, refused)
        },
    )
}

fn pan() -> Option<Pan> {
    Pan::from_ascii(PAN).ok()
}

fn format_0() -> Option<Format> {
    pan().map(Format::Iso0)
}

fn format_3() -> Option<Format> {
    pan().map(Format::Iso3)
}

fn encoded(format: fn() -> Option<Format>) -> Stopwatch {
    let prepare = batch(move |digits| Some((pin(digits)?, format()?)));
    stopwatch(prepare, |(pin, format)| (PinBlock::make(pin, &format, &mut constant(0x5a)), format))
}

fn encoded_4() -> Stopwatch {
    stopwatch(batch(pin), |pin| PinField::make(pin, &mut constant(0x5a)))
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

fn decoded(format: fn() -> Option<Format>, fill: u8) -> Stopwatch {
    let prepare = batch(move |digits| {
        let format = format()?;
        let (control, is_bound) = match format {
            Format::Iso0(_) => (0, true),
            Format::Iso1 => (1, false),
            Format::Iso3(_) => (3, true),
        };
        Some((PinBlock::from_secret(block(control, &filled(digits, fill), is_bound)), format))
    });
    stopwatch(prepare, |(block, format)| (block.into_digits(&format), format))
}

fn decoded_4() -> Stopwatch {
    let prepare = batch(|digits| Some(PinField::from_secret(block::<16>(4, &filled(digits, 0x0a), false))));
    stopwatch(prepare, PinField::into_digits)
}

/// A block in which one nibble is not allowed.
fn refused() -> Stopwatch {
    let spoiled = |class: Class, dice: &mut Dice| {
        let filled = filled(dice.digits(), 0x0f);
        let spoiled_at = |place: u8| {
            let mut nibbles = filled;
            // Neither a digit nor a fill.
            nibbles[usize::from(place)] = 0x0c;
            nibbles
        };
        let nibbles = class.choose(spoiled_at(0), spoiled_at(dice.below(14)));
        Some((PinBlock::from_secret(block(0, &nibbles, true)), format_0()?))
    };
    stopwatch(
        move |class, dice| (0..BATCH).filter_map(|_| spoiled(class, dice)).collect(),
        |(block, format): (PinBlock, Format)| (block.into_digits(&format), format),
    )
}

fn tdea() -> Option<KeyUsage> {
    Some(KeyUsage::Tdea(Format::Iso1))
}

fn aes() -> Option<KeyUsage> {
    pan().map(KeyUsage::Aes)
}

/// A key without weak or equal parts.
fn fixed_key<const N: usize>() -> [u8; N] {
    std::array::from_fn(|place| (place as u8).wrapping_mul(0x1f) ^ 0x6b)
}

fn key_checked<const N: usize>(usage: fn() -> Option<KeyUsage>) -> Stopwatch {
    stopwatch(
        move |class, dice| {
            let mut key = || class.choose(fixed_key::<N>(), dice.bytes());
            (0..BATCH).filter_map(|_| Some((key(), usage()?))).collect::<Vec<_>>()
        },
        |(key, usage)| Tzpk::from_bytes(&key, usage).map(|key| key.check_value()),
    )
}

fn encrypted<const N: usize>(usage: fn() -> Option<KeyUsage>) -> Stopwatch {
    let prepare =
        batch(move |digits| Some((Tzpk::from_bytes(&fixed_key::<N>(), usage()?).ok()?, pin(digits)?)));
    stopwatch(prepare, |(key, pin)| key.encrypt(pin, &mut constant(0x5a)))
}
