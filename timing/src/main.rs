//! What `cargo xtask timing` runs: does a secret show in how long its code takes, on this machine?
//!
//! Each function is run on two classes of inputs that differ in the secret alone, in random order; where the times of
//! the two classes differ by more than chance allows, the secret leaks. It ends with an error where something leaks that
//! is not known to, or where the control, which leaks on purpose, is not found out.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

mod random;
mod statistics;
mod measure;
mod subjects;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut dice = random::Dice::default();
    println!("{:<58} {:>9} {:>9}", "function", "measured", "max |t|");
    let mut all_good = true;
    for mut subject in subjects::all() {
        let verdict = subject.measure(&mut dice);
        println!("{}", verdict.text);
        all_good &= verdict.is_good;
    }
    println!("\n|t| above {} is a leak.", measure::THRESHOLD);
    if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
