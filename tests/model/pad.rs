//! The entry of a PIN by the documentation: digits as text, and a second implementation of the rules for easily guessed PINs.

use card_pin::{
    entry::{PinRules, Step},
    error::Error,
    weak_pin::WeakPin,
};

use crate::common::Event;

/// The rules for a PIN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) confirm: bool,
    pub(crate) reject_weak: bool,
}

impl Rules {
    pub(crate) fn to_pin_rules(self) -> PinRules {
        let weak_pin = if self.reject_weak { WeakPin::Reject } else { WeakPin::Allow };
        PinRules::new(self.min as u8, self.max as u8, self.confirm, weak_pin).unwrap()
    }

    /// `pin` or, if it is refused, the next PIN that is not.
    pub(crate) fn nearest_good_pin(self, pin: &str) -> String {
        let number: u64 = pin.parse().unwrap();
        let candidates = (number..).map(|number| format!("{number:0width$}", width = pin.len()));
        let mut candidates = candidates.map(|candidate| candidate[candidate.len() - pin.len()..].to_owned());
        candidates.find(|candidate| self.accepts(candidate).is_ok()).unwrap()
    }

    /// docs/pin-policy.md: "makes the vault draw a PIN of the shortest length that is allowed." docs/reference.md: "a random PIN that
    /// would be accepted"
    pub(crate) fn may_suggest(self, pin: &str) -> bool {
        pin.len() == self.min && self.accepts(pin).is_ok()
    }

    fn accepts(self, pin: &str) -> Result<(), Error> {
        if pin.len() < self.min {
            return Err(Error::TooShort);
        }
        if self.reject_weak && is_weak(pin) { Err(Error::WeakPin) } else { Ok(()) }
    }
}

/// The most common PINs, each behind a 1.
const COMMON: &str = include_str!("../../src/weak_pin/common.rs");

/// The rules of `docs/pin-policy.md`, on text.
fn is_weak(pin: &str) -> bool {
    let len = pin.len();
    let backwards: String = pin.chars().rev().collect();
    let wheels: &[&str] = if len == 4 { &["0123456789"] } else { &["0123456789", "02468", "13579"] };
    let run = if len == 4 { pin } else { &pin[..len - 1] };
    let is_run = wheels.iter().any(|wheel| {
        let up = wheel.repeat(4);
        let down: String = up.chars().rev().collect();
        up.contains(run) || down.contains(run)
    });
    let repeats = |unit: usize| pin.bytes().enumerate().all(|(at, digit)| digit == pin.as_bytes()[at % unit]);
    let groups = |size: usize| {
        len.is_multiple_of(size)
            && pin.bytes().enumerate().all(|(at, digit)| digit == pin.as_bytes()[at / size * size])
    };
    let year = (1930..=2029).any(|year| pin == year.to_string());
    let keys = ["123", "456", "789", "147", "2580", "369"];
    let are_neighbours = |pair: &[u8]| {
        keys.iter()
            .any(|keys| keys.as_bytes().windows(2).any(|keys| keys == pair || [keys[1], keys[0]] == pair))
    };
    let lines = ["123", "456", "789", "147", "258", "369", "159", "357"];
    let is_line = |line: &str| {
        lines.contains(&line) || lines.contains(&line.chars().rev().collect::<String>().as_str())
    };
    let in_lines = |pin: &str| {
        pin.len().is_multiple_of(3) && (0..pin.len()).step_by(3).all(|at| is_line(&pin[at..at + 3]))
    };
    let pattern = match len {
        4 => ["2580", "0852"].contains(&pin),
        _ => {
            pin.as_bytes().windows(2).all(are_neighbours)
                || in_lines(pin)
                || pin.strip_prefix('0').is_some_and(in_lines)
                || pin.strip_suffix('0').is_some_and(in_lines)
        }
    };
    is_run
        || (1..=len / 2).any(repeats)
        || (2..=len / 2).any(groups)
        || (len > 4 && pin == backwards)
        || year
        || pattern
        || COMMON.contains(&format!("1_{pin},"))
}

/// One or two entries.
#[derive(Clone, Debug)]
pub(crate) struct Pad {
    rules: Rules,
    first: String,
    second: Option<String>,
}

