//! Decides which PINs are easily guessed.
//!
//! Bonneau, Preibusch and Anderson ("A birthday present every eleven wallets?", Financial Cryptography 2012)
//! measured what people choose: repeated digits, runs, the years of their life, dates, and lines on the keypad.
//! `docs/pin-policy.md` says how much refusing these hinders a thief, and how many people it affects.

mod common;
mod personal;

use crate::digits::Digits;
use ctutils::{Choice, CtEq, CtLt, CtSelect};
use serde::Serialize;

pub use personal::Personal;

/// The treatment of a PIN that is easily guessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeakPin {
    /// Refuse it.
    #[default]
    Reject,
    /// Take it.
    Allow,
}

/// Why a PIN is easily guessed: the first rule that it breaks, in this order. The facts about the customer come last, so
/// that they are only reported for a PIN that breaks no other rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum WeakReason {
    /// Digits in a row, up or down.
    Run,
    /// Digits or groups of them are repeated, or the second half is the first one backwards.
    Repeat,
    /// A year.
    Year,
    /// A pattern on the keypad.
    Pattern,
    /// Many people choose it.
    Common,
    /// A date or a number of this customer.
    Personal,
}

impl WeakReason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Run, Self::Repeat, Self::Year, Self::Pattern, Self::Common, Self::Personal];

    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Repeat => "repeat",
            Self::Year => "year",
            Self::Pattern => "pattern",
            Self::Common => "common",
            Self::Personal => "personal",
        }
    }
}

/// Four-digit PINs that are years within living memory: from the first, and before the last. They are written behind a 1, like
/// the others in this file.
const YEARS: [u64; 2] = [1_1930, 1_2030];
/// The middle column of a keypad, downwards and upwards.
static COLUMN: [u16; 2] = [1_2580, 1_0852];
/// Keys that are next to each other, one above or beside the other.
static NEIGHBOURS: [u16; 13] = [1_12, 1_23, 1_45, 1_56, 1_78, 1_89, 1_14, 1_47, 1_25, 1_58, 1_36, 1_69, 1_80];
/// Three keys in a line.
static LINES: [u16; 8] = [1_123, 1_456, 1_789, 1_147, 1_258, 1_369, 1_159, 1_357];

/// Why `digits` are easily guessed; `None` if they are not. `docs/pin-policy.md` has the rules with examples.
///
/// Every rule is evaluated whatever the others give, in a time that only depends on the number of digits (and on how
/// much is known about the customer); only the outcome is branched on.
pub(crate) fn weak_reason(digits: &Digits, personal: &Personal) -> Option<WeakReason> {
    // EXPOSE: the digits are compared with each other and with lists here; only the name of a rule is returned.
    let digits = digits.expose();
    // In the order of `WeakReason::ALL`.
    let rules =
        [run(digits), repeat(digits), year(digits), pattern(digits), common(digits), personal.knows(digits)];
    let none = WeakReason::ALL.len() as u8;
    // From the last to the first, so that the first broken rule remains.
    let first =
        (0..none).zip(rules).rev().fold(none, |first, (place, is_broken)| first.ct_select(&place, is_broken));
    WeakReason::ALL.get(usize::from(first)).copied()
}

/// The digits as a number, behind a 1.
fn number<'a>(digits: impl IntoIterator<Item = &'a u8>) -> u64 {
    digits.into_iter().fold(1, |number, &digit| number * 10 + u64::from(digit))
}

fn is_one_of<T: Copy + Into<u64>>(number: u64, list: &[T]) -> Choice {
    list.iter().fold(Choice::FALSE, |any, &other| any | number.ct_eq(&other.into()))
}

/// Whether the digits, or the digits backwards, are in the list.
fn is_one_of_either_way(digits: &[u8], list: &[u16]) -> Choice {
    is_one_of(number(digits), list) | is_one_of(number(digits.iter().rev()), list)
}

/// Whether each group of three digits is one of `LINES`.
fn is_in_lines(digits: &[u8]) -> Choice {
    let lines = digits.chunks_exact(3);
    let fits = Choice::from_u8_lsb(u8::from(lines.remainder().is_empty()));
    fits & all(lines.map(|line| is_one_of_either_way(line, &LINES)))
}

fn all(choices: impl Iterator<Item = Choice>) -> Choice {
    choices.fold(Choice::TRUE, |all, choice| all & choice)
}

fn any(choices: impl Iterator<Item = Choice>) -> Choice {
    choices.fold(Choice::FALSE, |any, choice| any | choice)
}

/// Runs: `1234`, and for longer PINs also `24680`: digits that go up or down by one or two, and then any last digit (`123450`),
/// which the customer may have added to make the run long enough. `9` and `0` are neighbours.
fn run(digits: &[u8]) -> Choice {
    let (digits, steps): (_, &[u8]) = match digits.len() {
        4 => (digits, &[1, 9]),
        count => (&digits[..count - 1], &[1, 2, 8, 9]),
    };
    any(steps.iter().map(|step| {
        all(digits.windows(2).map(|pair| {
            let next = pair[0] + step;
            next.ct_eq(&pair[1]) | next.ct_eq(&(pair[1] + 10))
        }))
    }))
}

/// Repetitions: `7777`, `2525`, `1122`, and for longer PINs also `123123`, `1231231`, `112233`, `111222`, `123321`.
fn repeat(digits: &[u8]) -> Choice {
    let count = digits.len();
    let of_period = |period| all(digits.iter().zip(&digits[period..]).map(|(one, other)| one.ct_eq(other)));
    let in_groups =
        |size| all(digits.chunks(size).map(|group| all(group.iter().map(|digit| digit.ct_eq(&group[0])))));
    let periods = any((1..=count / 2).map(of_period));
    let groups = any((2..=count / 2).filter(|size| count.is_multiple_of(*size)).map(in_groups));
    let mirrored = all(digits.iter().zip(digits.iter().rev()).map(|(one, other)| one.ct_eq(other)));
    // For four digits, the list has the mirrored ones that people choose.
    let is_longer = Choice::from_u8_lsb(u8::from(count > 4));
    periods | groups | (mirrored & is_longer)
}

