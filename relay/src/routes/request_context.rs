//! The context of a request, and the checks that every request goes through, the cheap ones first.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::{self, timeout_at};
use uuid::Uuid;

use crate::admission::{Begun, Class};
use crate::control_id::{Refusal, Sealed};
use crate::enfuce::CallContext;
use crate::failure::{Failure, Kind, NO_TURN};
use crate::identity::Identity;
use crate::log::{Audited, Notes, Report};
use crate::operation::Purpose;
use crate::problem::Problem;
use crate::relay::{Issuing, Live, Relay};
use crate::trace::Trace;

#[derive(Clone)]
pub(super) struct RequestContext {
    relay: Relay,
    pub(super) live: Arc<Live>,
    pub(super) notes: Notes,
    pub(super) trace: Trace,
    pub(super) deadline: time::Instant,
    /// Where the request comes from, for the audit record.
    origin: Option<String>,
}

/// The object of an operation, for the audit record.
#[derive(Clone, Copy, Default)]
pub(super) struct Subject<'a> {
    pub(super) control_id: Option<&'a str>,
    pub(super) card: Option<&'a str>,
}

impl RequestContext {
    pub(super) fn new(relay: Relay, notes: Notes, trace: Trace) -> Self {
        let live = relay.live();
        let deadline = time::Instant::now() + live.config.deadline;
        Self { relay, live, notes, trace, deadline, origin: None }
    }

    /// Starts the audit record, if there is one. It starts here because it also lists requests that are refused at once.
    pub(super) fn audited(self, peer: Option<IpAddr>) -> Self {
        let Some(hasher) = &self.live.hasher else { return self };
        let hash = |address: IpAddr| hasher.hash("address", address.to_canonical().to_string().as_bytes());
        let origin = peer.map(hash);
        self.notes.audit(Audited { origin: origin.clone(), ..Audited::default() });
        Self { origin, ..self }
    }

    /// Returns the customer and the body. `later_requests` of the same session may still come.
    pub(super) async fn read(
        &self,
        request: Request,
        later_requests: u32,
    ) -> Result<(Identity, Vec<u8>), Problem> {
        let (head, body) = request.into_parts();
        let identity = timeout_at(self.deadline, self.live.identities.of(&head, &self.trace)).await;
        let identity =
            identity.unwrap_or(Err(Problem::IDENTITY_PROVIDER_UNAVAILABLE.with_cause("timeout_head")))?;
        self.audit(&identity, Subject::default());
        let taken = self.relay.rate_limit().take(&identity.customer, later_requests, Instant::now());
        taken.map_err(Problem::too_many_requests)?;
        if !is_json(&head.headers) {
            return Err(Problem::UNSUPPORTED_MEDIA_TYPE);
        }
        Ok((identity, self.body(body).await?))
    }

    /// Adds the object of the operation to the audit record, if there is one.
    pub(super) fn audit(&self, identity: &Identity, subject: Subject<'_>) {
        let Some(hasher) = &self.live.hasher else { return };
        self.notes.audit(Audited {
            origin: self.origin.clone(),
            customer: Some(hasher.hash("customer", &identity.customer.name())),
            control_id: subject.control_id.map(|id| hasher.hash("control id", id.as_bytes())),
            card: subject.card.map(|card| hasher.hash("card", card.as_bytes())),
        });
    }

    /// Opens this customer's control id. The audit record also lists an expired one.
    pub(super) fn open(
        &self,
        issuing: &Issuing,
        identity: &Identity,
        token: &str,
        purpose: Purpose,
        life: Duration,
    ) -> Result<Sealed, Problem> {
        let opened = issuing.sealer.open(token, &identity.customer.name(), purpose, life);
        if let Ok(sealed) | Err(Refusal::Expired(sealed)) = &opened {
            let subject = Subject { control_id: Some(&sealed.control_id), card: Some(&sealed.card) };
            self.audit(identity, subject);
        }
        if let Err(Refusal::Unknown) = &opened {
            self.relay.metrics().count_unopened();
        }
        Ok(opened?)
    }

    /// The outcome of Enfuce's calls goes to the log, except for an id that the device `sent`.
    pub(super) fn report(&self, mut report: Report, sent: &[&str]) {
        let id = |text: &str| Uuid::try_parse(text).ok();
        report.problem_id = report.problem_id.filter(|found| sent.iter().all(|sent| id(sent) != id(found)));
        self.notes.report(report);
    }

    /// For the calls to Enfuce that this request needs.
    pub(super) fn for_calls<'a>(&'a self, class: Class, report: &'a mut Report) -> CallContext<'a> {
        CallContext { deadline: self.deadline, trace: &self.trace, class, report }
    }

    /// Begins a customer's session, or says when to come again.
    pub(super) async fn begin(&self, identity: &Identity, purpose: Purpose) -> Result<Begun<'_>, Problem> {
        let customer = self.relay.rate_limit().key(&identity.customer);
        // A session is not begun if it cannot succeed: if too little time is left for Enfuce's answers, or if Enfuce does not
        // answer at all.
        let least_time = self.live.config.longest_wait() / 2;
        let is_late = time::Instant::now() + least_time > self.deadline;
        let late = is_late.then_some(Failure::new(Kind::Overloaded(1), NO_TURN));
        let obstacle = late.or_else(|| self.live.upstream.check_breaker().err());
        let begun = self.relay.admission().begin(customer, purpose, obstacle.is_none()).await;
        begun.map_err(|wait| match obstacle {
            None => Problem::wait(wait),
            Some(failure) => {
                Problem::from_card_failure(Kind::Overloaded(wait.seconds)).with_cause(failure.cause)
            }
        })
    }

    async fn body(&self, body: Body) -> Result<Vec<u8>, Problem> {
        let limits = &self.live.config.limits;
        let deadline = self.deadline.min(time::Instant::now() + limits.body_timeout);
        match timeout_at(deadline, Limited::new(body, limits.body_bytes).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes().into()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::TOO_LARGE),
            Ok(Err(_)) | Err(_) => Err(Problem::BODY_INCOMPLETE),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
