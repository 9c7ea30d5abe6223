//! The entry against a model: two rows of digits and the rules, written down as plainly as they can be.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use card_pin::{
    entry::{Entry, PinRules, Step},
    error::Error,
    pin::Pin,
    weak_pin::WeakPin,
};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Input {
    Press(u8),
    Erase,
    Clear,
    Confirm,
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        12 => (0_u8..=9).prop_map(Input::Press),
        1 => (10_u8..).prop_map(Input::Press),
        1 => Just(Input::Erase),
        1 => Just(Input::Clear),
        2 => Just(Input::Confirm),
    ]
}

/// Every PIN is accepted here, so that the model does not need the rules for easily guessed PINs.
#[derive(Debug)]
struct Model {
    min: usize,
    max: usize,
    confirm: bool,
    rows: Vec<Vec<u8>>,
}

impl Model {
    fn apply(&mut self, input: Input) -> Result<(), Error> {
        let (min, max) = (self.min, self.max);
        let is_first = self.rows.len() == 1;
        let row = self.rows.last_mut().unwrap();
        match input {
            Input::Press(10..) => return Err(Error::NotDigits),
            Input::Press(_) if row.len() == max => return Err(Error::TooLong),
            Input::Press(digit) => row.push(digit),
            Input::Erase => drop(row.pop()),
            Input::Clear => row.clear(),
            Input::Confirm if self.confirm && is_first && !row.is_empty() && row.len() < min => {
                return Err(Error::TooShort);
            }
            Input::Confirm => {}
        }
        let moves_on = match input {
            Input::Press(_) => min == max && row.len() == max,
            Input::Confirm => row.len() >= min,
            _ => false,
        };
        if self.confirm && is_first && moves_on {
            self.rows.push(Vec::new());
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), Error> {
        let wanted = if self.confirm { 2 } else { 1 };
        if self.rows.len() < wanted || self.rows.iter().any(|row| row.len() < self.min) {
            Err(Error::TooShort)
        } else if self.rows.iter().all(|row| *row == self.rows[0]) {
            Ok(())
        } else {
            Err(Error::Mismatch)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_entry_does_as_the_model(
        (min, max) in (4_u8..=12).prop_flat_map(|min| (Just(min), min..=12)),
        confirm: bool,
        repeat: bool,
        mut inputs in prop::collection::vec(input(), 0..40),
    ) {
        if repeat {
            // By chance alone, two entries would never be equal.
            inputs.extend(inputs.clone());
        }
        let rules = PinRules::new(min, max, confirm, WeakPin::Allow).unwrap();
        let mut entry = Entry::new(rules);
        let mut model = Model { min: min.into(), max: max.into(), confirm, rows: vec![Vec::new()] };
        for input in inputs {
            let outcome = match input {
                Input::Press(digit) => entry.press(digit),
                Input::Erase => { entry.erase(); Ok(()) }
                Input::Clear => { entry.clear(); Ok(()) }
                Input::Confirm => entry.confirm(),
            };
            prop_assert_eq!(outcome, model.apply(input), "{:?}", input);
            let step = if model.rows.len() == 1 { Step::Entry } else { Step::Confirm };
            prop_assert_eq!(entry.step(), step);
            prop_assert_eq!(usize::from(entry.digits()), model.rows.last().unwrap().len());
            prop_assert_eq!(entry.is_valid(), model.finish().is_ok());
        }
        let outcome = Pin::from_entry(entry).map(drop).map_err(|(_, error)| error);
        prop_assert_eq!(outcome, model.finish());
    }
}
