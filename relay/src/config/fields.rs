//! The fields of both sources under one name each: `enfuce.auth.user` of the file is `CARD_PIN_RELAY_ENFUCE_AUTH_USER` of
//! the environment. Each is taken once; what is left at the end is unknown. Faults are gathered, so that all are told at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use toml::{Table, Value};

use super::{ConfigError, Hidden};

const PREFIX: &str = "CARD_PIN_RELAY_";

#[derive(Default)]
pub(super) struct Fields {
    /// Name in the file → value.
    file: BTreeMap<String, String>,
    /// Name of the variable → value.
    environment: BTreeMap<String, String>,
    faults: Vec<String>,
}

/// A value, and what its source calls it.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) text: String,
}

impl Fields {
    pub(super) fn read(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let environment = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        let mut fields = Self { environment, ..Self::default() };
        let Some(path) = file else { return fields };
        match fs::read_to_string(path) {
            Err(error) => fields.fault(path.display(), format!("cannot be read ({}).", error.kind())),
            Ok(text) => match text.parse::<Table>() {
                Ok(table) => fields.flatten("", table),
                // The parser's own words may quote a secret.
                Err(error) => {
                    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                    let line = before.matches('\n').count() + 1;
                    fields.fault(path.display(), format!("line {line} is not valid TOML."));
                }
            },
        }
        fields
    }

    fn flatten(&mut self, path: &str, table: Table) {
        for (key, value) in table {
            let name = if path.is_empty() { key } else { format!("{path}.{key}") };
            match value {
                Value::Table(table) => self.flatten(&name, table),
                Value::String(text) => drop(self.file.insert(name, text)),
                Value::Integer(number) => drop(self.file.insert(name, number.to_string())),
                _ => self.fault(name, "has to be a text or a whole number."),
            }
        }
    }

    /// Every fault, or none.
    pub(super) fn finish(mut self) -> Result<(), ConfigError> {
        for name in self.file.keys().chain(self.environment.keys()) {
            self.faults.push(format!(
                "{name}: there is no such field, or it does not go with the others: see relay/README.md."
            ));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(ConfigError(self.faults)) }
    }

    pub(super) fn fault(&mut self, name: impl Display, fault: impl Display) {
        self.faults.push(format!("{name}: {fault}"));
    }

    /// Forgets what is under a table that makes no sense as a whole.
    pub(super) fn forget(&mut self, table: &str) {
        let (in_file, in_environment) = (format!("{table}."), format!("{}_", variable(table)));
        self.file.retain(|name, _| !name.starts_with(&in_file));
        self.environment.retain(|name, _| !name.starts_with(&in_environment));
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Found> {
        let in_file = self.file.remove(name).map(|text| Found { name: name.to_owned(), text });
        let variable = variable(name);
        let in_environment = self.environment.remove(&variable).map(|text| Found { name: variable, text });
        let found = in_environment.or(in_file)?;
        if found.text.is_empty() {
            self.fault(found.name, "is empty.");
            return None;
        }
        Some(found)
    }

    /// A field that has to be there, and what `parse` makes of it; `rule` completes "has to be".
    pub(super) fn needed<T>(
        &mut self,
        name: &str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let faults = self.faults.len();
        let value = self.optional(name, rule, parse);
        if value.is_none() && self.faults.len() == faults {
            self.fault(
                name,
                format!("is missing: it has to be {rule} ({} in the environment).", variable(name)),
            );
        }
        value
    }

    /// The same for a field that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.take(name)?;
        let value = parse(&found.text);
        if value.is_none() {
            self.fault(found.name, format!("has to be {rule}."));
        }
        value
    }

    /// A whole number with a default.
    pub(super) fn number(&mut self, name: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let rule = format!("a whole number from {} to {}", range.start(), range.end());
        let number =
            self.optional(name, &rule, |text| text.parse().ok().filter(|number| range.contains(number)));
        number.unwrap_or(default)
    }

    /// A secret: the field itself, or the file that `…_file` names, its line's end taken off.
    pub(super) fn secret(&mut self, name: &str) -> Option<Hidden> {
        let from_file = format!("{name}_file");
        let has = |fields: &BTreeMap<_, _>, name: &str| fields.contains_key(name);
        let in_environment =
            [&variable(name), &variable(&from_file)].map(|name| has(&self.environment, name));
        let in_file = [name, &*from_file].map(|name| has(&self.file, name));
        if in_environment == [true; 2] || in_environment == [false; 2] && in_file == [true; 2] {
            self.fault(name, format!("and {from_file} are both given: leave one out."));
        } else if in_environment.contains(&true) {
            // The environment wins over both forms of the file.
            self.file.remove(name);
            self.file.remove(&from_file);
        }
        let faults = self.faults.len();
        let (text, path) = (self.take(name), self.take(&from_file));
        let secret = match (text, path) {
            (Some(found), _) => Some(found),
            (None, Some(path)) => self.contents(path).map(|mut found| {
                found.text.truncate(found.text.trim_end_matches(['\r', '\n']).len());
                found
            }),
            (None, None) => None,
        };
        match secret {
            // As header values can carry it, in all of the ways it is sent.
            Some(found) if found.text.is_empty() || found.text.contains(char::is_control) => {
                self.fault(found.name, "has to be one line of text.");
                None
            }
            None if self.faults.len() == faults => {
                self.fault(
                    name,
                    format!("is missing: give it, or the path of a file that holds it as {from_file}."),
                );
                None
            }
            secret => secret.map(|found| Hidden::new(found.text)),
        }
    }

    /// The text of the file that a field names.
    pub(super) fn file(&mut self, name: &str) -> Option<Found> {
        let path = self.take(name)?;
        self.contents(path)
    }

    fn contents(&mut self, path: Found) -> Option<Found> {
        match fs::read_to_string(&path.text) {
            Ok(text) => Some(Found { name: path.name, text }),
            Err(error) => {
                self.fault(path.name, format!("the file it names cannot be read ({}).", error.kind()));
                None
            }
        }
    }
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "_").to_uppercase())
}
