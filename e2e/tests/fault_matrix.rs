//! Every fault at every request: the session ends with the right code, the PIN is sent at most once, nothing stops half-way, and
//! then a new control id works on the same page.

use anyhow::{Context, Result, bail, ensure};
use card_pin_e2e::{Browser, Engine, Network, Pad, Stage, fail_with_all, in_each_engine, random_pin};
use serde_json::{Value, json};

/// How many sessions run at the same time: browsers open at most six connections to a server, and a stalled session keeps its
/// own.
const AT_A_TIME: usize = 4;
/// After this many groups there is one session without a fault.
const GOOD_AFTER: usize = 3;
/// The time-out for files that stall on purpose: on a slow machine, such a session ends in the same way. All other sessions may
/// take any time; if a request stalls, the test makes its time-out expire.
const STALLED_FILE_MS: u32 = 5000;
const PATIENT_MS: u32 = 600_000;

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    Worker,
    Core,
    /// Asked for as soon as there is a key: the control id is given, and nobody has pressed a key yet.
    TzpkEarly,
    /// Asked for after the submit: the control id comes from a provider.
    TzpkLate,
    SetGiven,
    SetProvided,
    ViewGiven,
    ViewProvided,
}

use On::{Core, SetGiven, SetProvided, TzpkEarly, TzpkLate, ViewGiven, ViewProvided, Worker};

/// One session. Without a fault it succeeds.
struct Case {
    on: On,
    fault: String,
    /// A code or `success`. If an engine's outcome varies, several of them with `|` in between.
    end: &'static str,
}

/// The faults that an engine's own network code handles, and the codes they lead to: for the key and the core, and for `set`.
const NETWORK: [(&str, &str, &str); 17] = [
    ("refused", "network", "outcome_unknown"),
    ("cut", "network", "outcome_unknown"),
    ("reset", "network", "outcome_unknown"),
    ("stall", "timeout", "outcome_unknown"),
    ("cut_after", "network", "outcome_unknown"),
    ("reset_after", "network", "outcome_unknown"),
    ("cut_body", "network", "outcome_unknown"),
    ("reset_body", "network", "outcome_unknown"),
    ("stall_body", "timeout", "outcome_unknown"),
    ("drip", "timeout", "outcome_unknown"),
    ("slow", "success", "success"),
    ("garbage", "network", "outcome_unknown"),
    ("gzip", "network", "outcome_unknown"),
    // The media type is HTML, like that of a log-in page.
    ("type", "success", "outcome_unknown"),
    ("redirect_302", "network", "outcome_unknown"),
    ("redirect_308", "network", "outcome_unknown"),
    // Eight MiB: the vault stops reading when the limit is reached.
    ("big", "bad_response", "outcome_unknown"),
];

/// The faults that our own code handles, the same in each engine, and the codes they lead to: for the key, and for `set`. They
/// run in one engine.
const CONTENT: [(&str, &str, &str); 28] = [
    ("status_201", "success", "success"),
    ("status_202", "success", "outcome_unknown"),
    ("status_203", "success", "outcome_unknown"),
    ("status_300", "bad_response", "outcome_unknown"),
    ("status_304", "bad_response", "outcome_unknown"),
    ("status_401", "not_allowed", "not_allowed"),
    ("status_403", "not_allowed", "not_allowed"),
    ("status_404", "control_id_expired", "control_id_expired"),
    ("page_404", "rejected", "rejected"),
    ("status_408", "busy", "busy"),
    ("status_418", "rejected", "rejected"),
    ("status_422", "rejected", "rejected"),
    ("status_424", "busy", "busy"),
    ("status_425", "busy", "busy"),
    ("status_429", "busy", "busy"),
    ("status_500", "server_error", "outcome_unknown"),
    ("status_503", "server_error", "outcome_unknown"),
    // A minute is longer than the session waits.
    ("busy_60", "busy", "outcome_unknown"),
    ("busy_1&once", "success", "outcome_unknown"),
    ("status_599", "server_error", "outcome_unknown"),
    ("empty", "bad_response", "success"),
    ("null", "bad_response", "success"),
    ("portal", "bad_response", "outcome_unknown"),
    ("utf8", "bad_response", "success"),
    ("json", "bad_response", "success"),
    // The deep value is in a field that is not read.
    ("deep", "bad_response", "success"),
    ("twice", "bad_response", "success"),
    ("more", "success", "success"),
];

