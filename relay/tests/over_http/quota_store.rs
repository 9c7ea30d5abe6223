//! Copies that take turns through a real Valkey or Redis server, and what they do without it.

use std::fs;
use std::net::TcpListener;

use base64ct::{Base64, Encoding};
use serde_json::json;

use crate::certificates::make_certificates;
use crate::device::key_request;
use crate::process::{Folder, Relay, classic};
use crate::upstream::{Upstream, ok};
use crate::valkey::Valkey;

const IN_USE: &str = "quota_store_in_use";
const LOST: &str = "quota_store_lost";

fn store(valkey: &Valkey) -> String {
    format!("[quota.store]\nurl = \"unix:{}\"\n", valkey.socket().display())
}

/// The part of Enfuce that viewing a PIN needs.
async fn enfuce() -> Upstream {
    let answer = json!({"tzpk": Base64::encode_string(&[7; 256]), "pinBlock": "AAECAwQFBgc="});
    Upstream::start(move |_| ok(&answer)).await
}

/// A relay that is only for viewing PINs: one call is a whole session, so any quota is enough.
fn only_view(upstream: &Upstream, quota: &str) -> String {
    format!("operations = [\"view-pin\"]\n{}", classic(&upstream.base_url, quota))
}

async fn view(relay: &Relay) -> (u16, Option<u64>) {
    let answer = relay.post("/view", &key_request("an-id")).await;
    let wait = answer.headers.get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    (answer.status, wait)
}

async fn is_down(relay: &Relay) -> bool {
    let figures = relay.admin("/metrics").await.text;
    let is = |value: u8| figures.contains(&format!("\ncard_pin_relay_quota_store_down {value}\n"));
    assert!(is(0) || is(1), "{figures}");
    is(1)
}

#[tokio::test]
async fn what_one_copy_has_spent_another_has_not() {
    let (upstream, valkey) = (enfuce().await, Valkey::start());
    // With one call a minute, the test does not have to measure a time.
    let quota = format!("[quota]\nper_minute = 1\ncopies = 3\n{}", store(&valkey));
    let copies: Vec<_> = (0..3).map(|_| Relay::start(&only_view(&upstream, &quota))).collect();
    for copy in &copies {
        copy.wait_for_event(IN_USE);
        assert!(!is_down(copy).await);
    }
    // One more call may come early, so the quota is spent for the third copy.
    assert_eq!(view(&copies[0]).await, (200, None));
    assert_eq!(view(&copies[1]).await, (200, None));
    let (status, wait) = view(&copies[2]).await;
    assert!(status == 503 && wait.is_some_and(|wait| wait > 9), "{status} {wait:?}");
    // A quota with another name is separate.
    let other = Relay::start(&only_view(&upstream, &format!("{quota}name = \"other\"")));
    other.wait_for_event(IN_USE);
    assert_eq!(view(&other).await, (200, None));
    assert_eq!(upstream.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_store_each_copy_goes_on_with_its_share_until_it_is_back() {
    let (upstream, mut valkey) = (enfuce().await, Valkey::start());
    let config = classic(&upstream.base_url, &format!("[quota]\ncopies = 2\n{}", store(&valkey)));
    let (relay, copy) = (Relay::start(&config), Relay::start(&config));
    for time in 1..=2 {
        for relay in [&relay, &copy] {
            relay.wait_for_events(IN_USE, time);
            assert_eq!(view(relay).await, (200, None));
            assert!(!is_down(relay).await);
        }
        if time == 1 {
            valkey.kill();
        } else {
            valkey.stall();
        }
        for relay in [&relay, &copy] {
            assert_eq!(view(relay).await, (200, None));
            let line = relay.wait_for_events(LOST, time);
            let causes = if time == 1 { &["reset", "no_connection", "refused"][..] } else { &["timeout"] };
            assert!(causes.contains(&line["cause"].as_str().unwrap()), "{line}");
            assert!(is_down(relay).await);
            assert_eq!(view(relay).await, (200, None));
        }
        if time == 1 {
            valkey.start_again();
        }
    }
    // A copy that starts meanwhile.
    let late = Relay::start(&config);
    assert_eq!(late.wait_for_events(LOST, 1)["cause"], "timeout");
    assert_eq!(view(&late).await, (200, None));
}

#[tokio::test]
async fn a_share_is_a_share() {
    let upstream = enfuce().await;
    let mut valkey = Valkey::start();
    let quota = format!("[quota]\nper_minute = 1\ncopies = 2\n{}", store(&valkey));
    let config = only_view(&upstream, &quota);
    valkey.kill();
    let (relay, copy) = (Relay::start(&config), Relay::start(&config));
    for relay in [&relay, &copy] {
        assert_eq!(relay.wait_for_events(LOST, 1)["cause"], "refused");
        assert_eq!(view(relay).await, (200, None));
        let (status, wait) = view(relay).await;
        assert!(status == 503 && wait.is_some_and(|wait| wait > 60), "not two minutes: {status} {wait:?}");
    }
}

#[tokio::test]
async fn the_store_is_reached_by_tls_with_a_password_that_can_change() {
    let (upstream, folder, secrets) = (enfuce().await, Folder::make(), Folder::make());
    make_certificates(&folder.0);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let settings = [
        ("--tls-port", port.to_string()),
        ("--tls-cert-file", file("server.pem")),
        ("--tls-key-file", file("server.key")),
        ("--tls-ca-cert-file", file("ca.pem")),
        ("--tls-auth-clients", "no".to_owned()),
        ("--requirepass", "hush-second".to_owned()),
    ];
    let settings: Vec<_> = settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
    let _valkey = Valkey::start_with(&settings);
    let password = secrets.0.join("password");
    fs::write(&password, "hush-first\n").unwrap();
    let url = format!("[quota.store]\nurl = \"rediss://localhost:{port}\"\npassword_file = {password:?}\n");
    let good = format!("{url}ca_file = {:?}\n", file("ca.pem"));
    let relay = Relay::start(&classic(&upstream.base_url, &good));
    assert_eq!(relay.wait_for_events(LOST, 1)["cause"], "credentials_refused");
    fs::write(&password, "hush-second\n").unwrap();
    relay.signal("-HUP");
    relay.wait_for_event(IN_USE);
    assert_eq!(view(&relay).await, (200, None));
    let stranger = Relay::start(&classic(&upstream.base_url, &url));
    let cause = stranger.wait_for_events(LOST, 1)["cause"].clone();
    assert_eq!(cause, "certificate_of_unknown_authority");
    for relay in [relay, stranger] {
        let (_, log) = relay.end();
        assert!(!log.contains("hush") && !log.contains("localhost"), "{log}");
    }
}
