//! Any sequence of inputs to a session, and of replies to its requests: the native part of the vault's work.

mod model;
mod replies;

use arbitrary::Unstructured;
use card_pin::entry::PinRules;
use card_pin::error::Error;
use card_pin::key_pair::KeySize;
use card_pin::session::{ControlIdSource, Operation, Session, Settings};
use card_pin::weak_pin::{Personal, WeakPin};
use card_pin::wire::{ControlId, Formats};

use crate::device::{Dice, dice, key_pair, may_be_slow};
use model::{Event, Input, Model};

/// Drives a session: `set` is sent at most once and with the PIN that was typed, nothing is sent after the end, and
/// the events are those documented; see `model`.
pub fn session(data: &[u8]) {
    let _ = run(&mut Unstructured::new(data), may_be_slow(data));
}

/// The events of that session, without those of the entry. They show whether a seed still gets to what it was made for.
pub fn session_events(data: &[u8]) -> String {
    let mut events = run(&mut Unstructured::new(data), may_be_slow(data)).unwrap();
    events.retain(|event| !matches!(event, Event::PinValid { .. }));
    events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>().join(" ")
}

fn run(data: &mut Unstructured<'_>, may_be_slow: bool) -> arbitrary::Result<Vec<Event>> {
    let rules = if data.arbitrary()? { None } else { Some(rules(data)?) };
    let flags = data.arbitrary::<u8>()?;
    let (given, can_look_up) = (flags & 1 != 0, flags & 2 != 0);
    let formats: &[u8] = if flags & 4 != 0 { &[1, 4] } else { &[0, 1, 3, 4] };
    let control_id_source = match given {
        true => ControlIdSource::Given(ControlId::new("given".to_owned()).unwrap()),
        false => ControlIdSource::Provider,
    };
    let settings = Settings {
        operation: rules.map_or(Operation::View, Operation::Set),
        personal: Personal::default(),
        key_size: KeySize::Rsa2048,
        control_id_source,
        formats: Formats::new(formats).unwrap(),
        can_look_up,
    };
    // One in sixteen runs out of random numbers.
    let left = data.arbitrary::<u8>()?;
    let dice = dice(data.arbitrary::<u16>()?.into(), if left < 16 { left.into() } else { u32::MAX });
    let mut session = Session::open(settings, dice);
    let mut model = Model::new(rules, given, formats, session.snapshot());
    model.drain(&mut session, Input::Other);
    // The input has ended.
    while !data.is_empty() {
        step(data, &mut session, &mut model, may_be_slow)?;
    }
    session.close();
    assert!(session.snapshot().end.is_some() && session.shown().is_none() && session.next_action().is_none());
    Ok(model.events)
}

fn rules(data: &mut Unstructured<'_>) -> arbitrary::Result<PinRules> {
    let min = data.int_in_range(4..=12)?;
    let max = data.int_in_range(min..=12)?;
    let weak_pin = if data.arbitrary()? { WeakPin::Allow } else { WeakPin::Reject };
    Ok(PinRules::new(min, max, data.arbitrary()?, weak_pin).unwrap())
}

fn step(
    data: &mut Unstructured<'_>,
    session: &mut Session<Dice>,
    model: &mut Model,
    may_be_slow: bool,
) -> arbitrary::Result<()> {
    let takes_digits = model.takes_digits();
    let refused = |result: Result<(), Error>, is_open: bool| {
        assert_eq!(result, if is_open { Ok(()) } else { Err(Error::Closed) });
    };
    let mut input = Input::Other;
    match data.arbitrary::<u8>()? {
        // Digits, and other numbers.
        choice @ 0..=12 => {
            let digit = if choice == 12 { data.arbitrary()? } else { choice };
            input = Input::Press(digit);
            refused(session.press(digit), takes_digits);
        }
        13 => refused(session.erase(), takes_digits),
        14 => refused(session.clear(), takes_digits),
        15 => refused(session.confirm(), takes_digits),
        16 | 20 => refused(session.submit(), !model.has_ended()),
        17 => refused(session.advance(), !model.has_ended()),
        18 => session.end_search(key_pair().clone()),
        19 => session.close(),
        // The digits of a PIN at once, in place of a search for that sequence.
        21 => {
            for digit in [4, 8, 2, 6, 1, 5, 9, 3, 7, 0, 4, 8].iter().take(data.int_in_range(4..=12)?) {
                if !model.takes_digits() {
                    break;
                }
                refused(session.press(*digit), true);
                model.drain(session, Input::Press(*digit));
            }
        }
        22..=25 => {
            let id = *data.choose(&[Some("a"), Some("\"\\\u{1}é"), Some(""), None])?;
            session.control_id(id.map(str::to_owned));
        }
        26 => session.control_id(Some("x".repeat(data.int_in_range(4095..=4098)?))),
        // Any answer, expected or not.
        27..=40 => {
            session.reply(replies::plain(data)?);
            model.replied(session);
        }
        42 => refused(session.forget(), takes_digits || model.is_there_to_look_at()),
        43 => {
            session.waited();
            model.waited(session);
        }
        44 => session.reveal(),
        45 => {
            input = Input::Suggest;
            refused(session.suggest(), takes_digits);
        }
        // The right answer to the current request, with a fault.
        _ => {
            if let Some(endpoint) = model.waits_for() {
                session.reply(replies::right(data, endpoint, model, may_be_slow)?);
                model.replied(session);
            }
        }
    }
    model.drain(session, input);
    Ok(())
}