/// The network fails once: the request for a key is repeated, and a PIN is not sent again.
const ONCE: [(&str, &str, &str); 1] = [("reset&once", "success", "outcome_unknown")];

/// Each fault at each request. The two ways to get a control id alternate.
fn keys_and_pins(faults: &[(&str, &'static str, &'static str)]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, (fault, key, set)) in faults.iter().enumerate() {
        for ways in [[TzpkEarly, TzpkLate], [SetGiven, SetProvided], [ViewProvided, ViewGiven]] {
            let on = ways[number % 2];
            let end = if matches!(on, SetGiven | SetProvided) { set } else { key };
            cases.push(Case { on, fault: (*fault).to_owned(), end });
        }
    }
    cases
}

/// The worker's script and the core, which are loaded anew for each session.
fn files() -> Vec<Case> {
    let case = |on, fault: &str, end| Case { on, fault: fault.to_owned(), end };
    let mut cases = Vec::new();
    // `browser_states.rs` tests a worker whose connection is refused, because its script cannot have another origin.
    cases.push(case(Core, "refused", "network"));
    for fault in ["cut", "reset", "cut_body", "reset_body", "garbage", "gzip"] {
        cases.extend([case(Worker, fault, "network"), case(Core, fault, "network")]);
    }
    for fault in ["stall", "stall_body", "drip"] {
        cases.extend([case(Worker, fault, "timeout"), case(Core, fault, "timeout")]);
    }
    for fault in ["status_404", "status_503", "redirect_302", "portal", "json"] {
        cases.extend([case(Worker, fault, "vault_missing"), case(Core, fault, "vault_missing")]);
    }
    // Eight MiB of blanks: a script that never reports that it runs.
    cases.extend([case(Worker, "big", "timeout"), case(Core, "big", "vault_missing")]);
    // A script with another media type does not count as one; the core is recognised by its bytes.
    cases.extend([
        case(Worker, "type", "vault_missing"),
        case(Core, "type", "success"),
        case(Core, "slow", "success"),
    ]);
    // A worker's script that fails once is loaded again, onto the page.
    cases.push(case(Worker, "reset&once", "success"));
    cases
}

in_each_engine! { Matrix::open =>
    faults_of_the_network_end_as_documented,
    faults_of_files_end_as_documented,
    // The same in each engine.
    faults_in_answers_end_as_documented [Chromium],
}

async fn faults_of_the_network_end_as_documented(matrix: &Matrix<'_>) -> Result<()> {
    each_ends_as_it_should(matrix, keys_and_pins(&NETWORK)).await
}

async fn faults_of_files_end_as_documented(matrix: &Matrix<'_>) -> Result<()> {
    each_ends_as_it_should(matrix, files()).await
}

async fn faults_in_answers_end_as_documented(matrix: &Matrix<'_>) -> Result<()> {
    let cases = [keys_and_pins(&CONTENT), keys_and_pins(&ONCE)];
    each_ends_as_it_should(matrix, cases.into_iter().flatten().collect()).await
}

/// The end of a case in an engine that handles a fault differently.
fn own_way(engine: Engine, case: &Case) -> Option<&'static str> {
    let is_set = matches!(case.on, SetGiven | SetProvided);
    match (engine, case.fault.as_str()) {
        // It counts as HTTP/0.9, which has no status, and so as a 200.
        (Engine::Firefox, "garbage") if is_set => Some("success"),
        (Engine::Firefox, "garbage") if matches!(case.on, Worker | Core) => Some("vault_missing"),
        (Engine::Firefox, "garbage") => Some("bad_response"),
        // Taken for what it is.
        (Engine::WebKit, "gzip") => Some("success"),
        // After `Connection: close`, half a body counts as the whole one. Half a script may never report that it cannot be read.
        (Engine::WebKit, "cut_body") if case.on == Worker => Some("vault_missing|timeout"),
        (Engine::WebKit, "cut_body") if is_set => Some("success"),
        (Engine::WebKit, "cut_body") if !matches!(case.on, Worker | Core) => Some("bad_response"),
        // The view was carried out the first time, and half of the refusal of the second is read.
        (Engine::Firefox, "cut_body") if matches!(case.on, ViewGiven | ViewProvided) => Some("already_used"),
        _ => None,
    }
}

/// The environment of these scenarios.
struct Matrix<'a> {
    stage: Stage<'a>,
    /// A network on which every connection is refused.
    closed: Network,
    /// A card that was produced, so that its PIN can be viewed.
    made_card: String,
}

