//! Making key pairs, each way in turn.

use crate::{
    plan::{KeyPlan, LIBRARIES, order_of},
    results::Keys,
    statistics::median,
};
use anyhow::{Context, Result};
use card_pin_e2e::WebDriver;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// For one pair, on a machine made slower too.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(240);

/// Makes key pairs in one page, each way in turn: what slows the machine down for a while slows all of them.
pub(crate) struct KeyMaking<'a> {
    driver: &'a WebDriver,
    engine: String,
    contenders: Vec<String>,
    slower: u32,
    /// What a pair took at full speed, its median, by contender and size.
    known: BTreeMap<(String, u32), f64>,
}

/// One contender at one size.
struct Row {
    contender: String,
    times: Vec<f64>,
    skipped: Option<String>,
}

impl<'a> KeyMaking<'a> {
    /// Loads the page; each contender makes one untimed pair, and the page checks it.
    pub(crate) async fn open(page: &str, driver: &'a WebDriver, engine: String) -> Result<Self> {
        driver.allow_scripts(PATIENCE).await?;
        driver.open(page).await?;
        driver.wait_for("window.makeKeyPair", "the ways to make keys").await?;
        let contenders: Vec<String> = driver.run("return contenders", Value::Null).await?;
        let making = Self { driver, engine, contenders, slower: 1, known: BTreeMap::new() };
        for contender in &making.contenders {
            making.one(contender, 2048).await?;
        }
        Ok(making)
    }

    /// The machine is this much slower from here on.
    pub(crate) fn slowed(&mut self, slower: u32) {
        self.slower = slower;
    }

    /// Each contender at one size, in rounds.
    pub(crate) async fn measure(&mut self, bits: u32, plan: KeyPlan) -> Result<Vec<Keys>> {
        let rows = self.contenders.iter().map(|contender| Row {
            contender: contender.clone(),
            times: Vec::new(),
            skipped: self.reason_to_skip(contender, bits, plan),
        });
        let mut rows: Vec<Row> = rows.collect();
        let mut round = 0;
        while rows.iter().any(|row| row.wants_more(plan)) {
            for place in order_of(round, rows.len()) {
                let row = &mut rows[place];
                if row.wants_more(plan) {
                    row.times.push(self.one(&row.contender, bits).await?);
                }
            }
            round += 1;
        }
        if self.slower == 1 {
            let medians = rows.iter().filter_map(|row| Some((row, median(&row.times)?)));
            self.known.extend(medians.map(|(row, median)| ((row.contender.clone(), bits), median)));
        }
        Ok(rows
            .into_iter()
            .map(|row| Keys {
                engine: self.engine.clone(),
                slower: self.slower,
                contender: row.contender,
                bits,
                times: row.times,
                skipped: row.skipped,
            })
            .collect())
    }

    /// In the page, where each pair is checked before its time counts.
    async fn one(&self, contender: &str, bits: u32) -> Result<f64> {
        let script = "return makeKeyPair(argument.contender, argument.bits)";
        self.driver
            .run(script, json!({"contender": contender, "bits": bits}))
            .await
            .with_context(|| format!("{contender}, {bits} bits"))
    }

    /// Uses the size that gives the shortest estimate: one unlucky pair of another size says little.
    fn reason_to_skip(&self, contender: &str, bits: u32, plan: KeyPlan) -> Option<String> {
        let known = self.known.iter().filter(|((name, known), _)| name == contender && *known <= bits);
        let likely = known.map(|((_, known_bits), median)| likely_time(*median, *known_bits, bits));
        let likely = likely.min_by(f64::total_cmp)? * f64::from(self.slower);
        let longest = plan.longest.as_secs_f64() * 1000.0;
        (likely > longest).then(|| format!("a pair would take about {:.0} s", likely / 1000.0))
    }
}

impl Row {
    fn wants_more(&self, plan: KeyPlan) -> bool {
        let taken: f64 = self.times.iter().sum();
        let is_library = LIBRARIES.contains(&&*self.contender);
        let time = if is_library { plan.libraries_time } else { plan.time }.as_secs_f64() * 1000.0;
        self.skipped.is_none() && self.times.len() < plan.runs && taken < time
    }
}

/// The work for a prime of n bits grows with the fourth power of n. The number of candidates grows with n, the squarings for each
/// with n, and the time of a squaring with n².
fn likely_time(known: f64, known_bits: u32, bits: u32) -> f64 {
    known * (f64::from(bits) / f64::from(known_bits)).powi(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const PLAN: KeyPlan = KeyPlan {
        runs: 3,
        time: Duration::from_secs(2),
        libraries_time: Duration::from_secs(1),
        longest: Duration::from_secs(10),
    };

    #[test]
    fn twice_the_bits_take_sixteen_times_as_long() {
        assert_eq!(likely_time(100.0, 2048, 4096), 1600.0);
        assert_eq!(likely_time(100.0, 2048, 2048), 100.0);
    }

    #[test]
    fn a_row_ends_with_its_runs_or_its_time() {
        let row = |times: &[f64]| Row { contender: String::new(), times: times.to_vec(), skipped: None };
        assert!(row(&[]).wants_more(PLAN));
        assert!(row(&[900.0, 900.0]).wants_more(PLAN));
        assert!(!row(&[900.0, 1200.0]).wants_more(PLAN));
        assert!(!row(&[1.0, 1.0, 1.0]).wants_more(PLAN));
        assert!(!Row { contender: LIBRARIES[0].to_owned(), ..row(&[600.0, 600.0]) }.wants_more(PLAN));
        assert!(!Row { skipped: Some(String::new()), ..row(&[]) }.wants_more(PLAN));
    }
}
