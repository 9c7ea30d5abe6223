//! The tests that take longest, at every load. `cargo xtask check` leaves them to `cargo xtask test`.

use super::*;

#[tokio::test(start_paused = true)]
async fn copies_with_a_store_use_the_quota_together_and_never_more() {
    let offers = OFFERS.map(|(_, a_second)| (2, 2, a_second));
    // This does not depend on the configured number of copies.
    for (running, expected, a_second) in offers.into_iter().chain([(2, 5, 75), (1, 4, 25)]) {
        let valkey = valkey::Valkey::start();
        let (copies, _) = with_store(&valkey, running, &quota(expected), &Arc::default());
        sleep(Duration::from_secs(6)).await;
        let offer = Offer::of(a_second);
        let outcome = serve(&copies, offer).await;
        assert_good(&outcome, offer, &format!("{running} of {expected} copies, one store"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_dies_and_comes_back_costs_no_session_and_no_call_too_many() {
    for (_, a_second) in OFFERS {
        let mut valkey = valkey::Valkey::start();
        let (copies, events) = with_store(&valkey, 2, &quota(2), &Arc::default());
        sleep(Duration::from_secs(6)).await;
        let life: JoinHandle<_> = tokio::spawn(async move {
            sleep(Duration::from_millis(20_300)).await;
            valkey.kill();
            sleep(Duration::from_secs(20)).await;
            valkey.start_again();
            valkey
        });
        let offer = Offer::of(a_second);
        let outcome = serve(&copies, offer).await;
        life.await.unwrap();
        assert_good(&outcome, offer, "2 copies, store gone for 20 s");
        let mut events = events.lock().unwrap().clone();
        events.sort_unstable();
        let (in_use, lost) = ("quota_store_in_use", "quota_store_lost");
        assert_eq!(events, [in_use, in_use, in_use, in_use, lost, lost]);
    }
}