async fn each_ends_as_it_should(matrix: &Matrix<'_>, mut cases: Vec<Case>) -> Result<()> {
    for case in &mut cases {
        case.end = own_way(matrix.stage.engine, case).unwrap_or(case.end);
    }
    // The sorting makes the cases that stall run at the same time.
    cases.sort_by_key(|case| (case.fault.clone(), case.on));
    let Stage { network, driver, .. } = &matrix.stage;
    driver.open(&network.url("/pin-page/faults.html")).await?;
    driver.wait_for("window.begin", "the page").await?;
    let mut failures = Vec::new();
    for (number, together) in cases.chunks(AT_A_TIME).enumerate() {
        let faulty: Vec<_> = (number * AT_A_TIME..).zip(together).collect();
        let mut groups = vec![faulty];
        // After the faults, a session with a new control id runs on the same page.
        let on = if number % 2 == 0 { SetGiven } else { ViewProvided };
        let good = Case { on, fault: String::new(), end: "success" };
        if number % GOOD_AFTER == 0 {
            groups.push(vec![(cases.len() + number, &good)]);
        }
        for group in groups {
            let mut running = Vec::new();
            for (number, case) in group {
                running.push((case, matrix.begin(number, case).await?));
            }
            for (case, session) in running {
                if let Err(error) = matrix.end(case, &session).await {
                    failures.push(error.context(format!("{:?} {}", case.on, case.fault)));
                }
            }
        }
    }
    fail_with_all(failures)
}

impl Case {
    /// Whether the vault waits in vain for the answer to a request, until its time limit.
    fn stalls_a_request(&self) -> bool {
        !matches!(self.on, Worker | Core) && ["stall", "stall_body", "drip"].contains(&self.fault.as_str())
    }
}

struct Running {
    name: String,
    card: String,
    pin: String,
}

impl<'a> Matrix<'a> {
    async fn open(browser: &'a Browser) -> Result<Self> {
        const POLICY: &str =
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src *";
        let files = ["/pin-page/faults.html", "/pin-page/card-pin.worker.js"];
        let stage = Stage::with_policies(browser, &files.map(|file| (file, POLICY))).await?;
        let closed = Network::start(&stage.sandbox).await?;
        closed.go_away();
        let made_card = stage.sandbox.random_card().await?;
        stage.sandbox.run_embossing().await?;
        Ok(Self { stage, closed, made_card })
    }

    async fn begin(&self, number: usize, case: &Case) -> Result<Running> {
        let sandbox = &self.stage.sandbox;
        let views = matches!(case.on, ViewGiven | ViewProvided);
        let (card, control_id) = if views {
            (self.made_card.clone(), sandbox.view_control_id(&self.made_card).await?)
        } else {
            let card = sandbox.waiting_card().await?;
            (card.id, card.control_id)
        };
        let name = format!("case={number}");
        let pin = random_pin()?;
        let at = |on: &[On], path: &str| {
            if !on.contains(&case.on) || case.fault.is_empty() {
                format!("./{path}?{name}")
            } else if case.fault == "refused" {
                self.closed.url(&format!("/pin-page/{path}?{name}"))
            } else {
                format!("./{path}?{name}&fault={}", case.fault)
            }
        };
        let worker = if case.stalls_a_request() {
            format!("./timed.worker.js?{name}")
        } else {
            at(&[Worker], "card-pin.worker.js")
        };
        // Nothing can be entered in such a session.
        let digits = match case.on {
            TzpkEarly if !matches!(case.end, "success") => Value::Null,
            ViewGiven | ViewProvided => json!(""),
            _ => json!(pin),
        };
        let options = json!({
            "name": name,
            "operation": if views { "view-pin" } else { "set-pin" },
            "controlId": control_id,
            "provide": matches!(case.on, TzpkLate | SetProvided | ViewProvided | Core | Worker),
            // The customer waits until the vault is there to stay, because digits are lost with a vault that does not start.
            "patient": case.fault.ends_with("&once"),
            "digits": digits,
            "workerUrl": worker,
            "wasmUrl": at(&[Core], "card_pin_bg.wasm"),
            "tzpkUrl": at(&[TzpkEarly, TzpkLate], "tzpk"),
            "setUrl": at(&[SetGiven, SetProvided], "set"),
            "viewUrl": at(&[ViewGiven, ViewProvided], "view"),
            "timeoutMs": match case.on {
                Worker | Core if case.end.contains("timeout") => STALLED_FILE_MS,
                _ => PATIENT_MS,
            },
        });
        self.stage.driver.run::<Value>("window.begin(argument).catch(() => {})", options).await?;
        Ok(Running { name, card, pin })
    }

