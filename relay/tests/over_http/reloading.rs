//! What SIGHUP changes in a running relay, and what it does not.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::device::set_request;
use crate::issuer::{SigningKey, control_id, enfuce, issuer, issuing, start};
use crate::process::{Folder, Relay, classic};
use crate::upstream::{Answer, Upstream, ok};

/// A relay that reads its password from a file.
fn start_with_secret(upstream: &Upstream, secret: &Path) -> Relay {
    fs::write(secret, "first").unwrap();
    let config = classic(&upstream.base_url, "");
    Relay::start(&config.replace("password = \"sandbox\"", &format!("password_file = {secret:?}")))
}

#[tokio::test]
async fn sighup_reads_the_secrets_again_and_faults_change_nothing() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let secrets = Folder::make();
    let secret = secrets.0.join("password");
    let relay = start_with_secret(&upstream, &secret);
    let set = set_request("an-id", &[1; 8]);
    let sent_with = async |password: &str| {
        assert_eq!(relay.post("/set", &set).await.status, 200);
        let expected = format!("sandbox:{password}").into_bytes();
        let expected = <base64ct::Base64 as base64ct::Encoding>::encode_string(&expected).to_lowercase();
        assert!(upstream.received().last().unwrap().head.contains(&expected), "{password}");
    };
    sent_with("first").await;
    // With a byte order mark, as editors write it.
    fs::write(&secret, "\u{feff}second\r\n").unwrap();
    relay.signal("-HUP");
    relay.wait_for_event("reloaded");
    sent_with("second").await;
    fs::write(&secret, "").unwrap();
    relay.signal("-HUP");
    relay.wait_for_event("not_reloaded_configuration_has_faults");
    sent_with("second").await;
}

#[tokio::test]
async fn a_secret_that_is_replaced_is_in_use_without_a_signal() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let secrets = Folder::make();
    let secret = secrets.0.join("password");
    let relay = start_with_secret(&upstream, &secret);
    // Kubernetes and systemd also replace a file by another one of the same name.
    let next = secrets.0.join("next");
    for (count, password) in (1..).zip(["second", "third"]) {
        fs::write(&next, password).unwrap();
        fs::rename(&next, &secret).unwrap();
        relay.wait_for_events("reloaded", count);
        assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
        let sent = format!("sandbox:{password}").into_bytes();
        let sent = <base64ct::Base64 as base64ct::Encoding>::encode_string(&sent).to_lowercase();
        assert!(upstream.received().last().unwrap().head.contains(&sent), "{password}");
    }
}

#[tokio::test]
async fn sighup_refuses_what_only_a_restart_can_change() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let folder = Folder::make();
    let config = issuing(&classic(&enfuce.base_url, ""), &folder, &issuer.base_url);
    let socket = folder.0.join("socket");
    let mut relay = Relay::start_with(folder, &config, &[]);
    relay.token = Some(key.token("zoe", json!({})));
    let with = |old: &str, new: &str| {
        assert!(config.contains(old), "{old}");
        config.replacen(old, new, 1)
    };
    let behind_a_gateway =
        with("listen = \"127.0.0.1:0\"", &format!("listen = \"unix:{}\"", socket.display()))
            .replace("customer = \"jwt\"", "customer_header = \"x-customer\"")
            .split("[jwt]")
            .next()
            .unwrap()
            .to_owned()
            + &config[config.find("[control_ids]").unwrap()..];
    let changed = [
        behind_a_gateway,
        classic(&enfuce.base_url, ""),
        config.split("[control_ids]").next().unwrap().to_owned(),
        with("drain_ms = 0", "drain_ms = 0\noperations = \"view-pin\""),
        with("drain_ms = 0", "drain_ms = 0\ndeadline_ms = 60000"),
        with("drain_ms = 0", "drain_ms = 0\ncors_origins = \"https://app.example\""),
        with("[jwt]", "[limits]\nburst = 100\n[jwt]"),
        with("[jwt]", "[quota]\ncopies = 3\n[jwt]"),
    ];
    for (count, config) in (1..).zip(&changed) {
        relay.configure(config);
        relay.signal("-HUP");
        relay.wait_for_events("not_reloaded_needs_restart", count);
    }
    // None of it is in use.
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    let named = relay.client.post(format!("{}/control-id", relay.base_url)).header("x-customer", "zoe");
    assert_eq!(named.json(&question).send().await.unwrap().status(), 401);
    let raw = relay.post("/set", &set_request("enfuces-own-id", &[1; 8])).await;
    assert_eq!((raw.status, &*raw.code()), (404, "control_id_unknown"));
    control_id(&relay, "a-card", "set-pin").await;
    relay.configure(&with("drain_ms = 0", "drain_ms = 1"));
    relay.signal("-HUP");
    relay.wait_for_event("reloaded");
}

#[tokio::test]
async fn sighup_keeps_the_keys_of_an_identity_provider_that_is_down() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let is_down = Arc::new(AtomicBool::new(false));
    let (jwks, down) = (key.jwks(), Arc::clone(&is_down));
    let issuer = Upstream::start(move |request| match &*request.line {
        "GET /jwks" if down.load(Ordering::Relaxed) => Answer::Status(500, String::new()),
        "GET /jwks" => ok(&jwks),
        _ => ok(json!({"allowed": true})),
    })
    .await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    control_id(&relay, "a-card", "set-pin").await;
    is_down.store(true, Ordering::Relaxed);
    relay.signal("-HUP");
    relay.wait_for_event("reloaded");
    control_id(&relay, "a-card", "set-pin").await;
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_to_its_end_holds_nothing_up() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let secrets = Folder::make();
    let secret = secrets.0.join("password");
    let relay = start_with_secret(&upstream, &secret);
    let set = set_request("an-id", &[1; 8]);
    // Nobody writes to this pipe, so reading it hangs like a broken file system.
    fs::remove_file(&secret).unwrap();
    assert!(Command::new("mkfifo").arg(&secret).status().unwrap().success());
    relay.signal("-HUP");
    assert_eq!(relay.post("/set", &set).await.status, 200);
    relay.wait_for_event("not_reloaded_files_do_not_answer");
    relay.signal("-HUP");
    assert_eq!(relay.end().0, Some(0));
}
