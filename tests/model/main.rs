//! Thousands of sessions against a faulty server, compared with a model of the documentation.
//!
//! Every input (of a customer, of a provider, or an answer) is tried in every place that a session can reach: the session is
//! brought there with harmless inputs in between, gets the input, and then continues at random. After each step the session has to have done what [`documented`] says, and nothing else:
//!
//! - `set` is sent at most once, and the block contains the PIN that the customer submitted;
//! - the events are those documented, in their order, and an error has the code that the documentation gives to its fault;
//! - after the end there is no secret, no input is accepted, no event comes, and a new session with a new control id works;
//! - `Debug` prints no secret at any time.
//!
//! `PROPTEST_CASES` sets the number of sessions (each input in each place is tried at least once); `cargo test --test
//! model -- --nocapture` prints what was tried where.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test")]

#[path = "../common/mod.rs"]
mod common;

mod debug;
mod random;
mod hsm;
mod faults;
mod pad;
mod inputs;
mod answers;
mod documented;
mod places;
mod coverage;
mod world;
mod quotes;

use card_pin::wire::Endpoint;
use coverage::Coverage;
use faults::Fault;
use inputs::{Id, Input, Purpose, Source};
use pad::Rules;
use places::{Place, Row, reachable};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use std::cell::RefCell;
use world::{Setup, World};

/// How many sessions there are without `PROPTEST_CASES`: each input in each place once.
const DEFAULT_CASES: usize = 1;

/// A place, an input, and the request under way there.
type Cell = (Place, Input, Option<Endpoint>);

/// The random part of a session.
#[derive(Clone, Debug)]
struct Life {
    setup: Setup,
    /// Inputs that do not change the way to the place; `None` adds no input.
    noise: Vec<Option<Input>>,
    /// The inputs after the one under test; `None` is a step towards the good end, like every input after these.
    tail: Vec<Option<Input>>,
    digit: u8,
    not_a_digit: u8,
    fault: Fault,
    /// Whether a second session follows after the end.
    again: bool,
}

#[test]
fn setting_with_a_control_id() {
    every_input_in_every_place(Purpose::Set, Source::Given);
}

#[test]
fn setting_with_a_provider() {
    every_input_in_every_place(Purpose::Set, Source::Provider);
}

#[test]
fn viewing_with_a_control_id() {
    every_input_in_every_place(Purpose::View, Source::Given);
}

#[test]
fn viewing_with_a_provider() {
    every_input_in_every_place(Purpose::View, Source::Provider);
}