    async fn end(&self, case: &Case, session: &Running) -> Result<()> {
        let Stage { sandbox, network, driver, .. } = &self.stage;
        if case.stalls_a_request() {
            network.until_stalled(&session.name).await?;
            Pad::wait_no_longer(driver, &format!("?{}", session.name)).await?;
        }
        let expression = format!("window.outcomes['{}']", session.name);
        let outcome = driver.wait_for(&expression, "the end").await?;
        let told = outcome["told"].as_array().context("nothing was told")?;
        is_documented(told).with_context(|| format!("{outcome}"))?;
        let views = matches!(case.on, ViewGiven | ViewProvided);
        let last = &told[told.len() - 1];
        let code = last["code"].as_str().unwrap_or("success");
        ensure!(case.end.split('|').any(|end| end == code), "{code} instead of {}: {outcome}", case.end);
        let of_operation = if views { "view_pin_" } else { "set_pin_" };
        ensure!(last["event"].as_str().is_some_and(|event| event.starts_with(of_operation)), "{outcome}");
        let is_retryable = !matches!(code, "outcome_unknown" | "rejected" | "not_allowed" | "vault_missing");
        ensure!(last["code"].is_null() || last["retryable"] == is_retryable, "{outcome}");

        let settled = match (outcome["settled"].as_str(), code) {
            (Some("not asked"), _) => true,
            (Some("fulfilled"), code) => code == "success",
            // The digits were lost with the worker, before the page failed to load the vault, too.
            (Some("too_short"), code) => case.on == Worker && matches!(code, "network" | "vault_missing"),
            (settled, code) => settled == Some(code),
        };
        ensure!(settled, "the promise differs from the end: {outcome}");
        let state = if code != "success" {
            "failed"
        } else if views {
            "shown"
        } else {
            "done"
        };
        ensure!(
            outcome["state"] == state && outcome["left"] == 0 && outcome["late"] == "closed",
            "{outcome}"
        );
        if case.on == Worker && matches!(code, "network" | "vault_missing") {
            ensure!(outcome["isolation"] == "page", "{outcome}");
        } else if case.on != Worker {
            ensure!(outcome["isolation"] == "worker", "{outcome}");
        }

        let sent = |path: &str| {
            let seen = network.seen(&format!("/pin-page/{path}"));
            let mine = |query: &str| query.split('&').any(|field| field == session.name);
            seen.iter().filter(|seen| mine(&seen.query)).count()
        };
        ensure!(sent("set") <= 1, "the PIN was sent {} times: {outcome}", sent("set"));
        // A key is requested once more after a network failure or with a new control id, and three times more from a busy server.
        let most = if code == "busy" { 4 } else { 2 };
        ensure!(
            sent("tzpk") <= most && sent("view") <= most,
            "{} keys were asked for",
            sent("tzpk") + sent("view")
        );
        if code == "success" && !views {
            let decrypted = sandbox.pin_of(&session.card).await?;
            ensure!(
                decrypted.as_ref() == Some(&session.pin),
                "{} was entered, {decrypted:?} decrypted",
                session.pin
            );
        }
        let never_sent = !matches!(case.on, SetGiven | SetProvided) && code != "success";
        ensure!(!never_sent || sent("set") == 0, "the PIN was sent without a key");
        Ok(())
    }
}

/// Checks that the events come in the order that the declarations document: changes of the entry first, `ready` once and before
/// any success, `submitting` once, and one end with nothing after it.
fn is_documented(told: &[Value]) -> Result<()> {
    let (mut is_ready, mut is_submitting, mut has_ended) = (false, false, false);
    for detail in told {
        ensure!(!has_ended, "an event comes after the end");
        match detail["event"].as_str() {
            Some("ready") if !is_ready => is_ready = true,
            Some("submitting") if !is_submitting => is_submitting = true,
            Some("pin_valid" | "set_pin_validation_error") if !is_submitting => {}
            Some("set_pin_success") if is_ready && is_submitting => has_ended = true,
            Some("view_pin_success") if is_submitting => has_ended = true,
            Some("set_pin_error" | "view_pin_error") => has_ended = true,
            _ => bail!("{detail} comes out of order"),
        }
    }
    ensure!(has_ended, "there is no end");
    Ok(())
}
