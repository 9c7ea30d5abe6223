//! Which PINs are easily guessed.
//!
//! Bonneau, Preibusch and Anderson ("A birthday present every eleven wallets?", Financial Cryptography 2012)
//! measured what people choose: repeated digits, runs, repeated pairs, the years of their life, and lines on the
//! keypad. Refusing these few costs a thief with six tries most of what guessing gains.

use crate::digits::Digits;
use ctutils::{Choice, CtEq, CtLt};

/// What to do about a PIN that is easily guessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeakPin {
    /// Refuse it.
    #[default]
    Reject,
    /// Take it.
    Allow,
}

/// Four-digit PINs that are years within living memory: from the first, and before the last.
const YEARS: [u16; 2] = [1930, 2030];
/// The middle column of a keypad, downwards and upwards.
const COLUMN: [u16; 2] = [2580, 852];

/// Whether `digits` are easily guessed: every digit one more, one less or the same as the one before
/// (`9` and `0` are neighbours), a pair repeated (`2525`), and for four digits two doubles (`1122`), a year
/// (`1987`) or the keypad's middle column (`2580`).
///
/// Every rule is worked out whatever the others say, in a time that depends on the number of digits alone; only the
/// outcome is branched on.
pub(crate) fn is_weak(digits: &Digits) -> bool {
    // EXPOSE: the digits are compared with each other here; one yes or no leaves.
    let digits = digits.expose();
    let every_step = |step: u8| {
        digits.windows(2).fold(Choice::TRUE, |all, pair| {
            let next = pair[0] + step;
            all & (next.ct_eq(&pair[1]) | next.ct_eq(&(pair[1] + 10)))
        })
    };
    let run = every_step(0) | every_step(1) | every_step(9);
    let repeated_pair = digits.windows(3).fold(Choice::TRUE, |all, three| all & three[0].ct_eq(&three[2]));
    (run | repeated_pair | is_weak_for_four(digits)).to_bool()
}

fn is_weak_for_four(digits: &[u8]) -> Choice {
    let &[a, b, c, d] = digits else { return Choice::FALSE };
    let value = [a, b, c, d].iter().fold(0, |value, &digit| value * 10 + u16::from(digit));
    let doubles = a.ct_eq(&b) & c.ct_eq(&d);
    let [first, end] = YEARS;
    let year = !value.ct_lt(&first) & value.ct_lt(&end);
    let column = COLUMN.iter().fold(Choice::FALSE, |any, line| any | value.ct_eq(line));
    doubles | year | column
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weak(pin: &[u8]) -> bool {
        let mut digits = Digits::none();
        pin.iter().for_each(|&digit| digits.push(digit).unwrap());
        is_weak(&digits)
    }

    #[test]
    fn easily_guessed_pins_are_weak() {
        let weak_pins: [&[u8]; 17] = [
            &[0, 0, 0, 0],
            &[7, 7, 7, 7, 7, 7],
            &[1, 2, 3, 4],
            &[7, 8, 9, 0],
            &[4, 3, 2, 1],
            &[0, 9, 8, 7],
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2],
            &[1, 2, 1, 2],
            &[6, 9, 6, 9, 6, 9],
            &[2, 5, 2, 5, 2],
            &[1, 1, 2, 2],
            &[1, 9, 3, 0],
            &[1, 9, 8, 7],
            &[2, 0, 0, 0],
            &[2, 0, 2, 9],
            &[2, 5, 8, 0],
            &[0, 8, 5, 2],
        ];
        weak_pins.iter().for_each(|pin| assert!(weak(pin), "{pin:?}"));
    }

    #[test]
    fn other_pins_are_not() {
        let good_pins: [&[u8]; 9] = [
            &[4, 8, 2, 6],
            &[1, 2, 3, 5],
            &[1, 9, 2, 9],
            &[2, 0, 3, 0],
            &[1, 2, 2, 1],
            &[1, 1, 2, 2, 3],
            &[1, 9, 8, 7, 5],
            &[1, 2, 1, 3],
            &[8, 5, 2, 0],
        ];
        good_pins.iter().for_each(|pin| assert!(!weak(pin), "{pin:?}"));
    }

    #[test]
    fn a_person_has_nearly_every_pin_left() {
        let refused = (0..10_000_u16)
            .filter(|n| {
                weak(&[n / 1000, n / 100 % 10, n / 10 % 10, n % 10].map(|digit| u8::try_from(digit).unwrap()))
            })
            .count();
        // 30 runs, 90 repeated pairs, 90 doubles, 100 years, 2 columns; 2020 is both a year and a repeated pair.
        assert_eq!(refused, 30 + 90 + 90 + 100 + 2 - 1);
    }
}
