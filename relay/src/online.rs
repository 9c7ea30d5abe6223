//! `--check --online`: checks everything outside the relay, without touching a card.

use std::fmt;

use crate::config::{Authorize, ControlIds, Customer};
use crate::failure::Kind;
use crate::relay::{Live, Relay};

/// The result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The field or the table of the configuration that it is about.
    thing: &'static str,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It works; this says what was found.
    Good(&'static str),
    /// It failed, with the cause in one word of a closed list.
    Failed(&'static str),
    /// It was not tried, because a check that it needs has failed.
    NotTried,
}

impl Finding {
    /// Whether somebody has to act on it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thing = self.thing;
        match self.outcome {
            Outcome::Good(good) => write!(f, "ok         {thing}: {good}"),
            Outcome::Failed(cause) => write!(f, "FAILED     {thing}: {cause}: {}", fix(cause)),
            Outcome::NotTried => write!(f, "not tried  {thing}"),
        }
    }
}

/// The fault, and what to do about it.
fn fix(cause: &str) -> &'static str {
    match cause {
        "dns" => "the name is not found; check the name, and the DNS of this machine",
        "refused" => "nothing listens there; check the address, and whether the server runs",
        "no_route" | "no_connection" | "timeout_connect" | "reset" => {
            "it cannot be reached; check the address, the firewall, and the proxy in HTTPS_PROXY"
        }
        "timeout" | "timeout_head" | "timeout_token" => {
            "no answer came in time; check the address, and whether the server is well"
        }
        "certificate_expired" | "certificate_not_valid_yet" => {
            "check the clock of this machine first, then the certificate of the server"
        }
        "certificate_of_unknown_authority" => {
            "the authority behind the server's certificate is not trusted; give it in the ca_file for this address"
        }
        "certificate_of_another_name" => {
            "something else answers there; check the address, and do not go on until it is explained"
        }
        "certificate_refused" | "certificate_revoked" => "ask for another certificate of the server",
        "tls_refused" => {
            "the relay's own certificate is not taken; check enfuce.client_certificate_file and enfuce.client_key_file"
        }
        "tls" | "answer_not_http" | "answer_cut" => {
            "the answer is not HTTP over TLS; check the address and the port"
        }
        "credentials_refused" | "token_refused" => "check the user or client, and its password or secret",
        "credentials_not_sendable" => "the secret holds characters that cannot be sent",
        "forbidden" => "the credentials are good, but not for this; ask for the right to read cards",
        "token_answer_not_understood" | "token_of_another_type" => {
            "it is not the answer of an OAuth 2 token server; check the address"
        }
        "same_without_credentials" => {
            "the answer is the same without credentials; check the path of the address"
        }
        "redirect" => "it sends elsewhere, which is not followed; give the address where it sends to",
        "server_error" => "the server itself fails; see its status page",
        "quota" => "no more calls are taken at the moment; lower quota.per_second, or see who else calls",
        "no_keys" => "the answer is not a list of keys (JWKS); check the address",
        "spans_refused" => {
            "the collector refuses spans; check the path of the address, most often /v1/traces, and traces.token"
        }
        "refused_by_store" => {
            "it does not let the relay write; check that it is not a replica, its memory, and the user's rights"
        }
        _ => "see docs/runbook.md",
    }
}

/// Checks everything that the configuration names, one after the other.
pub async fn check_online(relay: &Relay) -> Vec<Finding> {
    let live = relay.live();
    let mut findings = Vec::new();
    let mut note = |thing, outcome| findings.push(Finding { thing, outcome });
    let mut is_reached = true;
    for (field, url) in live.upstream.addresses() {
        let outcome = reached(live.upstream.reach(url).await.map_err(|failure| failure.cause));
        is_reached &= matches!(outcome, Outcome::Good(_));
        note(field, outcome);
    }
    if is_reached {
        credentials(&live, &mut note).await;
    } else {
        note("enfuce.auth", Outcome::NotTried);
        note("quota", Outcome::NotTried);
    }
    if let Some(result) = relay.admission().try_store().await {
        let good = "the store is reached, and gives turns";
        note("quota.store", result.map_or_else(Outcome::Failed, |()| Outcome::Good(good)));
    }
    if let Customer::Jwt(jwt) = &live.config.customer {
        let outcome = match relay.reach_issuer(&jwt.jwks_url).await {
            Ok(()) if live.identities.finds_keys().await => Outcome::Good("its keys are found"),
            Ok(()) => Outcome::Failed("no_keys"),
            Err(cause) => Outcome::Failed(cause),
        };
        note("jwt.jwks_url", outcome);
    }
    if let Some(ControlIds { authorize: Authorize::CallOut { url, .. }, .. }) = &live.config.control_ids {
        // An answer would be about a customer, so no question is asked.
        note("control_ids.authorize_url", reached(relay.reach_issuer(url).await));
    }
    if let Some(collector) = &live.collector {
        let tried = collector.try_out().await.map_err(|failure| failure.cause);
        note(
            "traces.url",
            tried.map_or_else(Outcome::Failed, |()| Outcome::Good("the collector takes spans")),
        );
    }
    findings
}

fn reached(result: Result<(), &'static str>) -> Outcome {
    result.map_or_else(Outcome::Failed, |()| Outcome::Good("the name is found, and the server answers"))
}

async fn credentials(live: &Live, note: &mut impl FnMut(&'static str, Outcome)) {
    let Err(failure) = live.upstream.try_credentials().await else {
        note("enfuce.auth", Outcome::Good("Enfuce takes the credentials"));
        return note("quota", Outcome::Good("Enfuce takes calls"));
    };
    let failed = Outcome::Failed(failure.cause);
    match failure.kind {
        Kind::NoToken | Kind::RelayRefused => {
            note("enfuce.auth", failed);
            note("quota", Outcome::NotTried);
        }
        Kind::Busy(_) => {
            note("enfuce.auth", Outcome::NotTried);
            note("quota", failed);
        }
        _ => {
            note("enfuce.card_base_url", failed);
            note("enfuce.auth", Outcome::NotTried);
            note("quota", Outcome::NotTried);
        }
    }
}