/// A year: `1987`.
fn year(digits: &[u8]) -> Choice {
    let [first, end] = YEARS;
    let year = number(digits);
    !year.ct_lt(&first) & year.ct_lt(&end)
}

/// Patterns on the keypad: `2580`, and for longer PINs `147896` (each key is next to the one before) or `789456` (lines of
/// three).
fn pattern(digits: &[u8]) -> Choice {
    if digits.len() == 4 {
        return is_one_of(number(digits), &COLUMN);
    }
    let path = all(digits.windows(2).map(|pair| is_one_of_either_way(pair, &NEIGHBOURS)));
    // The key that is in no line of three may come first or last.
    let last = digits.len() - 1;
    let behind_zero = digits[0].ct_eq(&0) & is_in_lines(&digits[1..]);
    let before_zero = digits[last].ct_eq(&0) & is_in_lines(&digits[..last]);
    path | is_in_lines(digits) | behind_zero | before_zero
}

fn common(digits: &[u8]) -> Choice {
    let number = number(digits);
    is_one_of(number, &common::OF_FOUR) | is_one_of(number, &common::LONGER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use WeakReason::{Common, Pattern, Repeat, Run, Year};

    fn digits(pin: &str) -> Digits {
        let mut digits = Digits::empty();
        pin.bytes().for_each(|digit| digits.push(digit - b'0').unwrap());
        digits
    }

    fn reason(pin: &str) -> Option<WeakReason> {
        weak_reason(&digits(pin), &Personal::default())
    }

    /// How many PINs of `count` digits are refused, for each reason.
    fn refused(count: usize) -> [usize; 6] {
        let mut refused = [0; 6];
        for number in 0..10_usize.pow(count as u32) {
            if let Some(reason) = reason(&format!("{number:0count$}")) {
                refused[reason as usize] += 1;
            }
        }
        refused
    }

    #[test]
    fn easily_guessed_pins_are_refused_with_a_reason() {
        let weak = [
            (Run, "1234 7890 4321 0987 12345 13579 24680 86420 123456 098765 12345678901 123456789012"),
            (Run, "12346 123450 1234567891 1357911"),
            (
                Repeat,
                "0000 7777 777777 1212 2525 696969 25252 123123 1231231 45674567 198719871987 1231231231",
            ),
            (Repeat, "1122 8844 112233 111222 11112222 55556666 112233445566 111122223333"),
            (Repeat, "12321 123321 12344321 573375 1234554321 123456654321"),
            (Year, "1930 1987 2001 2029"),
            (Pattern, "2580 0852 14789 123654 147852 147896325 08521236"),
            (Pattern, "789456 159753 147258369 741852963 753951 0147258369 7894561230 123789456321"),
            (Common, "2468 1230 1221 0007 5683 12413 10203 102030 142536 5201314 31415926 192837465"),
            (Common, "4815162342 12345678910 010203040506 00000000001"),
        ];
        for (expected, pins) in weak {
            pins.split(' ').for_each(|pin| assert_eq!(reason(pin), Some(expected), "{pin}"));
        }
    }

    #[test]
    fn other_pins_are_not() {
        let good = "4826 1929 2030 8521 5821 9031 2479 4682 \
            19875 48261 11222 482615 147965 123465 159356 147259 4826159 7894561 1122335 48261597 12345687 \
            482615973 4826159730 48261597304 482615973048";
        good.split_whitespace().for_each(|pin| assert_eq!(reason(pin), None, "{pin}"));
    }

    #[test]
    fn a_person_has_nearly_every_pin_left() {
        // 20 runs; 100 repeated pairs and 90 of two doubles; 100 years without 2020, which is a repeated pair; 2 columns; the
        // list.
        assert_eq!(refused(4), [20, 190, 99, 2, 200, 0]);
        // Four steps, ten first digits and ten last ones. The rest was counted by another program.
        assert_eq!(refused(5), [400, 1000, 0, 552, 17, 0]);
        assert_eq!(refused(6), [400, 2980, 0, 1952, 12, 0]);
    }

    #[test]
    fn the_lists_contain_only_pins_that_no_other_rule_refuses() {
        let numbers = common::OF_FOUR.iter().map(|&number| u64::from(number)).chain(common::LONGER);
        let pins: Vec<String> = numbers.map(|number| number.to_string()[1..].to_owned()).collect();
        pins.iter().for_each(|pin| assert_eq!(reason(pin), Some(Common), "{pin}"));
        assert!(common::OF_FOUR.is_sorted_by(|one, next| one < next), "none stands twice");
        assert_eq!(
            pins.iter().collect::<std::collections::HashSet<_>>().len(),
            pins.len(),
            "none stands twice"
        );
    }

    #[test]
    fn the_first_reason_is_told() {
        let numbers = ["123400001987258024688261"];
        let personal = Personal::new(None, numbers.into_iter()).unwrap();
        let told = [("1234", Run), ("0000", Repeat), ("1987", Year), ("2580", Pattern), ("2468", Common)];
        for (pin, expected) in told {
            assert_eq!(weak_reason(&digits(pin), &personal), Some(expected), "{pin}");
        }
        assert_eq!(weak_reason(&digits("8261"), &personal), Some(WeakReason::Personal));
        assert_eq!(reason("8261"), None);
    }
}
