//! Where the time of a session goes.

use crate::{
    results::{Moments, Results, Stages},
    sessions::{Opened, PADS, address},
    statistics::median,
};
use anyhow::Result;
use card_pin_e2e::{Sandbox, WebDriver};
use serde_json::Value;
use std::fmt::Write as _;

/// The name of a stage, and how long it took.
type Stage = (&'static str, fn(&Moments) -> f64);

const STAGES: [Stage; 9] = [
    ("page and script", |at| at.defined - at.opened),
    ("worker", |at| at.script - at.defined),
    ("core", |at| at.compiled - at.script),
    ("set-up", |at| at.begun - at.compiled),
    ("primes", |at| at.found - at.begun),
    ("key assembled", |at| at.assembled - at.found),
    ("key tried", |at| at.tried - at.assembled),
    ("TZPK asked for", |at| at.answered - at.tried),
    ("TZPK unwrapped", |at| at.ready - at.answered),
];

/// All stages together.
const WHOLE: Stage = ("ready", |at| at.ready - at.opened);

/// So many sessions, each in a page that is opened for it, until they are ready.
pub(crate) async fn measure(
    sandbox: &Sandbox,
    driver: &WebDriver,
    engine: &str,
    runs: usize,
) -> Result<Stages> {
    let mut stages = Stages { engine: engine.to_owned(), runs: Vec::new() };
    for _ in 0..runs {
        // The session before is not over: its page would wait until the vault has wiped itself.
        driver.open(&sandbox.url("/pin-page/blank.html")).await?;
        let page = format!("{}&timed", address(&sandbox.url(""), PADS[0].1, 2048));
        Opened::open(sandbox, driver, &page).await?.is_ready().await?;
        stages.runs.push(driver.run("return stages()", Value::Null).await?);
    }
    Ok(stages)
}

pub(crate) fn section(results: &Results) -> String {
    let mut text = "### Where the time goes\n\nMedians of each stage of card-pin's sessions until they are ready, in milliseconds: the stages follow one another.\n\n| |"
        .to_owned();
    let columns = STAGES.iter().chain([&WHOLE]);
    for (name, _) in columns.clone() {
        let _ = write!(text, " {name} |");
    }
    let _ = writeln!(text, "\n| --- |{}", " --: |".repeat(columns.clone().count()));
    for stages in &results.stages {
        let _ = write!(text, "| {} |", stages.engine);
        for (_, took) in columns.clone() {
            let took = median(&stages.runs.iter().map(took).collect::<Vec<_>>());
            let _ = write!(text, " {} |", took.map_or_else(String::new, |took| format!("{took:.0}")));
        }
        text.push('\n');
    }
    text.push_str(
        "\nThese sessions are without typing: they are ready sooner than those above, in which the customer types meanwhile.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_begins_when_the_one_before_it_ends() {
        let (opened, defined, script, compiled, begun) = (0.0, 1.0, 3.0, 6.0, 10.0);
        let (found, assembled, tried, asked, answered, ready) = (15.0, 21.0, 28.0, 30.0, 36.0, 45.0);
        let moments = Moments {
            opened,
            defined,
            script,
            compiled,
            begun,
            found,
            assembled,
            tried,
            asked,
            answered,
            ready,
        };
        let results = Results {
            stages: vec![Stages { engine: "WebKit".to_owned(), runs: vec![moments] }],
            ..Results::default()
        };
        let text = section(&results);
        assert!(text.contains("\n| WebKit | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 45 |\n"), "{text}");
    }
}
