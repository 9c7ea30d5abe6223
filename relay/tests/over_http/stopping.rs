//! How it stops.

use std::time::Duration;

use crate::device::set_request;
use crate::process::{Relay, classic};
use crate::upstream::{Answer, Upstream, ok};

#[tokio::test(flavor = "multi_thread")]
async fn on_sigterm_it_says_so_goes_on_for_a_while_and_finishes_what_is_under_way() {
    let slow = Duration::from_millis(1500);
    let upstream = Upstream::start(move |_| Answer::After(slow, Box::new(ok("{}")))).await;
    let config = classic(&upstream.base_url, "").replace("drain_ms = 0", "drain_ms = 600");
    let mut relay = Relay::start(&config);
    let ready = relay.admin("/readyz").await;
    assert_eq!((ready.status, &*ready.text), (200, "ready\n"));
    let set = set_request("an-id", &[1; 8]);
    let under_way = relay.client.post(format!("{}/set", relay.base_url)).json(&set).send();
    let under_way = tokio::spawn(under_way);
    tokio::time::sleep(Duration::from_millis(200)).await;
    relay.signal("-TERM");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let ready = relay.admin("/readyz").await;
    assert_eq!((ready.status, &*ready.text), (503, "stopping\n"));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(relay.child.try_wait().unwrap().is_none(), "a request is still under way");
    assert!(std::net::TcpStream::connect(relay.address()).is_err(), "no more connections are taken");
    assert_eq!(under_way.await.unwrap().unwrap().status(), 200);
    assert_eq!(relay.child.wait().unwrap().code(), Some(0));
    assert_eq!(upstream.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_hold_it_up() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    assert_eq!(relay.get("/set").await.status, 405);
    let _idle = std::net::TcpStream::connect(relay.address()).unwrap();
    let started = std::time::Instant::now();
    assert_eq!(relay.end().0, Some(0));
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_signal_breaks_off_what_is_under_way() {
    for signal in ["-USR1", "-USR2", "-ALRM", "-IO", "-HUP", "-QUIT"] {
        let slow = Duration::from_millis(500);
        let upstream = Upstream::start(move |_| Answer::After(slow, Box::new(ok("{}")))).await;
        let mut relay = Relay::start(&classic(&upstream.base_url, ""));
        let set = set_request("an-id", &[1; 8]);
        let under_way = tokio::spawn(relay.client.post(format!("{}/set", relay.base_url)).json(&set).send());
        while upstream.received().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        relay.signal(signal);
        assert_eq!(under_way.await.unwrap().unwrap().status(), 200, "{signal}");
        if signal != "-QUIT" {
            assert!(relay.child.try_wait().unwrap().is_none(), "{signal} ended it");
            relay.signal("-TERM");
        }
        assert_eq!(relay.child.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(upstream.received().len(), 1, "{signal}");
    }
}
