//! A screen without a monitor.

use crate::process::Process;
use anyhow::{Result, bail};
use std::{
    io::{BufRead as _, BufReader},
    process::Command,
};

/// A virtual screen, for an engine without a headless mode.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) process: Process,
    /// Its name, as `DISPLAY` has it.
    pub(crate) display: String,
}

impl Screen {
    pub(crate) fn start() -> Result<Self> {
        // Xvfb picks a free display itself and prints it when it is ready, so that tests side by side never share one.
        // Without `-noreset` it starts again whenever its last client leaves, and turns away whoever comes at that moment.
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"]);
        let (process, stdout) = Process::spawn_heard(&command)?;
        let mut number = String::new();
        BufReader::new(stdout).read_line(&mut number)?;
        if number.trim().is_empty() {
            bail!("Xvfb found no free display");
        }
        Ok(Self { process, display: format!(":{}", number.trim()) })
    }
}
