//! `cargo xtask bench`: measures key pairs and whole sessions in each browser, and compares card-pin with other ways. The results
//! go into `target/bench-results.json`, and from there as text and pictures into `docs/`.
//!
//! A module uses only modules that are listed above it.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

mod plan;
mod statistics;
mod results;
mod plot;
mod machine;
mod sizes;
mod throttle;
mod keys;
mod sessions;
mod stages;
mod memory;
mod many;
mod pictures;
mod tables;
mod beside;
mod runs;
mod report;

use anyhow::{Context, Result, bail};
use beside::Beside;
use card_pin_e2e::{Engine, Network, Sandbox, Slowness};
use keys::KeyMaking;
use plan::{NETWORKS, Plan, SIZES, SLOW_SIZES, SLOWER};
use results::{Results, Version};
use sessions::{Course, PADS};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use throttle::{Loops, Throttle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut plan = Plan::FULL;
    let (mut quick, mut measures, mut beside) = (false, true, None);
    let mut options = env::args().skip(1);
    while let Some(option) = options.next() {
        match &*option {
            "--quick" => (plan, quick) = (Plan::QUICK, true),
            "--sessions" => {
                let sessions = options.next().context("--sessions has no number")?.parse()?;
                (plan.many, plan.many_elsewhere) = (sessions, sessions);
            }
            "--report" => measures = false,
            "--beside" => beside = Some(PathBuf::from(options.next().context("--beside has no folder")?)),
            _ => bail!("there is no option `{option}`"),
        }
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("bench/ lies in no workspace")?;
    let kept = project.join("target/bench-results.json");
    if measures {
        let results = Results { quick, ..measure(project, &plan, beside.as_deref()).await? };
        fs::write(&kept, serde_json::to_vec_pretty(&results)?).context("the results cannot be kept")?;
    }
    let results = fs::read(&kept).context("nothing was measured yet: run `cargo xtask bench`")?;
    let results: Results = serde_json::from_slice(&results)?;
    let results = Results { sizes: sizes::measure(project)?, ..results };
    let written = report::write(&results, &docs(project, results.quick))?;
    println!("{}", written.display());
    Ok(())
}

/// The report of a short run is only for its author, and does not replace docs/benchmark.md.
fn docs(project: &Path, quick: bool) -> PathBuf {
    project.join(if quick { "target/bench-report" } else { "docs" })
}

async fn measure(project: &Path, plan: &Plan, beside: Option<&Path>) -> Result<Results> {
    let start = Instant::now();
    let bench = project.join("target/bench");
    let sandbox = Sandbox::start_unlimited().await?;
    sandbox.add_files(&bench).context("target/bench cannot be read: run `cargo xtask bench`")?;
    let beside = Beside::add(&sandbox, &bench, beside)?;
    let mut results = Results {
        machine: machine::describe(),
        libraries: machine::libraries(project)?,
        beside: beside.commit.clone(),
        ..Results::default()
    };
    for engine in Engine::ALL {
        in_engine((&sandbox, &beside), engine, plan, &mut results)
            .await
            .with_context(|| format!("in {engine}"))?;
    }
    say(start, "memory of the pads");
    results.heaps = memory::of_pads(&sandbox).await?;
    results.machine.load.1 = machine::load();
    results.minutes = start.elapsed().as_secs_f64() / 60.0;
    Ok(results)
}

async fn in_engine(
    (sandbox, beside): (&Sandbox, &Beside),
    engine: Engine,
    plan: &Plan,
    results: &mut Results,
) -> Result<()> {
    let start = Instant::now();
    let browser = engine.start().await?;
    let driver = browser.driver();
    let version = driver.browser_version()?;
    results.engines.push(Version { name: engine.to_string(), version });
    let name = engine.to_string();

    let mut making = KeyMaking::open(&sandbox.url(beside.keys), driver, name.clone()).await?;
    for (bits, plan) in SIZES.into_iter().zip(plan.keys) {
        say(start, &format!("{engine}: keys of {bits} bits"));
        results.keys.extend(making.measure(bits, plan).await?);
    }
    if engine == Engine::Chromium {
        for slower in SLOWER {
            say(start, &format!("{engine}: keys, {slower} times slower"));
            let throttle = Throttle::start(&browser, slower)?;
            making.slowed(slower);
            for bits in SLOW_SIZES {
                results.keys.extend(making.measure(bits, plan.slow_keys).await?);
            }
            drop(throttle);
        }
    }

    say(start, &format!("{engine}: sessions"));
    let course = Course {
        sandbox,
        driver,
        engine: name,
        pads: &beside.pads,
        plan: (plan.sessions, plan.sessions_time),
        slower: 1,
        bits: 2048,
    };
    results.sessions.extend(course.measure().await?);
    results.stages.push(stages::measure(sandbox, driver, &course.engine, plan.sessions).await?);
    if engine == Engine::Chromium {
        let full_speed = Loops::time(sandbox, driver).await?;
        for slower in SLOWER {
            say(start, &format!("{engine}: sessions, {slower} times slower"));
            let throttle = Throttle::start(&browser, slower)?;
            let now = Loops::time(sandbox, driver).await?;
            results.slowdowns.push(now.slower_than(full_speed, slower));
            let plan = (plan.slow_sessions, plan.slow_sessions_time);
            results.sessions.extend(Course { slower, plan, ..course.clone() }.measure().await?);
            drop(throttle);
        }
    }
    let course = Course { plan: (plan.other_sessions, plan.other_sessions_time), pads: &PADS, ..course };
    if engine == Engine::Chromium {
        for (network, round_trip, bits_per_second) in NETWORKS {
            say(start, &format!("{engine}: sessions, {network}"));
            let round_trip = Duration::from_millis(round_trip);
            let slowness = Slowness { round_trip, bytes_per_second: bits_per_second / 8.0 };
            let line = Network::start_slow(sandbox, slowness).await?;
            let measured = course.measure_at(&line.url("")).await?;
            results.networks.extend(measured.into_iter().map(|sessions| (network.to_owned(), sessions)));
        }
    }
    for bits in SIZES.into_iter().filter(|bits| *bits > course.bits) {
        say(start, &format!("{engine}: sessions, keys of {bits} bits"));
        // A key of that size takes node-forge a minute.
        let measured = Course { bits, pads: &PADS[..2], ..course.clone() }.measure().await?;
        results.larger.extend(measured.into_iter().map(|sessions| (bits, sessions)));
    }
    drop(browser);

    let browser = engine.start().await?;
    results.wasm_memory.push(memory::of_wasm(sandbox, browser.driver(), engine).await?);
    let many = if engine == Engine::Chromium { plan.many } else { plan.many_elsewhere };
    say(start, &format!("{engine}: {many} sessions in one page"));
    let measured = match many::measure(sandbox, &browser, engine, many).await {
        // It crashes at times, and what was measured before must not be lost.
        Err(error) if engine == Engine::WebKit => {
            say(start, &format!("{engine}: once more in another browser: {error:#}"));
            let browser = engine.start().await?;
            many::measure(sandbox, &browser, engine, many).await
        }
        measured => measured,
    };
    results.many.push(measured?);
    say(start, &format!("{engine}: done"));
    Ok(())
}

fn say(start: Instant, what: &str) {
    println!("{:>6.0} s  {what}", start.elapsed().as_secs_f64());
}
