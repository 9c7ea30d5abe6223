//! The searches and their findings.

use super::{
    kinds::{Kind, Kinds},
    secrets::Findings,
};
use anyhow::{Result, ensure};
use std::fmt::Write as _;

/// How many bytes of pointers and lengths the frames outside a turn may leave on the stack. A turn that is not wiped leaves five
/// thousand bytes or more.
const FRAMES: usize = 1024;

/// The searches and their findings, with a line for each memory.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<String>,
    bytes: usize,
    /// Each hit that is not allowed, and each secret that should have been found and was not.
    wrong: Vec<String>,
}

impl Report {
    /// Adds one memory, with its number of bytes.
    pub(super) fn add(
        &mut self,
        session: &str,
        stage: &str,
        kinds: Kinds,
        (bytes, findings): (usize, Findings),
    ) {
        let mut line = format!("{session:<34}{stage:<24}{bytes:>9}{:>9}", findings.patterns);
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            let hits = findings.hits[place];
            let is_sentinel = kinds.must.contains(&kind);
            // Writing to a text cannot fail.
            let _ = write!(line, "{:>10}", if is_sentinel { format!("({hits})") } else { hits.to_string() });
            let at = findings.first[place].unwrap_or_default();
            if hits > 0 && kinds.forbid(kind) {
                self.wrong.push(format!("{session}, {stage}: {kind} found {hits} times, first at {at:#x}"));
            } else if hits == 0 && is_sentinel {
                self.wrong.push(format!("{session}, {stage}: {kind} is there and not found"));
            }
        }
        if findings.stack > FRAMES {
            self.wrong.push(format!("{session}, {stage}: {} bytes are left on the stack", findings.stack));
        }
        let _ = write!(line, "{:>10}", findings.stack);
        self.lines.push(line);
        self.bytes += bytes;
    }

    /// Adds a search of something other than memories: its line, and whether its result is right.
    pub fn note(&mut self, line: String, is_right: bool) {
        if !is_right {
            self.wrong.push(line.clone());
        }
        self.lines.push(line);
    }

    /// The table. Hits in brackets have to be there; the last column is how many bytes of the stack are not zero.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = format!("{:<34}{:<24}{:>9}{:>9}", "session", "stage", "bytes", "patterns");
        for kind in Kind::ALL {
            let _ = write!(table, "{kind:>10}");
        }
        let _ = write!(table, "{:>10}", "stack");
        for line in &self.lines {
            let _ = write!(table, "\n{line}");
        }
        let _ = write!(
            table,
            "\n{} searches, {} bytes of memory, {} wrong",
            self.lines.len(),
            self.bytes,
            self.wrong.len()
        );
        table
    }

    /// # Errors
    ///
    /// Lists everything that was found although it must not be there, or was not found although it is there.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.wrong.is_empty(),
            "{} of the searches are wrong:\n{}",
            self.wrong.len(),
            self.wrong.join("\n")
        );
        Ok(())
    }
}
