//! The program of `cargo xtask nightly timing`, which measures on this machine whether running times depend on secrets, and of
//! `cargo xtask nightly memcheck`, which counts the branches and addresses that depend on one.
//!
//! It fails if there is a leak that is not listed, or if the control, which leaks on purpose, is not found.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]
#![allow(
    clippy::unwrap_used,
    reason = "an input that cannot be made ends the run: nothing would be measured"
)]

#[cfg(not(feature = "memcheck"))]
mod clock;
#[cfg(not(feature = "memcheck"))]
use clock as meter;
#[cfg(feature = "memcheck")]
mod memcheck;
#[cfg(feature = "memcheck")]
use memcheck as meter;
mod random;
mod class;
mod measure;
#[cfg(feature = "memcheck")]
mod by_count;
#[cfg(feature = "memcheck")]
use by_count as judging;
#[cfg(not(feature = "memcheck"))]
mod statistics;
#[cfg(not(feature = "memcheck"))]
mod by_time;
#[cfg(not(feature = "memcheck"))]
use by_time as judging;
mod subjects;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut dice = random::Dice::default();
    println!("{}", judging::heading());
    let mut all_good = true;
    for mut subject in subjects::all() {
        let verdict = subject.judge(&mut dice);
        println!("{}", verdict.text);
        all_good &= verdict.is_good;
    }
    if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
