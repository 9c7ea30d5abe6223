//! How the relay stops.

use std::time::Duration;

use tokio::sync::watch;

use crate::device::set_request;
use crate::process::{Relay, classic};
use crate::upstream::{Answer, Upstream, ok, until};

#[tokio::test(flavor = "multi_thread")]
async fn on_sigterm_it_says_so_goes_on_for_a_while_and_finishes_what_is_under_way() {
    // The upstream answers when the relay has stopped listening.
    let (let_go, held) = watch::channel(());
    let upstream = Upstream::start(move |_| Answer::Held(held.clone(), Box::new(ok("{}")))).await;
    let config = classic(&upstream.base_url, "timeout_ms = 60000")
        .replace("drain_ms = 0", "drain_ms = 1000\ndeadline_ms = 60000");
    let mut relay = Relay::start(&config);
    let ready = relay.admin("/readyz").await;
    assert_eq!((ready.status, &*ready.text), (200, "ready\n"));
    let set = set_request("an-id", &[1; 8]);
    let under_way = relay.client.post(format!("{}/set", relay.base_url)).json(&set).send();
    let under_way = tokio::spawn(under_way);
    until("the request is under way", async || !upstream.received().is_empty()).await;
    relay.signal("-TERM");
    until("it says so", async || relay.admin("/readyz").await.status == 503).await;
    assert_eq!(relay.admin("/readyz").await.text, "stopping\n");
    let is_refused = async || std::net::TcpStream::connect(relay.address()).is_err();
    until("new connections are refused", is_refused).await;
    assert!(relay.child.try_wait().unwrap().is_none(), "a request is still under way");
    let_go.send(()).unwrap();
    assert_eq!(under_way.await.unwrap().unwrap().status(), 200);
    assert_eq!(relay.child.wait().unwrap().code(), Some(0));
    assert_eq!(upstream.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_hold_it_up() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let config = classic(&upstream.base_url, "").replace("drain_ms = 0", "drain_ms = 0\ndeadline_ms = 60000");
    let relay = Relay::start(&config);
    assert_eq!(relay.get("/set").await.status, 405);
    let _idle = std::net::TcpStream::connect(relay.address()).unwrap();
    let started = std::time::Instant::now();
    assert_eq!(relay.end().0, Some(0));
    assert!(started.elapsed() < Duration::from_secs(60), "only the deadline ended it");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_signal_breaks_off_what_is_under_way() {
    for signal in ["-USR1", "-USR2", "-ALRM", "-IO", "-HUP", "-QUIT"] {
        let (let_go, held) = watch::channel(());
        let upstream = Upstream::start(move |_| Answer::Held(held.clone(), Box::new(ok("{}")))).await;
        let config = classic(&upstream.base_url, "timeout_ms = 60000");
        let mut relay = Relay::start(&config.replace("drain_ms = 0", "drain_ms = 0\ndeadline_ms = 60000"));
        let set = set_request("an-id", &[1; 8]);
        let under_way = tokio::spawn(relay.client.post(format!("{}/set", relay.base_url)).json(&set).send());
        until("the request is under way", async || !upstream.received().is_empty()).await;
        relay.signal(signal);
        assert_eq!(relay.admin("/livez").await.status, 200, "{signal} ended it");
        let_go.send(()).unwrap();
        assert_eq!(under_way.await.unwrap().unwrap().status(), 200, "{signal}");
        if signal != "-QUIT" {
            assert!(relay.child.try_wait().unwrap().is_none(), "{signal} ended it");
            relay.signal("-TERM");
        }
        assert_eq!(relay.child.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(upstream.received().len(), 1, "{signal}");
    }
}
