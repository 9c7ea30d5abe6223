//! When plastics are made and with which PIN. A run makes all of them or none.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use card_pin_sandbox::Embossing;
use reqwest::{Client, Method, RequestBuilder};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{BLOCK_1234, PATIENCE, Sandbox, encrypt, until};

async fn clock(sandbox: &Sandbox) -> (String, String) {
    let clock = sandbox.get("/sandbox/clock").await.json();
    let field = |name: &str| clock[name].as_str().unwrap().to_owned();
    (field("now"), field("nextEmbossingRun"))
}

async fn is_made(sandbox: &Sandbox, card_id: &str) -> bool {
    let plastic = sandbox.issuer(Method::GET, &format!("/card/v3/{card_id}/plastic"), None).await.json();
    let made = plastic[0]["status"] == "ACTIVE";
    assert_eq!(plastic[0]["productionDate"].is_string(), made, "{plastic}");
    made
}

/// A card in `S`, one in `D`, and one in `W`.
async fn three_cards(sandbox: &Sandbox) -> [String; 3] {
    let (set, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    assert_eq!(sandbox.send_block(&control_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    let id = |card: Value| card["id"].as_str().unwrap().to_owned();
    [set, id(sandbox.new_card("D").await), id(sandbox.new_card("W").await)]
}

#[tokio::test]
async fn a_run_makes_set_and_random_cards_and_lets_waiting_ones_wait() {
    let sandbox = Sandbox::start().await;
    let [set, random, waiting] = three_cards(&sandbox).await;
    assert_eq!(sandbox.embossing_run().await, json!({"made": 2, "chosenPins": 1, "randomPins": 1}));
    assert!(is_made(&sandbox, &set).await && is_made(&sandbox, &random).await);
    assert!(!is_made(&sandbox, &waiting).await);
    assert_eq!(sandbox.hsm_pin(&set).await.as_deref(), Some("1234"));
    let drawn = sandbox.hsm_pin(&random).await.unwrap();
    assert!(drawn.len() == 4 && drawn.bytes().all(|digit| digit.is_ascii_digit()), "{drawn}");
    assert_eq!((sandbox.pin_status(&set).await, sandbox.pin_status(&random).await), ("S".into(), "D".into()));
    assert_eq!(sandbox.embossing_run().await["made"], 0);
    // A card may wait for any length of time: here, for a year.
    sandbox.advance(365 * 24 * 3600).await;
    assert!(!is_made(&sandbox, &waiting).await);
    assert_eq!(sandbox.pin_status(&waiting).await, "W");
}

#[tokio::test]
async fn the_clock_ends_with_the_year_9999_and_stays_where_it_is_when_asked_for_more() {
    let sandbox = Sandbox::start().await;
    let century = json!({"advanceSeconds": u32::MAX});
    let mut refused = None;
    for _ in 0..100 {
        let answer = sandbox.post("/sandbox/clock", &century).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    refused.expect("it ends").assert_problem(400, "malformed", "the year 9999");
    let (now, next_run) = clock(&sandbox).await;
    assert!(now.len() == "9999-12-31T00:00:00.000Z".len() && now < next_run, "{now} {next_run}");
    // A card can still be made at this time, and expires later.
    sandbox.new_card("D").await;
    assert_eq!(sandbox.embossing_run().await["made"], 1);
}

#[tokio::test]
async fn random_pins_differ() {
    let sandbox = Sandbox::start().await;
    let mut cards = Vec::new();
    for _ in 0..8 {
        cards.push(sandbox.new_card("D").await["id"].as_str().unwrap().to_owned());
    }
    sandbox.embossing_run().await;
    let mut pins = std::collections::HashSet::new();
    for card in &cards {
        pins.insert(sandbox.hsm_pin(card).await.unwrap());
    }
    // Eight draws out of 10,000 do not agree by chance.
    assert!(pins.len() > 1, "{pins:?}");
}

#[tokio::test]
async fn runs_are_hourly_by_the_sandboxs_clock() {
    let sandbox = Sandbox::start().await;
    let (now, next) = clock(&sandbox).await;
    assert!(next.ends_with(":00:00.000Z") && next > now, "{now} {next}");
    // Moves the clock to a quarter past the hour.
    let minutes: u32 = now[14..16].parse().unwrap();
    sandbox.advance((75 - minutes) % 60 * 60).await;
    let [set, random, waiting] = three_cards(&sandbox).await;
    sandbox.advance(40 * 60).await;
    assert!(!is_made(&sandbox, &set).await);
    sandbox.advance(10 * 60).await;
    assert!(is_made(&sandbox, &set).await && is_made(&sandbox, &random).await);
    assert!(!is_made(&sandbox, &waiting).await);
}

#[tokio::test]
async fn or_they_are_daily_at_three() {
    let mut sandbox = Sandbox::start().await;
    sandbox.restart(|config| config.embossing = Embossing::Daily).await;
    let (now, next) = clock(&sandbox).await;
    assert!(next.ends_with("T03:00:00.000Z") && next > now, "{now} {next}");
    // Moves the clock to four in the morning.
    let hours: u32 = now[11..13].parse().unwrap();
    sandbox.advance((28 - hours) % 24 * 3600).await;
    let [set, ..] = three_cards(&sandbox).await;
    sandbox.advance(20 * 3600).await;
    assert!(!is_made(&sandbox, &set).await);
    sandbox.advance(4 * 3600).await;
    assert!(is_made(&sandbox, &set).await);
}

#[tokio::test]
async fn a_restart_keeps_the_clock() {
    let mut sandbox = Sandbox::start().await;
    sandbox.advance(10 * 24 * 3600).await;
    let (before, _) = clock(&sandbox).await;
    sandbox.stop().await;
    sandbox.start_again().await;
    assert!(clock(&sandbox).await.0 >= before);
    sandbox.post("/sandbox/reset", &json!({})).await;
    assert!(clock(&sandbox).await.0 < before);
}

/// If the sandbox was down at the time of a run, it makes the run when it is up again.
#[tokio::test]
async fn a_missed_run_is_made_up_for() {
    let mut sandbox = Sandbox::start().await;
    let [set, ..] = three_cards(&sandbox).await;
    sandbox.stop().await;
    let db = Connection::open(sandbox.db()).unwrap();
    assert_eq!(db.execute("UPDATE time SET last_run_ms = last_run_ms - 3600000", []).unwrap(), 1);
    drop(db);
    sandbox.start_again().await;
    until("the run that was missed", async || is_made(&sandbox, &set).await).await;
}

/// A sandbox as a process of its own, which can be killed.
struct Process {
    child: Child,
    base_url: String,
}

impl Process {
    fn start(db: &Path, dist: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_card-pin-sandbox"));
        let mut child = command
            .args(["--port", "0", "--db"])
            .arg(db)
            .arg("--dist")
            .arg(dist)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut base_url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut base_url).unwrap();
        Self { child, base_url: base_url.trim().to_owned() }
    }

    /// SIGKILL: nothing can be tidied up.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn run_request(&self, client: &Client) -> RequestBuilder {
        client.post(format!("{}/sandbox/embossing-run", self.base_url)).json(&json!({}))
    }

    async fn run(&self, client: &Client) -> reqwest::Result<u64> {
        Ok(self.run_request(client).send().await?.json::<Value>().await?["made"].as_u64().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How often the process is killed at each of the four moments.
const ROUNDS: u32 = 25;
const RANDOM: usize = 500;
const CHOSEN: usize = 3;
const WAITING: usize = 3;
const DUE: u64 = (RANDOM + CHOSEN) as u64;

/// Copies a card many times, as if each had been requested: 500 requests take too long.
fn multiply(db: &Path, card_id: &str) {
    let mut db = Connection::open(db).unwrap();
    let tx = db.transaction().unwrap();
    tx.execute_batch(&format!(
        "CREATE TEMP TABLE card AS SELECT * FROM cards WHERE id = '{card_id}';
         CREATE TEMP TABLE plastic AS SELECT * FROM plastics WHERE card_id = '{card_id}';"
    ))
    .unwrap();
    for index in 1..RANDOM {
        let (card, plastic) =
            (format!("00000000-0000-4000-8000-{index:012}"), format!("00000000-0000-4000-9000-{index:012}"));
        tx.execute_batch(&format!(
            "UPDATE card SET id = '{card}'; INSERT INTO cards SELECT * FROM card;
             UPDATE plastic SET id = '{plastic}', card_id = '{card}'; INSERT INTO plastics SELECT * FROM plastic;"
        ))
        .unwrap();
    }
    tx.commit().unwrap();
}

/// Dates the last run into the year 2100, so that no full hour starts another one while the test is running.
fn without_timetable(db: &Path) {
    let db = Connection::open(db).unwrap();
    assert_eq!(db.execute("UPDATE time SET last_run_ms = 4102444800000", []).unwrap(), 1);
}

/// Copies a database and its master key.
fn copy_db(from: &Path, to: &Path) {
    let key = |db: &Path| PathBuf::from(format!("{}.key", db.display()));
    let _ = fs::remove_file(format!("{}-journal", to.display()));
    fs::copy(from, to).unwrap();
    fs::copy(key(from), key(to)).unwrap();
}

/// How many plastics are made. Checks that each belongs to a card that is not waiting, is made once, and has the card's own PIN.
fn made(db: &Path) -> u64 {
    let db = Connection::open(db).unwrap();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, u32>(0)).map(u64::from).unwrap();
    let records = count("SELECT count(*) FROM productions");
    let sound = count(
        "SELECT count(DISTINCT plastics.id) FROM productions
         JOIN plastics ON plastics.id = plastic_id JOIN cards ON cards.id = card_id
         WHERE pin_status <> 'W' AND cards.sealed_pin = productions.sealed_pin",
    );
    assert_eq!(records, sound, "a plastic was made twice, or not with its card's PIN");
    let drawn = count("SELECT count(*) FROM cards WHERE pin_status = 'D' AND sealed_pin IS NOT NULL");
    assert_eq!(drawn > 0, records > 0, "a run that made nothing left a random PIN behind");
    records
}

/// The moment at which a process is killed that has to make a run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kill {
    BeforeItIsAsked,
    /// While the run's changes are written to the journal and wait to be committed.
    BeforeItCommits,
    /// When the database file has begun to change, or shortly after.
    WhileItCommits,
    AfterItsAnswer,
}

/// Makes the process begin a run, and kills it at this moment.
async fn kill_during_run(mut process: Process, db: &Path, client: &Client, kill: Kill) {
    match kill {
        Kill::BeforeItIsAsked => process.kill(),
        Kill::BeforeItCommits => {
            // A reader keeps the run from committing.
            let reader = Connection::open(db).unwrap();
            reader.execute_batch("BEGIN; SELECT count(*) FROM cards;").unwrap();
            let request = tokio::spawn(process.run_request(client).send());
            until("the run writes its journal", async || journal_bytes(db) > 0).await;
            process.kill();
            assert!(request.await.unwrap().is_err());
            assert!(journal_bytes(db) > 0, "the run has ended");
        }
        Kill::WhileItCommits => {
            let before = change_counter(db);
            let request = tokio::spawn(process.run_request(client).send());
            let deadline = Instant::now() + PATIENCE;
            while change_counter(db) == before {
                assert!(Instant::now() < deadline, "the run does not commit");
            }
            process.kill();
            let _ = request.await.unwrap();
        }
        Kill::AfterItsAnswer => {
            assert_eq!(process.run(client).await.unwrap(), DUE);
            process.kill();
        }
    }
}

fn journal_bytes(db: &Path) -> u64 {
    fs::metadata(format!("{}-journal", db.display())).map_or(0, |journal| journal.len())
}

/// Bytes 24 to 27 of the file, which each commit changes (SQLite's file format, 1.3.9).
fn change_counter(db: &Path) -> [u8; 4] {
    let mut counter = [0; 4];
    File::open(db).unwrap().read_exact_at(&mut counter, 24).unwrap();
    counter
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_a_hundred_times_a_run_loses_no_card_and_doubles_none() {
    let mut sandbox = Sandbox::start().await;
    for _ in 0..CHOSEN {
        let (_, control_id) = sandbox.card_and_control_id().await;
        let tzpk = sandbox.tzpk(&control_id).await;
        assert_eq!(sandbox.send_block(&control_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    }
    for _ in 0..WAITING {
        sandbox.new_card("W").await;
    }
    let random = sandbox.new_card("D").await["id"].as_str().unwrap().to_owned();
    sandbox.stop().await;
    let (all_due, db, dist) =
        (sandbox.db(), sandbox.folder.join("killed.sqlite"), sandbox.folder.join("dist"));
    multiply(&all_due, &random);
    without_timetable(&all_due);

    let (mut nothing, mut everything) = (0, 0);
    for kill in [Kill::BeforeItIsAsked, Kill::BeforeItCommits, Kill::WhileItCommits, Kill::AfterItsAnswer] {
        for round in 0..ROUNDS {
            copy_db(&all_due, &db);
            kill_during_run(Process::start(&db, &dist), &db, &sandbox.client, kill).await;

            let again = Process::start(&db, &dist);
            let made_before = made(&db);
            match made_before {
                0 => nothing += 1,
                DUE => everything += 1,
                some => panic!("{kill:?}, round {round}: a run made {some} of {DUE} plastics"),
            }
            match kill {
                Kill::BeforeItIsAsked | Kill::BeforeItCommits => assert_eq!(made_before, 0, "{kill:?}"),
                Kill::WhileItCommits => {}
                Kill::AfterItsAnswer => assert_eq!(made_before, DUE),
            }
            let left = DUE - made_before;
            assert_eq!(again.run(&sandbox.client).await.unwrap(), left, "{kill:?}, round {round}");
            assert_eq!(made(&db), DUE, "{kill:?}, round {round}");
            assert_eq!(again.run(&sandbox.client).await.unwrap(), 0, "{kill:?}, round {round}");
        }
    }
    println!("{nothing} runs made nothing, {everything} everything");
}
