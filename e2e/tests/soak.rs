//! The page of `cargo xtask soak --sessions` sees what a customer does not.

use anyhow::{Result, ensure};
use card_pin_e2e::{Stage, in_each_engine, random_pin};
use serde_json::{Value, json};

in_each_engine! { Stage::open =>
    workers_searches_and_control_ids_are_counted,
    the_beginning_of_a_search_is_recognised,
}

/// Only the first vault traps, in its search.
const TRAPS_ONCE: &str = "
    const { Worker } = window;
    window.Worker = function (url, options) {
      window.Worker = Worker;
      return new Worker('./trapping.worker.js?search', options);
    };";

async fn workers_searches_and_control_ids_are_counted(
    Stage { sandbox, driver, .. }: &Stage<'_>,
) -> Result<()> {
    for (change, isolation, workers) in
        [("", "worker", 1), (TRAPS_ONCE, "worker", 2), ("window.Worker = undefined;", "page", 0)]
    {
        driver.open(&sandbox.url("/pin-page/soak.html")).await?;
        driver.wait_for("window.play", "the page").await?;
        let card = sandbox.waiting_card().await?.id;
        let play = format!("{change} return window.play(argument)");
        let found: Value = driver.run(&play, json!({"card": card, "pin": random_pin()?})).await?;
        let expected = json!({
            "outcome": "success", "entries": 1, "isolation": isolation, "workers": workers, "searches": 1, "ids": 1,
        });
        ensure!(found == expected, "{change}: {found}, and not {expected}");
    }
    Ok(())
}

async fn the_beginning_of_a_search_is_recognised(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
    driver.open(&sandbox.url("/pin-page/soak.html")).await?;
    // A search opens two windows, and a third if one was empty; proves the primes in steps; and tries the key pair. If that
    // fails, it begins again.
    let begins = "
        const { watchSearches } = await import('./searches.js');
        return argument.map(watchSearches())";
    let search = [7000, 0, 6000, 0, 0, 6000, 0, 520, 512, 520, 0];
    let begun: Vec<bool> = driver.run(begins, json!([&search[..], &search[..]].concat())).await?;
    let places: Vec<usize> = (0..begun.len()).filter(|place| begun[*place]).collect();
    ensure!(places == [0, search.len()], "searches begin at {places:?}");
    Ok(())
}
