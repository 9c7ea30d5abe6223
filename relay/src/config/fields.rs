//! Gives the fields of both sources one name each: `enfuce.auth.user` in the file is `CARDPIN__ENFUCE__AUTH__USER` in the
//! environment. Each field is taken once, and fields that are left at the end are unknown. All faults are collected and reported
//! together.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::ops::RangeInclusive;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use toml::{Table, Value};

use super::{ConfigError, pem};
use crate::secret_string::SecretString;

/// The prefix has two underscores, because the variables that Kubernetes makes of a Service's name never have them.
const PREFIX: &str = "CARDPIN__";

/// The byte order mark of UTF-8, which some editors write. It is not part of the text.
const BYTE_ORDER_MARK: char = '\u{feff}';

#[derive(Default)]
pub(super) struct Fields {
    /// Name in the file → value.
    file: BTreeMap<String, String>,
    /// Name of the variable → value.
    environment: BTreeMap<String, String>,
    faults: Vec<String>,
    /// The files that fields name, in the version that was read.
    files: Vec<(PathBuf, Stamp)>,
}

/// What distinguishes two versions of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: SystemTime,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        Some(Self { modified, bytes: metadata.len(), inode: metadata.ino() })
    }
}

/// A value, and its name in its source.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) text: String,
}

impl Fields {
    /// Gathers what both sources give.
    ///
    /// # Errors
    /// A file that cannot be read or is not TOML: nothing else could be said about it then.
    pub(super) fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let environment = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        let mut fields = Self { environment, ..Self::default() };
        if let Some(path) = file {
            let fault = |fault: String| ConfigError(vec![format!("{}: {fault}", path.display())]);
            let text = fs::read_to_string(path)
                .map_err(|error| fault(format!("cannot be read ({}).", error.kind())))?;
            if is_writable_by_anybody(path) {
                return Err(fault(WRITABLE.to_owned()));
            }
            let table = text.parse::<Table>().map_err(|error| {
                // The parser's own message may quote a secret.
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                fault(format!("line {} is not valid TOML.", before.matches('\n').count() + 1))
            })?;
            fields.flatten("", table);
        }
        Ok(fields)
    }

    fn flatten(&mut self, path: &str, table: Table) {
        for (key, value) in table {
            let name = if path.is_empty() { key } else { format!("{path}.{key}") };
            match value {
                Value::Table(table) => self.flatten(&name, table),
                Value::String(text) => drop(self.file.insert(name, text)),
                Value::Integer(number) => drop(self.file.insert(name, number.to_string())),
                Value::Array(values) if values.iter().all(Value::is_str) => {
                    let texts: Vec<_> = values.iter().filter_map(Value::as_str).collect();
                    self.file.insert(name, texts.join(","));
                }
                _ => self.fault(name, "has to be a text, a list of texts or a whole number."),
            }
        }
    }

    /// Every fault, or the files that were read.
    pub(super) fn finish(mut self) -> Result<Vec<(PathBuf, Stamp)>, ConfigError> {
        for name in self.file.keys().chain(self.environment.keys()) {
            self.faults.push(format!(
                "{name}: there is no such field, or it does not go with the others: see relay/README.md."
            ));
        }
        if self.faults.is_empty() { Ok(self.files) } else { Err(ConfigError(self.faults)) }
    }

    pub(super) fn fault(&mut self, name: impl Display, fault: impl Display) {
        self.faults.push(format!("{name}: {fault}"));
    }

    /// Removes a field, or the table of that name. It means nothing without another field, which has a fault.
    pub(super) fn forget(&mut self, name: &str) {
        let is_under = |found: &str, name: &str, mark: &str| {
            found.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(mark))
        };
        let variable = variable(name);
        self.file.retain(|found, _| !is_under(found, name, "."));
        self.environment.retain(|found, _| !is_under(found, &variable, "__"));
    }

    /// How many faults were found so far.
    pub(super) fn faults(&self) -> usize {
        self.faults.len()
    }

    /// Whether a field has a fault.
    pub(super) fn has_fault(&self, name: &str) -> bool {
        let names = [format!("{name}:"), format!("{}:", variable(name))];
        self.faults.iter().any(|fault| names.iter().any(|name| fault.starts_with(name)))
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

    /// Reads a required field with `parse`. `rule` completes the sentence that begins with "has to be".
    pub(super) fn needed<T>(
        &mut self,
        name: &str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let faults = self.faults();
        let value = self.optional(name, rule, parse);
        if value.is_none() && self.faults() == faults {
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

    /// A secret that has to be there.
    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        let faults = self.faults();
        let secret = self.optional_secret(name);
        if secret.is_none() && self.faults() == faults {
            let fault = format!("is missing: give it, or the path of a file that holds it as {name}_file.");
            self.fault(name, fault);
        }
        secret
    }

    /// Reads a secret: the field itself, or the content of the file that `…_file` names, without the end of the line.
    pub(super) fn optional_secret(&mut self, name: &str) -> Option<SecretString> {
        let from_file = format!("{name}_file");
        let has = |fields: &BTreeMap<_, _>, name: &str| fields.contains_key(name);
        let in_environment =
            [&variable(name), &variable(&from_file)].map(|name| has(&self.environment, name));
        let in_file = [name, &*from_file].map(|name| has(&self.file, name));
        if in_environment == [true; 2] || in_environment == [false; 2] && in_file == [true; 2] {
            self.fault(name, format!("and {from_file} are both given: leave one out."));
        } else if in_environment.contains(&true) {
            // The environment takes precedence over both forms of the file.
            self.file.remove(name);
            self.file.remove(&from_file);
        }
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
            // Only characters that a header value can contain, because the secret is sent in headers.
            Some(found) if found.text.is_empty() || found.text.contains(char::is_control) => {
                self.fault(found.name, "has to be one line of text.");
                None
            }
            secret => secret.map(|found| SecretString::new(found.text)),
        }
    }

    /// The text of the file that a field names.
    pub(super) fn file(&mut self, name: &str) -> Option<Found> {
        let path = self.take(name)?;
        self.contents(path)
    }

    /// The certificates in the file that a field names.
    pub(super) fn authorities(&mut self, name: &str) -> Option<Vec<u8>> {
        let pem = self.file(name)?.text.into_bytes();
        if pem::authorities(&pem).is_none() {
            self.fault(name, "has to hold certificates in PEM.");
        }
        Some(pem)
    }

    fn contents(&mut self, path: Found) -> Option<Found> {
        match read(&path.text) {
            Ok(_) if is_writable_by_anybody(Path::new(&path.text)) => {
                self.fault(path.name, WRITABLE);
                None
            }
            Ok((text, stamp)) => {
                self.files.extend(stamp.map(|stamp| (path.text.into(), stamp)));
                let text = text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned).unwrap_or(text);
                Some(Found { name: path.name, text })
            }
            Err(error) => {
                self.fault(path.name, format!("the file it names cannot be read ({}).", error.kind()));
                None
            }
        }
    }
}

/// The longest file that is read: a device such as /dev/zero never ends.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

fn read(path: &str) -> io::Result<(String, Option<Stamp>)> {
    let mut text = String::new();
    let file = File::open(path)?;
    let stamp = file.metadata().ok().as_ref().and_then(Stamp::of);
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        Err(io::ErrorKind::FileTooLarge.into())
    } else {
        Ok((text, stamp))
    }
}

const WRITABLE: &str =
    "the file can be changed by every user of the machine: take that right away (chmod o-w).";

fn is_writable_by_anybody(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o002 != 0)
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "__").to_uppercase())
}
