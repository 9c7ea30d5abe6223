//! `--check --online`: what it finds out, and what it prints.

use std::fs;
use std::sync::Arc;

use serde_json::json;

use crate::issuer::{SigningKey, issuer, issuing};
use crate::process::{Folder, classic, command, nextgen};
use crate::upstream::{Answer, ClosedPort, Upstream, access_token, ok};
use crate::valkey::Valkey;

/// The exit code, and the lines on standard output after the first.
async fn check(config: &str) -> (Option<i32>, Vec<String>) {
    let folder = Folder::make();
    let file = folder.0.join("relay.toml");
    fs::write(&file, config).unwrap();
    let mut command = command();
    command.args(["--check", "--online", "--config"]).arg(&file);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("hush") && !errors.contains("hush"), "a value is shown: {said}{errors}");
    let mut lines: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(lines.remove(0), "The configuration is good.", "{errors}");
    (output.status.code(), lines)
}

/// For each line its thing, and `ok`, `not tried`, or the cause of the failure.
fn short(lines: &[String]) -> Vec<(&str, &str)> {
    lines
        .iter()
        .map(|line| {
            let (outcome, rest) = line.split_at(11);
            let mut parts = rest.split(": ");
            let thing = parts.next().unwrap();
            match outcome.trim() {
                "ok" => (thing, "ok"),
                "not tried" => (thing, "not tried"),
                _ => {
                    let cause = parts.next().unwrap();
                    assert!(
                        parts.next().is_some_and(|fix| fix.contains(' ')),
                        "the line names no fix: {line}"
                    );
                    (thing, cause)
                }
            }
        })
        .collect()
}

#[tokio::test]
async fn all_is_well_and_no_card_was_touched() {
    let (upstream, key, valkey) = (enfuce(404, 401).await, Arc::new(SigningKey::make("k1")), Valkey::start());
    let issuer = issuer(&key).await;
    let issuer_url = &issuer.base_url;
    let folder = Folder::make();
    let collector = Upstream::start(|_| ok("{}")).await;
    let more = format!(
        "[quota.store]\nurl = \"unix:{}\"\n[traces]\nurl = \"{}/v1/traces\"\n",
        valkey.socket().display(),
        collector.base_url
    );
    let enfuce = [
        "enfuce.base_url",
        "enfuce.auth",
        "quota",
        "quota.store",
        "jwt.jwks_url",
        "control_ids.authorize_url",
        "traces.url",
    ];
    let (code, lines) = check(&issuing(&classic(&upstream.base_url, &more), &folder, issuer_url)).await;
    assert_eq!((code, short(&lines)), (Some(0), enfuce.map(|thing| (thing, "ok")).to_vec()), "{lines:?}");
    let (code, lines) = check(&nextgen(&upstream.base_url, "")).await;
    let enfuce = ["enfuce.base_url", "enfuce.auth.token_url", "enfuce.auth", "quota"];
    assert_eq!((code, short(&lines)), (Some(0), enfuce.map(|thing| (thing, "ok")).to_vec()), "{lines:?}");
    assert!(
        issuer.received().iter().all(|request| request.line.starts_with("GET ")),
        "it asked about a customer"
    );
}

/// An Enfuce that answers a call for a card with `status`, and one without credentials with `without`. A call that changes
/// something fails.
async fn enfuce(status: u16, without: u16) -> Upstream {
    Upstream::start(move |request| {
        if request.line == "POST /oauth2/token" {
            return access_token("a-token");
        }
        assert!(request.line.starts_with("GET ") && !request.line.contains("/pin/"), "{}", request.line);
        let is_authorized = request.head.contains("authorization: ");
        Answer::Status(if is_authorized { status } else { without }, String::new())
    })
    .await
}

#[tokio::test]
async fn each_failure_has_its_line_with_cause_and_fix() {
    for (status, without, found) in [
        (404, 401, [("enfuce.auth", "ok"), ("quota", "ok")].as_slice()),
        (401, 401, &[("enfuce.auth", "credentials_refused"), ("quota", "not tried")]),
        (403, 401, &[("enfuce.auth", "forbidden"), ("quota", "not tried")]),
        (429, 401, &[("enfuce.auth", "not tried"), ("quota", "quota")]),
        (
            404,
            404,
            &[
                ("enfuce.card_base_url", "same_without_credentials"),
                ("enfuce.auth", "not tried"),
                ("quota", "not tried"),
            ],
        ),
        (
            503,
            503,
            &[("enfuce.card_base_url", "server_error"), ("enfuce.auth", "not tried"), ("quota", "not tried")],
        ),
    ] {
        let upstream = enfuce(status, without).await;
        let config = classic(&upstream.base_url, "").replace("password = \"sandbox\"", "password = \"hush\"");
        let (code, lines) = check(&config).await;
        let expected = [&[("enfuce.base_url", "ok")], found].concat();
        assert_eq!(short(&lines), expected);
        let is_good = found.iter().all(|(_, outcome)| *outcome == "ok");
        assert_eq!(code, Some(if is_good { 0 } else { 2 }));
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_of_each_address() {
    let closed = ClosedPort::reserve();
    let tokens = Upstream::start(|request| {
        let is_asked = request.line.starts_with("POST ");
        if is_asked { Answer::Status(400, json!({"error": "hush"}).to_string()) } else { ok("{}") }
    })
    .await;
    let folder = Folder::make();
    let config = nextgen("https://no-such-name.invalid", "")
        .replace("token_url = \"https://no-such-name.invalid", &format!("token_url = \"{}", tokens.base_url));
    let config = issuing(&config, &folder, &format!("http://{closed}"));
    let config = format!("{config}[quota.store]\nurl = \"redis://{closed}\"\n");
    let (code, lines) = check(&config).await;
    let expected = [
        ("enfuce.base_url", "dns"),
        ("enfuce.auth.token_url", "ok"),
        ("enfuce.auth", "not tried"),
        ("quota", "not tried"),
        ("quota.store", "refused"),
        ("jwt.jwks_url", "refused"),
        ("control_ids.authorize_url", "refused"),
    ];
    assert_eq!((code, short(&lines)), (Some(2), expected.to_vec()));

    let config = nextgen(&tokens.base_url, "");
    let folder = Folder::make();
    let config = issuing(&config, &folder, &tokens.base_url);
    let config = format!("{config}[traces]\nurl = \"{}\"\ntoken = \"hush\"\n", tokens.base_url);
    let (code, lines) = check(&config).await;
    let expected = [
        ("enfuce.base_url", "ok"),
        ("enfuce.auth.token_url", "ok"),
        ("enfuce.auth", "token_refused"),
        ("quota", "not tried"),
        ("jwt.jwks_url", "no_keys"),
        ("control_ids.authorize_url", "ok"),
        ("traces.url", "spans_refused"),
    ];
    assert_eq!((code, short(&lines)), (Some(2), expected.to_vec()));
}

#[test]
fn it_goes_with_check() {
    let output = command().arg("--online").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--check"));
}
