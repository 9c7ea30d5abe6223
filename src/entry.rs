//! `Entry`: the digits a person types, once or twice. A pure state machine.
//!
//! ```text
//! first ──confirm()──→ second ──finish()──→ Pin        (confirmation on)
//! first ─────────────────────finish()──→ Pin           (confirmation off)
//! ```

use crate::{
    digits::{Digits, MAX_DIGITS, MIN_DIGITS},
    error::Error,
    random,
    weak_pin::{Personal, WeakPin, WeakReason, weak_reason},
};
use rand_core::TryCryptoRng;
use serde::Serialize;

/// The rules for a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinRules {
    min: u8,
    max: u8,
    confirm: bool,
    weak_pin: WeakPin,
}

impl PinRules {
    /// Rules for PINs of `min` to `max` digits; with `confirm` the PIN is entered twice. `None` unless
    /// 4 ≤ `min` ≤ `max` ≤ 12 (ISO 9564-1, 8.1).
    #[must_use]
    pub fn new(min: u8, max: u8, confirm: bool, weak_pin: WeakPin) -> Option<Self> {
        (MIN_DIGITS <= min && min <= max && max <= MAX_DIGITS).then_some(Self { min, max, confirm, weak_pin })
    }
}

/// How often a PIN is drawn again because it is easily guessed. One in twenty PINs of four digits is.
const MAX_DRAWS: u8 = 64;

/// The entry that the digits go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// The first entry.
    Entry,
    /// The second entry, which has to repeat the first.
    Confirm,
}

impl Step {
    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Confirm => "confirm",
        }
    }
}

/// One or two rows of digits that are being entered.
#[derive(Debug)]
pub struct Entry {
    rules: PinRules,
    personal: Personal,
    first: Digits,
    second: Option<Digits>,
    /// The reason why the last refused PIN is easily guessed.
    weak_reason: Option<WeakReason>,
}

impl Entry {
    /// An empty entry.
    #[must_use]
    pub fn new(rules: PinRules) -> Self {
        Self::of_customer(rules, Personal::default())
    }

    /// An empty entry of a customer about whom something is known. The entry wipes these facts when it ends.
    #[must_use]
    pub fn of_customer(rules: PinRules, personal: Personal) -> Self {
        Self { rules, personal, first: Digits::empty(), second: None, weak_reason: None }
    }

    /// The entry that the digits go to now.
    #[must_use]
    pub fn step(&self) -> Step {
        if self.second.is_some() { Step::Confirm } else { Step::Entry }
    }

    /// How many digits the current entry holds.
    #[must_use]
    pub fn digits(&self) -> u8 {
        self.current().count()
    }

