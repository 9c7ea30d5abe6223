//! Facts about one customer that the issuer knows, and that a thief may find in the customer's wallet.

use super::{any, number};
use crate::secret::Secret;
use alloc::vec::Vec;
use core::fmt;
use ctutils::{Choice, CtEq};

/// The pairs of digits of a birth date, in the order of the year's first half, its second half, the month and the day.
const DATE_DIGITS: usize = 8;
/// The longest number: an international bank account number has up to 34 characters (ISO 13616-1).
const MAX_NUMBER_DIGITS: usize = 34;

/// Places in a birth date, in pairs of digits.
const CENTURY: u8 = 0;
const YEAR: u8 = 1;
const MONTH: u8 = 2;
const DAY: u8 = 3;
/// The forms in which a birth date is entered.
static FORMS: [&[u8]; 15] = [
    &[DAY, MONTH],
    &[MONTH, DAY],
    &[CENTURY, YEAR],
    &[YEAR, MONTH],
    &[MONTH, YEAR],
    &[DAY, YEAR],
    &[YEAR, DAY],
    &[DAY, MONTH, YEAR],
    &[MONTH, DAY, YEAR],
    &[YEAR, MONTH, DAY],
    &[CENTURY, YEAR, MONTH],
    &[MONTH, CENTURY, YEAR],
    &[DAY, MONTH, CENTURY, YEAR],
    &[MONTH, DAY, CENTURY, YEAR],
    &[CENTURY, YEAR, MONTH, DAY],
];

/// The birth date and the numbers of one customer, in secret memory. They are never given out, not even which of
/// them a PIN is part of.
#[derive(Default)]
pub struct Personal {
    birth_date: Option<Number>,
    numbers: Vec<Number>,
}

struct Number {
    digits: Secret<MAX_NUMBER_DIGITS>,
    count: usize,
}

impl Personal {
    /// Takes the facts about a customer: a birth date (`YYYYMMDD`), and numbers. `None` unless the date is eight digits, and each
    /// number at most 34.
    pub fn new<'a>(birth_date: Option<&str>, numbers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let birth_date = match birth_date {
            Some(date) => Some(Number::from_digits(date).filter(|date| date.count == DATE_DIGITS)?),
            None => None,
        };
        let mut known = Self { birth_date, numbers: Vec::new() };
        for number in numbers {
            known.numbers.push(Number::from_digits(number)?);
        }
        Some(known)
    }

    /// Whether a PIN is the birth date in one of its forms, or consecutive digits of a number.
    pub(super) fn knows(&self, pin: &[u8]) -> Choice {
        let wanted = number(pin);
        let parts = self.numbers.iter().flat_map(|known| known.digits().windows(pin.len())).map(number);
        let dates = self.birth_date.iter().flat_map(|date| {
            let pair = |place: u8| number(&date.digits()[2 * usize::from(place)..][..2]) - 100;
            FORMS.iter().map(move |form| form.iter().fold(1, |number, &place| number * 100 + pair(place)))
        });
        any(parts.chain(dates).map(|known| known.ct_eq(&wanted)))
    }
}

impl Number {
    fn from_digits(text: &str) -> Option<Self> {
        let mut digits = Secret::zeroed();
        // EXPOSE: filled in place.
        let places: &mut [u8; MAX_NUMBER_DIGITS] = digits.expose_mut();
        for (place, digit) in text.bytes().enumerate() {
            *places.get_mut(place)? = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        }
        Some(Self { digits, count: text.len() })
    }

    fn digits(&self) -> &[u8] {
        // EXPOSE: compared with a PIN, as numbers and in constant time; one yes or no leaves.
        &self.digits.expose()[..self.count]
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "46701740605";

    fn personal() -> Personal {
        Personal::new(Some("19870423"), [PHONE, "88"].into_iter()).unwrap()
    }

    fn knows(pin: &str) -> bool {
        let pin: Vec<u8> = pin.bytes().map(|digit| digit - b'0').collect();
        personal().knows(&pin).to_bool()
    }

    #[test]
    fn a_birth_date_is_known_in_every_form_that_fits() {
        let forms = "2304 0423 1987 8704 0487 2387 8723 230487 042387 870423 198704 041987 23041987 04231987 19870423";
        forms.split(' ').for_each(|pin| assert!(knows(pin), "{pin}"));
        for pin in ["3204", "2340", "1978", "2319", "23048", "230498", "2304198", "230419870"] {
            assert!(!knows(pin), "{pin}");
        }
    }

    #[test]
    fn as_many_digits_of_a_number_are_known() {
        for len in 4..=PHONE.len() {
            (0..=PHONE.len() - len)
                .for_each(|from| assert!(knows(&PHONE[from..from + len]), "{from}, {len}"));
        }
        for pin in ["4671", "0506", "8888", "467017406050"] {
            assert!(!knows(pin), "{pin}");
        }
    }

    #[test]
    fn of_ten_thousand_pins_few_are_refused() {
        let refused = (0..10_000).filter(|pin| knows(&format!("{pin:04}"))).count();
        // The phone number has eight parts of four digits, and the date seven forms.
        assert_eq!(refused, 8 + 7);
    }

    #[test]
    fn anything_else_is_not_taken() {
        let long = "1".repeat(35);
        for date in ["", "1987042", "198704233", "1987-4-3", "१९८७०४२३"] {
            assert!(Personal::new(Some(date), [].into_iter()).is_none(), "{date}");
        }
        for number in ["12 34", "+4670", "12a4", &long] {
            assert!(Personal::new(None, [number].into_iter()).is_none(), "{number}");
        }
        assert!(Personal::new(None, [&long[1..]].into_iter()).is_some());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", personal()), "Personal(…)");
    }
}
