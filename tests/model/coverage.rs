//! Counts which inputs were tried in which places, and with which outcome.

use crate::{
    common::Event,
    inputs::{Input, Purpose, Source, Told},
    places::{Place, reachable},
};
use card_pin::{error::Error, wire::Endpoint};
use std::collections::{BTreeMap, BTreeSet};

/// One kind of input in one place.
#[derive(Debug, Default)]
struct Cell {
    count: usize,
    /// The codes with which sessions ended in this step; `-` for those that continued.
    ends: BTreeSet<&'static str>,
}

/// The table of one kind of session.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) sessions: usize,
    pub(crate) steps: usize,
    cells: BTreeMap<(String, Place), Cell>,
}

/// The row of the table for an input.
fn row(input: Input, outstanding: Option<Endpoint>) -> String {
    match input {
        Input::Press(0..=9) => "a digit".to_owned(),
        Input::Press(_) => "no digit".to_owned(),
        Input::Reply(fault) if outstanding.is_some() => format!("{fault:?}"),
        Input::Reply(_) => "unasked reply".to_owned(),
        other => format!("{other:?}"),
    }
}

impl Coverage {
    pub(crate) fn count(&mut self, place: Place, input: Input, outstanding: Option<Endpoint>, told: &[Told]) {
        let cell = self.cells.entry((row(input, outstanding), place)).or_default();
        cell.count += 1;
        cell.ends.insert(match told.last() {
            Some(Told::Page(Event::Failed(error))) => Error::code(*error),
            Some(Told::Page(Event::Success)) => "success",
            Some(Told::Page(Event::Hidden)) => "hidden",
            _ => "-",
        });
        self.steps += 1;
    }

    /// The inputs that were never tried in their place.
    pub(crate) fn missing(&self, wanted: &[(Place, Input, Option<Endpoint>)]) -> Vec<String> {
        let wanted = wanted.iter().map(|&(place, input, outstanding)| (row(input, outstanding), place));
        let missing = wanted.filter(|cell| !self.cells.contains_key(cell));
        missing.map(|(row, place)| format!("{row} while {place}")).collect()
    }

    /// Rows are inputs, columns places; each cell says how often, and how the session ended in that step if it did.
    pub(crate) fn print(&self, purpose: Purpose, source: Source) {
        let places = reachable(purpose, source);
        let (sessions, steps, cells) = (self.sessions, self.steps, self.cells.len());
        println!("\n{purpose:?}, control id: {source:?}. {sessions} sessions, {steps} steps, {cells} cells");
        let names: Vec<String> = places.iter().map(ToString::to_string).collect();
        println!("| input | {} |\n|---{}|", names.join(" | "), "|---".repeat(names.len()));
        let rows: BTreeSet<&String> = self.cells.keys().map(|(row, _)| row).collect();
        for row in rows {
            let cells = places.iter().map(|&place| match self.cells.get(&(row.clone(), place)) {
                Some(Cell { count, ends }) => {
                    format!("{count} {}", ends.iter().copied().collect::<Vec<_>>().join("/"))
                }
                None => String::new(),
            });
            println!("| {row} | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
    }
}
