//! The files of `deploy/`: the figures and the headings of the runbook that they name exist, their times are long enough, and the
//! relay accepts their configuration.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::certificates::make_certificates;
use crate::device::{key_request, set_request};
use crate::issuer::{SigningKey, start};
use crate::process::{Folder, Relay, classic, command};
use crate::upstream::{Answer, ClosedPort, Upstream, ok, until};

const ALERTS: &str = include_str!("../../deploy/alerts.yaml");
const DASHBOARD: &str = include_str!("../../deploy/dashboard.json");
const KUBERNETES: &str = include_str!("../../deploy/kubernetes.yaml");
const UNIT: &str = include_str!("../../deploy/card-pin-relay.service");
const RUNBOOK: &str = include_str!("../../../docs/runbook.md");

/// Every word of the text with this beginning.
fn words<'a>(text: &'a str, start: &str) -> BTreeSet<&'a str> {
    let is_other = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':';
    text.split(is_other).filter(|word| word.starts_with(start)).collect()
}

/// The label and the value of every selector, such as `cause=~"quota|relay_.+"`: one pair for each of the values.
fn selected(text: &str) -> BTreeSet<(&str, &str)> {
    let mut pairs = BTreeSet::new();
    for label in ["route", "code", "cause", "file"] {
        for operator in ["=", "=~", "!="] {
            let start = format!("{label}{operator}\"");
            for rest in text.split(&*start).skip(1) {
                pairs.extend(rest.split('"').next().unwrap().split('|').map(|value| (label, value)));
            }
        }
    }
    pairs
}

/// All of the relay's code, which contains every route, code and cause as a string.
fn source(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { source(&path) } else { fs::read_to_string(path).unwrap() })
        .collect()
}

#[tokio::test]
async fn alerts_and_dashboard_ask_for_figures_that_there_are() {
    let upstream = Upstream::start(|request| {
        if request.line.contains("/tzpk") { Answer::Status(500, String::new()) } else { ok("{}") }
    })
    .await;
    let folder = Folder::make();
    make_certificates(&folder.0);
    // No collector listens there, so spans are lost.
    let closed = ClosedPort::reserve();
    let more = format!("ca_file = {:?}\n[traces]\nurl = \"http://{closed}/\"", folder.0.join("ca.pem"));
    let relay = Relay::start(&classic(&upstream.base_url, &more));
    relay.post("/set", &set_request("an-id", &[1; 8])).await;
    relay.post("/tzpk", &key_request("an-id")).await;
    let mut stream = TcpStream::connect(relay.address()).unwrap();
    stream.write_all(b"what is not HTTP\r\n\r\n").unwrap();
    until("counted", async || {
        let figures = relay.admin("/metrics").await.text;
        figures.contains("trace_spans_dropped_total{") && figures.contains("malformed_requests_total{")
    })
    .await;
    // Another copy, whose identity provider fails.
    let issuer = Upstream::start(|_| Answer::Status(500, String::new())).await;
    let mut copy = start(&classic(&upstream.base_url, ""), &issuer);
    copy.token = Some(SigningKey::make("k1").token("zoe", json!({})));
    copy.post("/tzpk", &key_request("an-id")).await;
    let figures = relay.admin("/metrics").await.text + &copy.admin("/metrics").await.text;
    let figures: BTreeSet<_> = figures.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries: String = targets.map(|target| target["expr"].as_str().unwrap().to_owned() + "\n").collect();
    let source = source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for text in [ALERTS, &queries] {
        let asked = words(text, "card_pin_relay_");
        assert!(asked.len() > 5 && asked.is_subset(&figures), "{:?}", asked.difference(&figures));
        for (label, value) in selected(text) {
            let start = value.trim_end_matches(['.', '+', '*']);
            // The code of a success is only in `metrics.rs`.
            let quoted = if start == value { format!("\"{value}\"") } else { format!("\"{start}") };
            assert!(source.contains(&quoted), "there is no {label} {value}");
        }
    }
}

/// The name of a heading in links.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}

#[test]
fn every_alert_is_in_the_runbook() {
    let mut alerts = Vec::new();
    for rule in ALERTS.split("- alert: ").skip(1) {
        let name = rule.lines().next().unwrap();
        let heading = rule.split_once("runbook: docs/runbook.md#").expect(name).1.lines().next().unwrap();
        let mut sections = RUNBOOK.split("\n### ").skip(1).map(|text| text.split("\n## ").next().unwrap());
        let section = sections.find(|text| anchor(text.lines().next().unwrap()) == heading);
        assert!(section.expect(heading).contains(&format!("`{name}`")), "{name} is not under {heading}");
        alerts.push(name);
    }
    assert!(alerts.len() > 10);
    assert_eq!(words(RUNBOOK, "CardPin"), alerts.into_iter().collect(), "the runbook names these");
}

/// The number after the name, anywhere in the text.
fn number(text: &str, name: &str) -> u64 {
    let rest = text.split_once(name).unwrap_or_else(|| panic!("{name}")).1.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

/// The relay's configuration in the manifests.
fn configuration() -> String {
    let lines = KUBERNETES.split_once("relay.toml: |\n").unwrap().1.lines();
    let block = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    block.map(|line| line.trim_start().to_owned() + "\n").collect()
}

#[test]
fn what_is_under_way_has_time_to_end_and_an_update_keeps_to_the_quota() {
    let configuration = configuration();
    let longest = number(&configuration, "drain_ms =") + number(&configuration, "deadline_ms =") + 5000;
    assert!(number(KUBERNETES, "terminationGracePeriodSeconds:") * 1000 > longest);
    assert!(number(UNIT, "TimeoutStopSec=") * 1000 > longest);
    // An old copy has ended before the next new one starts.
    let ready = number(KUBERNETES, "minReadySeconds:");
    assert!(ready > number(KUBERNETES, "terminationGracePeriodSeconds:"));
    let copies = number(KUBERNETES, "replicas:") + number(KUBERNETES, "maxSurge:");
    assert_eq!(number(&configuration, "copies ="), copies);
}

#[test]
fn the_relay_takes_the_configuration_and_the_files_of_the_manifests() {
    let folder = Folder::make();
    let secrets = folder.0.join("secrets");
    fs::create_dir(&secrets).unwrap();
    let configuration = configuration();
    let text = configuration.replace("/run/secrets/card-pin-relay", secrets.to_str().unwrap());
    assert_ne!(text, configuration);
    // Every address has to be filled in: a host has no capital letters.
    let text = text.replace("ENVIRONMENT", "test").replace("REALM", "test");
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    for path in text.split('"').filter(|part| part.starts_with(secrets.to_str().unwrap())) {
        fs::write(path, key).unwrap();
    }
    let file = folder.0.join("relay.toml");
    fs::write(&file, text).unwrap();
    let output = command().arg("--check").arg("--config").arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