impl Pad {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, first: String::new(), second: None }
    }

    fn current(&mut self) -> &mut String {
        self.second.as_mut().unwrap_or(&mut self.first)
    }

    fn shown(&self) -> &str {
        self.second.as_ref().unwrap_or(&self.first)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shown().is_empty()
    }

    /// Whether there is a second entry to come.
    pub(crate) fn is_first_of_two(&self) -> bool {
        self.rules.confirm && self.second.is_none()
    }

    /// Why a submit now would not be sent.
    fn problem(&self) -> Option<Error> {
        let second = match &self.second {
            None if self.rules.confirm => Err(Error::TooShort),
            Some(second) if second.len() < self.rules.min => Err(Error::TooShort),
            Some(second) if *second != self.first => Err(Error::Mismatch),
            _ => Ok(()),
        };
        self.rules.accepts(&self.first).and(second).err()
    }

    pub(crate) fn told(&self) -> Event {
        Event::PinValid {
            valid: self.problem().is_none(),
            digits: self.shown().len() as u8,
            step: if self.second.is_some() { Step::Confirm } else { Step::Entry },
        }
    }

    /// Runs `edit` and returns the events: the refusal, and then the entry if it changed.
    fn edit(&mut self, edit: impl FnOnce(&mut Self) -> Result<(), Error>) -> Vec<Event> {
        let before = self.told();
        let refused = edit(self).err().map(Event::Refused);
        let changed = Some(self.told()).filter(|after| *after != before);
        refused.into_iter().chain(changed).collect()
    }

    pub(crate) fn press(&mut self, digit: u8) -> Vec<Event> {
        self.edit(|pad| {
            if digit > 9 {
                return Err(Error::NotDigits);
            }
            if pad.shown().len() == pad.rules.max {
                return Err(Error::TooLong);
            }
            pad.current().push(char::from(b'0' + digit));
            // docs/reference.md: "If `min-length` equals `max-length`, a full first entry moves on to the second automatically."
            let moves_on = pad.rules.min == pad.rules.max && pad.shown().len() == pad.rules.max;
            if moves_on { pad.go_on() } else { Ok(()) }
        })
    }

    pub(crate) fn erase(&mut self) -> Vec<Event> {
        self.edit(|pad| {
            pad.current().pop();
            Ok(())
        })
    }

    pub(crate) fn clear(&mut self) -> Vec<Event> {
        self.edit(|pad| {
            pad.current().clear();
            Ok(())
        })
    }

    pub(crate) fn forget(&mut self) -> Vec<Event> {
        self.edit(|pad| {
            *pad = Self::new(pad.rules);
            Ok(())
        })
    }

    pub(crate) fn confirm(&mut self) -> Vec<Event> {
        self.edit(Self::go_on)
    }

    /// docs/reference.md: "An easily guessed PIN is refused before the second entry." What was refused, but for being too short, is
    /// forgotten.
    fn go_on(&mut self) -> Result<(), Error> {
        if self.is_first_of_two() && !self.is_empty() {
            match self.rules.accepts(&self.first) {
                Ok(()) => self.second = Some(String::new()),
                Err(Error::TooShort) => return Err(Error::TooShort),
                Err(error) => {
                    *self = Self::new(self.rules);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The PIN, or the events of the submit.
    pub(crate) fn submit(&mut self) -> Result<String, Vec<Event>> {
        match self.problem() {
            None => Ok(self.first.clone()),
            Some(Error::TooShort) => Err(vec![Event::Refused(Error::TooShort)]),
            Some(error) => {
                *self = Self::new(self.rules);
                Err(vec![Event::Refused(error), self.told()])
            }
        }
    }

    /// The next input of a customer who wants `pin`.
    pub(crate) fn next_towards(&self, pin: &str) -> Next {
        // A customer who has confirmed another PIN keeps it.
        let wanted = if self.second.is_some() { self.first.as_str() } else { pin };
        match wanted.strip_prefix(self.shown()) {
            None => Next::Clear,
            Some("") if self.is_first_of_two() => Next::Confirm,
            Some("") => Next::Submit,
            Some(rest) => Next::Press(rest.as_bytes()[0] - b'0'),
        }
    }
}

pub(crate) enum Next {
    Press(u8),
    Clear,
    Confirm,
    Submit,
}