    /// Whether [`finish`](Self::finish) would return a PIN.
    ///
    /// Before the second entry this does not look at the digits: the time that it takes would otherwise show whether the first
    /// few digits of a longer PIN are easily guessed.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.awaits_confirm() && self.check().is_ok()
    }

    /// The reason why a PIN was last refused with [`Error::WeakPin`]; `None` if none was.
    #[must_use]
    pub fn weak_reason(&self) -> Option<WeakReason> {
        self.weak_reason
    }

    /// Draws a PIN that the rules accept, as short as they allow and as likely as any other. The entry gets none of its digits:
    /// the customer types them.
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`]; also when more PINs in a row are easily guessed than chance explains.
    pub fn suggest<R: TryCryptoRng>(&self, source: &mut R) -> Result<Digits, Error> {
        for _ in 0..MAX_DRAWS {
            let mut digits = Digits::empty();
            for _ in 0..self.rules.min {
                digits.push(random::in_range(source, 0..=9)?)?;
            }
            if weak_reason(&digits, &self.personal).is_none() {
                return Ok(digits);
            }
        }
        Err(Error::EntropyUnavailable)
    }

    /// Whether there is a second entry to come.
    #[must_use]
    pub fn awaits_confirm(&self) -> bool {
        self.rules.confirm && self.step() == Step::Entry
    }

    /// Adds a digit. A full first entry moves on by itself if every PIN has the same length.
    ///
    /// # Errors
    /// [`Error::NotDigits`], [`Error::TooLong`]; nothing changes. [`Error::WeakPin`] when the digit made the
    /// first entry full and it is easily guessed; the entry is empty then.
    pub fn press(&mut self, digit: u8) -> Result<(), Error> {
        if digit <= 9 && self.digits() >= self.rules.max {
            return Err(Error::TooLong);
        }
        self.current_mut().push(digit)?;
        let is_full = self.digits() == self.rules.max;
        if is_full && self.rules.min == self.rules.max && self.awaits_confirm() {
            self.confirm()?;
        }
        Ok(())
    }

    /// Removes the last digit.
    pub fn erase(&mut self) {
        self.current_mut().pop();
    }

    /// Empties the current entry.
    pub fn clear(&mut self) {
        *self.current_mut() = Digits::empty();
    }

    /// Empties both entries, and starts with the first.
    pub fn forget(&mut self) {
        self.first = Digits::empty();
        self.second = None;
    }

    /// Moves on to the second entry. Without digits, in the second entry, or with confirmation off it does
    /// nothing.
    ///
    /// # Errors
    /// [`Error::TooShort`]; the digits stay. [`Error::WeakPin`]; the entry is empty then.
    pub fn confirm(&mut self) -> Result<(), Error> {
        if !self.awaits_confirm() || self.digits() == 0 {
            return Ok(());
        }
        self.check_first().map_err(|refusal| self.recover(refusal))?;
        self.second = Some(Digits::empty());
        Ok(())
    }

    /// Ends the entry with the digits of a PIN.
    ///
    /// # Errors
    /// Returns the entry, ready to continue, with [`Error::TooShort`] (the digits stay; also when the second
    /// entry is missing), or [`Error::WeakPin`] or [`Error::Mismatch`] (both entries are empty then).
    pub fn finish(mut self) -> Result<Digits, (Self, Error)> {
        match self.check() {
            Ok(()) => Ok(self.first),
            Err(refusal) => {
                let error = self.recover(refusal);
                Err((self, error))
            }
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        self.check_first()?;
        match &self.second {
            None if self.rules.confirm => Err(Refusal::Entry(Error::TooShort)),
            Some(second) if second.count() < self.rules.min => Err(Refusal::Entry(Error::TooShort)),
            Some(second) if !second.ct_eq(&self.first).to_bool() => Err(Refusal::Entry(Error::Mismatch)),
            _ => Ok(()),
        }
    }

    fn check_first(&self) -> Result<(), Refusal> {
        if self.first.count() < self.rules.min {
            return Err(Refusal::Entry(Error::TooShort));
        }
        match self.rules.weak_pin {
            WeakPin::Reject => {
                weak_reason(&self.first, &self.personal).map_or(Ok(()), |why| Err(Refusal::Weak(why)))
            }
            WeakPin::Allow => Ok(()),
        }
    }

    /// After [`Error::TooShort`] the person can continue to type; after any other error the entry is empty.
    fn recover(&mut self, refusal: Refusal) -> Error {
        let error = match refusal {
            Refusal::Entry(error) => error,
            Refusal::Weak(reason) => {
                self.weak_reason = Some(reason);
                Error::WeakPin
            }
        };
        if error != Error::TooShort {
            self.forget();
        }
        error
    }

    fn current(&self) -> &Digits {
        self.second.as_ref().unwrap_or(&self.first)
    }

    fn current_mut(&mut self) -> &mut Digits {
        self.second.as_mut().unwrap_or(&mut self.first)
    }
}

/// Why a PIN is refused.
enum Refusal {
    Entry(Error),
    Weak(WeakReason),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(rules: PinRules, digits: &[u8]) -> Entry {
        let mut entry = Entry::new(rules);
        digits.iter().for_each(|&digit| entry.press(digit).unwrap());
        entry
    }

    fn four() -> PinRules {
        PinRules::new(4, 4, true, WeakPin::Reject).unwrap()
    }

    fn four_to_six() -> PinRules {
        PinRules::new(4, 6, true, WeakPin::Reject).unwrap()
    }

    #[test]
    fn lengths_are_those_of_the_standard() {
        assert!(PinRules::new(4, 12, true, WeakPin::Reject).is_some());
        for (min, max) in [(3, 4), (0, 0), (6, 5), (4, 13), (13, 13)] {
            assert!(PinRules::new(min, max, true, WeakPin::Reject).is_none(), "{min} to {max}");
        }
    }

    #[test]
    fn a_full_entry_moves_on_by_itself() {
        let entry = typed(four(), &[4, 8, 2, 6]);
        assert_eq!((entry.step(), entry.digits(), entry.is_valid()), (Step::Confirm, 0, false));
    }

    #[test]
    fn with_several_lengths_the_person_moves_on() {
        let mut entry = typed(four_to_six(), &[4, 8, 2, 6, 1, 5]);
        assert_eq!(entry.step(), Step::Entry);
        assert_eq!(entry.press(1), Err(Error::TooLong));
        entry.confirm().unwrap();
        assert_eq!((entry.step(), entry.digits()), (Step::Confirm, 0));
    }

    #[test]
    fn two_equal_entries_make_a_pin() {
        let entry = typed(four(), &[4, 8, 2, 6, 4, 8, 2, 6]);
        assert!(entry.is_valid());
        assert_eq!(entry.finish().unwrap().expose(), [4, 8, 2, 6]);
    }

    #[test]
    fn one_entry_is_enough_with_confirmation_off() {
        let rules = PinRules::new(4, 4, false, WeakPin::Reject).unwrap();
        let entry = typed(rules, &[4, 8, 2, 6]);
        assert_eq!((entry.step(), entry.is_valid()), (Step::Entry, true));
        assert_eq!(entry.finish().unwrap().count(), 4);
    }

    #[test]
    fn different_entries_start_over() {
        let (entry, error) = typed(four(), &[4, 8, 2, 6, 4, 8, 2, 7]).finish().unwrap_err();
        assert_eq!((error, entry.step(), entry.digits()), (Error::Mismatch, Step::Entry, 0));
    }

    #[test]
    fn a_second_entry_that_is_a_prefix_differs() {
        let mut entry = typed(four_to_six(), &[4, 8, 2, 6, 1]);
        entry.confirm().unwrap();
        [4, 8, 2, 6].iter().for_each(|&digit| entry.press(digit).unwrap());
        assert_eq!(entry.finish().unwrap_err().1, Error::Mismatch);
    }

    #[test]
    fn a_missing_or_unfinished_entry_can_be_typed_on() {
        for digits in [&[][..], &[4, 8], &[4, 8, 2, 6], &[4, 8, 2, 6, 4, 8]] {
            let (entry, error) = typed(four(), digits).finish().unwrap_err();
            assert_eq!((error, usize::from(entry.digits())), (Error::TooShort, digits.len() % 4));
        }
    }

    #[test]
    fn a_weak_pin_is_refused_before_the_second_entry() {
        let mut entry = typed(four(), &[1, 2, 3]);
        assert_eq!(entry.press(4), Err(Error::WeakPin));
        assert_eq!((entry.step(), entry.digits()), (Step::Entry, 0));

        let rules = PinRules::new(4, 4, true, WeakPin::Allow).unwrap();
        assert_eq!(typed(rules, &[1, 2, 3, 4]).step(), Step::Confirm);
    }

    #[test]
    fn the_reason_is_that_of_the_last_weak_pin() {
        let rules = PinRules::new(4, 4, false, WeakPin::Reject).unwrap();
        let known = Personal::new(None, ["4826"].into_iter()).unwrap();
        let mut entry = Entry::of_customer(rules, known);
        assert_eq!(entry.weak_reason(), None);
        for (pin, reason) in [([1, 2, 3, 4], WeakReason::Run), ([4, 8, 2, 6], WeakReason::Personal)] {
            pin.iter().for_each(|&digit| entry.press(digit).unwrap());
            let (refused, error) = entry.finish().unwrap_err();
            assert_eq!((error, refused.weak_reason()), (Error::WeakPin, Some(reason)));
            entry = refused;
        }
        // The facts about the customer are kept after a refused entry.
        entry.forget();
        [4, 8, 2, 6].iter().for_each(|&digit| entry.press(digit).unwrap());
        assert!(!entry.is_valid());
    }

    #[test]
    fn confirm_without_digits_does_nothing() {
        let mut entry = Entry::new(four_to_six());
        assert_eq!((entry.confirm(), entry.step()), (Ok(()), Step::Entry));
        entry.press(4).unwrap();
        assert_eq!((entry.confirm(), entry.digits()), (Err(Error::TooShort), 1));
    }

    #[test]
    fn erase_and_clear_keep_to_the_current_entry() {
        let mut entry = typed(four(), &[4, 8, 2, 6, 4, 8]);
        entry.erase();
        assert_eq!((entry.step(), entry.digits()), (Step::Confirm, 1));
        entry.clear();
        entry.erase();
        assert_eq!((entry.step(), entry.digits()), (Step::Confirm, 0));
        [4, 8, 2, 6].iter().for_each(|&digit| entry.press(digit).unwrap());
        assert!(entry.is_valid());
    }

    #[test]
    fn to_forget_goes_for_both_entries() {
        for digits in [&[][..], &[4, 8], &[4, 8, 2, 6], &[4, 8, 2, 6, 4, 8, 2, 6]] {
            let mut entry = typed(four(), digits);
            entry.forget();
            assert_eq!((entry.step(), entry.digits(), entry.is_valid()), (Step::Entry, 0, false));
        }
    }

    #[test]
    fn a_number_above_9_changes_nothing() {
        let mut entry = typed(four(), &[4, 8, 2, 6, 4, 8, 2, 6]);
        assert_eq!(entry.press(10), Err(Error::NotDigits));
        assert_eq!(entry.press(5), Err(Error::TooLong));
        assert!(entry.is_valid());
    }
}
