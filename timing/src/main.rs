//! What `cargo xtask timing` runs: does a secret show in how long its code takes, on this machine? And what
//! `cargo xtask memcheck` runs: does a branch or an address depend on one?
//!
//! It ends with an error where something leaks that is not known to, or where the control, which leaks on purpose, is not
//! found out.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

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
