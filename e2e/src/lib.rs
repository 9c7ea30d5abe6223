//! card-pin in real browsers, against the sandbox, over WebDriver.
//!
//! A module uses only modules that are listed above it.

mod patience;
mod process;
mod files;
mod webdriver;
mod screen;
mod screen_reader;
mod engine;
mod traces;
mod pad;
pub mod residue;
mod sandbox;
mod network;
mod site;
mod states;
mod sheet;
mod pool;
mod stage;

pub use engine::{Browser, Engine, start_heard};
pub use files::{copy_dist, copy_files, open_root, standalone};
pub use network::{Held, Network, Seen, Slowness, Way};
pub use pad::{HIDE_PAGE, Hand, Pad, random_pin};
pub use patience::{PATIENCE, until};
pub use pool::{Lent, run_test};
pub use sandbox::{Sandbox, WaitingCard};
pub use screen_reader::ScreenReader;
pub use sheet::{SCHEMES, Sheet, Tile, lay_out, load_fonts, photograph, picture_of};
pub use site::{Address, Site};
pub use stage::{Stage, each, ends_once_with, fail_with_all, is_retryable};
pub use states::States;
pub use traces::{Trace, traces_in_document};
pub use webdriver::WebDriver;

use std::io::{self, Write as _};

/// Runs a test in WebKit, and repeats it once if the engine went wrong: while it optimises a module, WebKitGTK 2.50 sometimes
/// runs past the end of its memory or into code that cannot be reached, or crashes (`docs/security/threat-model.md`, "What is not
/// promised"). Rust without `unsafe`, like all of ours, cannot run past the end; a panic of ours would also show in the other
/// engines, which repeat nothing.
///
/// # Errors
///
/// The test's error; after a repetition, the second one.
pub async fn in_webkit<T: Future<Output = anyhow::Result<()>>>(
    name: &str,
    test: impl Fn(Engine) -> T,
) -> anyhow::Result<()> {
    match test(Engine::WebKit).await {
        Err(error) if has_gone_wrong(&error) => {
            writeln!(io::stderr(), "WebKit went wrong, so once more: {error:#}")?;
            note_repetition(name)?;
            test(Engine::WebKit).await
        }
        outcome => outcome,
    }
}

/// Adds the test's name to a file, so that `cargo xtask test` can limit the number of repetitions.
fn note_repetition(name: &str) -> anyhow::Result<()> {
    let Some(file) = std::env::var_os("CARD_PIN_REPETITIONS") else { return Ok(()) };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    Ok(writeln!(file, "{name}")?)
}

fn has_gone_wrong(error: &anyhow::Error) -> bool {
    let has_crashed = error.chain().any(|cause| cause.to_string() == CRASHED);
    let told = format!("{error:?}");
    has_crashed || TRAPS.iter().any(|trap| told.contains(trap))
}

/// WebKit's messages for the first two, in the errors of the workers.
const TRAPS: [&str; 2] = ["Out of bounds memory access", "Unreachable code should not be executed"];
/// The driver's answer, without a text, when the page's process has crashed.
const CRASHED: &str = "webdriver returned error: ";

/// Makes a test of each scenario in each engine: `SCENARIO::in_chromium`, `SCENARIO::in_firefox`, `SCENARIO::in_webkit`. If a
/// scenario cannot run in every engine, its engines are given in brackets.
///
/// Behind `STAGE =>`, the scenarios share browsers. STAGE is an `async fn(&Browser) -> anyhow::Result<S>`, and a scenario an
/// `async fn(&S)` or `async fn(&mut S)` that returns `anyhow::Result<()>`. A scenario by itself is an `async fn(Engine)`, and starts its
/// own browsers.
#[macro_export]
macro_rules! in_each_engine {
    ($test:ident) => {
        mod $test {
            use super::$test as run;

            $crate::in_each_engine!(@tests Chromium Firefox WebKit);
        }
    };
    ($open:path => $($test:ident $([$($engine:ident)+])?),+ $(,)?) => {
        $($crate::in_each_engine!(@scenario $open, $test, $($($engine)+)?);)+
    };
    (@scenario $open:path, $test:ident,) => {
        $crate::in_each_engine!(@scenario $open, $test, Chromium Firefox WebKit);
    };
    (@scenario $open:path, $test:ident, $($engine:ident)+) => {
        mod $test {
            use super::*;

            #[allow(clippy::unnecessary_mut_passed, reason = "some scenarios change their stage")]
            async fn run(engine: $crate::Engine) -> anyhow::Result<()> {
                let browser = engine.lend().await?;
                let mut stage = $open(&browser).await?;
                $test(&mut stage).await?;
                drop(stage);
                browser.give_back().await;
                Ok(())
            }

            $crate::in_each_engine!(@tests $($engine)+);
        }
    };
    (@tests $($engine:ident)+) => {
        $($crate::in_each_engine!(@test $engine);)+
    };
    (@test Chromium) => {
        #[test]
        fn in_chromium() -> anyhow::Result<()> {
            $crate::run_test(run($crate::Engine::Chromium))
        }
    };
    (@test Firefox) => {
        #[test]
        fn in_firefox() -> anyhow::Result<()> {
            $crate::run_test(run($crate::Engine::Firefox))
        }
    };
    (@test WebKit) => {
        #[test]
        fn in_webkit() -> anyhow::Result<()> {
            $crate::run_test($crate::in_webkit(concat!(module_path!(), "::in_webkit"), run))
        }
    };
}

#[cfg(test)]
mod tests {
    use super::in_webkit;
    use std::cell::Cell;

    #[tokio::test]
    async fn once_more_where_webkit_went_wrong_and_nowhere_else() {
        for (told, expected) in [
            (
                r#"{"workerErrors":[["RuntimeError: Out of bounds memory access (evaluating 'run()')",1,9]]}"#,
                2,
            ),
            (
                r#"{"workerErrors":[["RuntimeError: Unreachable code should not be executed (evaluating 'run()')",1,9]]}"#,
                2,
            ),
            ("webdriver returned error: ", 2),
            ("webdriver returned error: no such element", 1),
            ("waited in vain for an event", 1),
        ] {
            let runs = Cell::new(0);
            let failing = |_| {
                runs.set(runs.get() + 1);
                async move { Err(anyhow::Error::msg("no fault: the harness is tried").context(told)) }
            };
            assert!(in_webkit("the harness", failing).await.is_err());
            assert_eq!(runs.get(), expected, "{told}");
        }
    }
}
