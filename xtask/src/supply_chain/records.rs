//! `supply-chain/crates.toml`.

use crate::graph::Crate;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeSet;

pub(super) const FILE: &str = "supply-chain/crates.toml";

/// The written records about every crate of the wasm.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Records {
    pub(super) linked: Vec<Record>,
    #[serde(rename = "build-time")]
    pub(super) build_time: Vec<Record>,
}

/// `supply-chain/README.md` explains the fields. Those that only people read are required, too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "read by people")]
pub(super) struct Record {
    name: String,
    version: String,
    checksum: String,
    what: String,
    by: String,
    r#unsafe: u32,
    build_script: bool,
    looked: Level,
    on: toml::value::Datetime,
    note: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Read,
    Partly,
    Skimmed,
}

impl Records {
    pub(super) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("{FILE} cannot be understood"))
    }

    /// One line for each crate without a fitting record, and for each record without a crate.
    pub(super) fn faults(&self, crates: &[Crate]) -> Vec<String> {
        let mut faults = Vec::new();
        for (list, records, linked) in
            [("linked", &self.linked, true), ("build-time", &self.build_time, false)]
        {
            let mut used = BTreeSet::new();
            // Our own crate has no checksum and needs no record.
            for each in crates.iter().filter(|each| each.linked == linked) {
                let Some(checksum) = &each.checksum else { continue };
                let (name, version) = (&each.id.name, &each.id.version);
                let fits = |record: &&Record| record.name == *name && record.version == *version;
                match records.iter().find(fits) {
                    Some(record) if record.checksum == *checksum => {
                        used.insert((&record.name, &record.version));
                    }
                    Some(record) => {
                        used.insert((&record.name, &record.version));
                        faults.push(format!(
                            "{name} {version}: Cargo.lock has the checksum {checksum}, its record in `{list}` {}",
                            record.checksum
                        ));
                    }
                    None => faults.push(format!("{name} {version}: no record in `{list}`")),
                }
            }
            let unused = records.iter().filter(|record| !used.contains(&(&record.name, &record.version)));
            faults.extend(unused.map(|record| {
                format!("{} {}: a record in `{list}` without a crate", record.name, record.version)
            }));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::Records;
    use crate::graph::{Crate, Id};

    fn record(list: &str, name: &str, version: &str, checksum: &str) -> String {
        format!(
            "[[{list}]]\nname = \"{name}\"\nversion = \"{version}\"\nchecksum = \"{checksum}\"\nwhat = \"w\"\n\
             by = \"b\"\nunsafe = 0\nbuild-script = false\nlooked = \"read\"\non = 2026-01-02\nnote = \"n\"\n"
        )
    }

    fn records() -> Records {
        let text = record("linked", "rsa", "1.0.0", "aa") + &record("build-time", "syn", "2.0.0", "bb");
        Records::parse(&text).unwrap()
    }

    fn used(name: &str, version: &str, checksum: Option<&str>, linked: bool) -> Crate {
        Crate {
            id: Id { name: name.to_owned(), version: version.to_owned() },
            license: String::new(),
            repository: String::new(),
            checksum: checksum.map(str::to_owned),
            linked,
            uses: [].into(),
        }
    }

    #[test]
    fn crates_with_their_records_have_no_faults() {
        let crates = [
            used("card-pin", "0.1.0", None, true),
            used("rsa", "1.0.0", Some("aa"), true),
            used("syn", "2.0.0", Some("bb"), false),
        ];
        assert_eq!(records().faults(&crates), [""; 0]);
    }

    #[test]
    fn a_new_a_changed_and_a_missing_crate_are_faults() {
        let crates = [
            used("rsa", "1.0.0", Some("ff"), true),
            used("syn", "2.0.1", Some("cc"), false),
            used("new", "0.1.0", Some("dd"), true),
        ];
        assert_eq!(
            records().faults(&crates),
            [
                "rsa 1.0.0: Cargo.lock has the checksum ff, its record in `linked` aa",
                "new 0.1.0: no record in `linked`",
                "syn 2.0.1: no record in `build-time`",
                "syn 2.0.0: a record in `build-time` without a crate",
            ]
        );
    }

    #[test]
    fn a_crate_of_the_build_that_is_linked_now_is_a_fault() {
        let crates = [used("rsa", "1.0.0", Some("aa"), true), used("syn", "2.0.0", Some("bb"), true)];
        assert_eq!(
            records().faults(&crates),
            ["syn 2.0.0: no record in `linked`", "syn 2.0.0: a record in `build-time` without a crate"]
        );
    }

    #[test]
    fn a_missing_field_of_a_record_is_an_error() {
        let record = record("linked", "rsa", "1.0.0", "aa");
        for line in record.lines().skip(1) {
            let without = record.replace(&format!("{line}\n"), "") + "[[build-time]]\n";
            assert!(Records::parse(&without).is_err(), "{line}");
        }
        assert!(Records::parse(&record.replace("\"read\"", "\"audited\"")).is_err());
    }
}