fn every_input_in_every_place(purpose: Purpose, source: Source) {
    let cells = cells(purpose, source);
    let cases =
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(DEFAULT_CASES);
    // The four tests share the number in proportion to their cells.
    let all: usize = [Purpose::Set, Purpose::View]
        .iter()
        .flat_map(|&purpose| {
            [Source::Given, Source::Provider].map(|source| self::cells(purpose, source).len())
        })
        .sum();
    let passes = u32::try_from(cases.div_ceil(all)).unwrap();
    let config =
        Config { cases: passes, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let lives = lives(purpose, source);
    let coverage = RefCell::new(Coverage::default());
    for &cell in &cells {
        let mut runner = TestRunner::new(config.clone());
        let result = runner.run(&lives, |life| live(&life, cell, &mut coverage.borrow_mut()));
        match result {
            Ok(()) => {}
            Err(TestError::Fail(reason, life)) => {
                panic!("{:?} while {}: {reason}\n{life:#?}", cell.1, cell.0);
            }
            Err(aborted) => panic!("{aborted}"),
        }
    }
    let coverage = coverage.into_inner();
    coverage.print(purpose, source);
    let missing = coverage.missing(&cells);
    assert!(missing.is_empty(), "never tried: {missing:#?}");
}

/// Each input in each place.
fn cells(purpose: Purpose, source: Source) -> Vec<Cell> {
    let mut inputs = vec![
        Input::Press(0),
        Input::Press(10),
        Input::Erase,
        Input::Clear,
        Input::Forget,
        Input::Confirm,
        Input::Suggest,
        Input::Advance,
        Input::Submit,
        Input::Close,
        Input::Search,
        Input::Waited,
        Input::Reveal,
        Input::RandomFails,
    ];
    inputs.extend([Id::Good, Id::None, Id::Empty, Id::TooLong].map(Input::ControlId));
    let mut cells = Vec::new();
    for place in reachable(purpose, source) {
        let outstanding = place.row.outstanding(purpose);
        cells.extend(inputs.iter().map(|&input| (place, input, outstanding)));
        let faults = if outstanding.is_some() { &faults::ALL[..] } else { &[Fault::Good] };
        cells.extend(faults.iter().map(|&fault| (place, Input::Reply(fault), outstanding)));
    }
    cells
}

/// Runs one session: the way to the place, the input, and random inputs.
fn live(life: &Life, (goal, input, outstanding): Cell, coverage: &mut Coverage) -> Result<(), TestCaseError> {
    coverage.sessions += 1;
    let can_look_up = goal.row.needs_look_up().unwrap_or(life.setup.can_look_up);
    let setup = &Setup { can_look_up, ..life.setup.clone() };
    let mut world = World::open(setup, coverage)?;
    let mut noise = life.noise.iter();
    while let Some(forward) = world.model.towards(goal, &setup.pin) {
        if let Some(Some(noise)) = noise.next()
            && is_harmless(*noise, goal, &world)
        {
            world.step(*noise)?;
        } else {
            world.step(forward)?;
        }
    }
    world.step(match input {
        Input::Press(0) => Input::Press(life.digit),
        Input::Press(_) => Input::Press(life.not_a_digit),
        Input::Reply(_) if outstanding.is_none() => Input::Reply(life.fault),
        input => input,
    })?;
    let tail = life.tail.iter().copied().chain(std::iter::repeat(None));
    // Only the straight way shows whether a failing source is noticed where it is drawn from.
    for input in tail.skip(if matches!(input, Input::RandomFails) { life.tail.len() } else { 0 }) {
        match input.or_else(|| world.model.towards_the_good_end(&setup.pin)) {
            Some(input) => world.step(input)?,
            None => break,
        }
    }
    if !world.model.is_over {
        world.step(Input::Close)?;
    }
    if life.again {
        let setup = Setup { pair: setup.pair + 1, ..setup.clone() };
        let mut world = World::open(&setup, coverage)?;
        while let Some(forward) = world.model.towards_the_good_end(&setup.pin) {
            world.step(forward)?;
        }
        prop_assert!(world.model.is_shown || world.model.is_over);
    }
    Ok(())
}

/// Whether the place can still be reached after an input.
fn is_harmless(input: Input, goal: Place, world: &World<'_>) -> bool {
    match input {
        Input::Submit | Input::Advance => goal.submitted,
        Input::ControlId(_) => !world.model.waits_for_id(),
        Input::Reply(..) => world.model.outstanding.is_none(),
        Input::Waited => world.model.waits.is_none() && !world.model.waits_to_look_up(),
        Input::Reveal | Input::Forget => !world.model.has_arrived,
        Input::Close | Input::Search | Input::RandomFails => false,
        _ => true,
    }
}

impl Row {
    /// The request that waits for its answer there.
    fn outstanding(self, purpose: Purpose) -> Option<Endpoint> {
        match self {
            Self::KeyAsked
            | Self::KeyAskedAgain
            | Self::KeyAskedWithSecondId
            | Self::KeyAskedAgainWithSecondId
            | Self::KeyAskedAfterWait
            | Self::KeyAskedAfterLastWait => {
                Some(if purpose == Purpose::Set { Endpoint::Tzpk } else { Endpoint::View })
            }
            Self::Setting | Self::SettingForGood => Some(Endpoint::Set),
            Self::LookingUp | Self::LookingUpForTheLastTime => Some(Endpoint::Status),
            _ => None,
        }
    }

    /// Whether the outcome can be looked up there; `None` if that makes no difference.
    fn needs_look_up(self) -> Option<bool> {
        match self {
            Self::Setting | Self::InDoubt | Self::LookingUp | Self::LookingUpForTheLastTime => Some(true),
            Self::SettingForGood => Some(false),
            _ => None,
        }
    }
}

fn lives(purpose: Purpose, source: Source) -> impl Strategy<Value = Life> {
    let lengths = select(vec![(4, 4), (4, 6), (6, 6), (4, 12), (12, 12)]);
    let rules = (lengths, any::<bool>(), any::<bool>())
        .prop_map(|((min, max), confirm, reject_weak)| Rules { min, max, confirm, reject_weak });
    let setup = (rules, select(&hsm::KEYS[..]), "[0-9]{12}", 0..12_usize, any::<bool>()).prop_map(
        move |(rules, key, digits, pair, can_look_up)| {
            let len = rules.min + pair % (rules.max - rules.min + 1);
            let pin = rules.nearest_good_pin(&digits[..len]);
            Setup { purpose, source, rules, key, can_look_up, pin, pair }
        },
    );
    let noise = prop::collection::vec(prop::option::weighted(0.3, inputs()), 0..12);
    let tail = prop::collection::vec(prop::option::weighted(0.4, inputs()), 0..12);
    (setup, noise, tail, 0..=9_u8, 10..=u8::MAX, select(&faults::ALL[..]), prop::bool::weighted(0.05))
        .prop_map(|(setup, noise, tail, digit, not_a_digit, fault, again)| Life {
            setup,
            noise,
            tail,
            digit,
            not_a_digit,
            fault,
            again,
        })
}

/// Any input.
fn inputs() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => (0..=11_u8).prop_map(Input::Press),
        1 => Just(Input::Erase),
        1 => Just(Input::Clear),
        1 => Just(Input::Forget),
        1 => Just(Input::Confirm),
        1 => Just(Input::Suggest),
        1 => Just(Input::Advance),
        1 => Just(Input::Submit),
        1 => Just(Input::Close),
        1 => Just(Input::Search),
        1 => Just(Input::Waited),
        1 => Just(Input::Reveal),
        1 => Just(Input::RandomFails),
        2 => select(vec![Id::Good, Id::None, Id::Empty, Id::TooLong]).prop_map(Input::ControlId),
        6 => select(&faults::ALL[..]).prop_map(Input::Reply),
    ]
}
