//! Passes a device's requests on to Enfuce.

mod answer;
mod breaker;
mod card;
mod credentials;
mod platform;
mod probe;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use reqwest::{Client, RequestBuilder};
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};
use tower::retry::budget::{Budget, TpsBudget};

use crate::admission::{Admission, Class};
use crate::config;
use crate::failure::{Failure, Kind, NO_TURN};
use crate::log::{Report, milliseconds};
use crate::metrics::Snapshot;
use crate::operation::Operation;
use crate::outbound::{self, ClientError};
use crate::trace::{Active, Called, Trace};
use crate::wire::{self, Request};
use answer::{about_control_id, is_html, problem_id, refusal};
use breaker::Breaker;
use credentials::{Credentials, LATE};

/// The time between two attempts to connect, and between two attempts after a 429 that names no time. It doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// How often a connection is attempted. After a 429 the call is repeated until the deadline.
const MAX_CONNECTS: u32 = 3;
/// How long to wait for the body of an error answer.
const PROBLEM_TIMEOUT: Duration = Duration::from_millis(500);
/// Repeated calls are at most this fraction of all calls, and a few a second, so that they cannot become a storm.
const RETRY_BUDGET: f32 = 0.2;

/// The HTTP clients.
struct Clients {
    /// Keeps connections open and uses them again.
    shared: Client,
    /// Makes a new connection for each request.
    single: Client,
}

impl Clients {
    fn new(config: &config::Enfuce) -> Result<Self, ClientError> {
        let mut urls = vec![&config.base_url, &config.card_base_url];
        if let config::Auth::OAuth2 { token_url, .. } = &config.auth {
            urls.push(token_url);
        }
        let make = |idle_connections| {
            outbound::client(&outbound::Settings {
                urls: &urls,
                ca: config.ca.as_deref(),
                identity: config.client_identity.as_ref(),
                connect_timeout: config.connect_timeout,
                idle_connections,
            })
        };
        Ok(Self { shared: make(usize::MAX)?, single: make(0)? })
    }
}

/// Calls Enfuce.
pub(crate) struct Upstream {
    config: config::Enfuce,
    credentials: Arc<Credentials>,
    clients: Clients,
    admission: Arc<Admission>,
    /// The most calls at the same time. They are fewer than the connections of devices, so that a slow Enfuce cannot block all of
    /// those.
    permits: Semaphore,
    breaker: Breaker,
    budget: TpsBudget,
}

/// What the calls for one request have in common.
pub(crate) struct CallContext<'a> {
    pub(crate) deadline: Instant,
    pub(crate) trace: &'a Trace,
    pub(crate) class: Class,
    pub(crate) report: &'a mut Report,
}

impl CallContext<'_> {
    /// A copy for another call that has to be made before this one.
    fn again(&mut self) -> CallContext<'_> {
        CallContext { deadline: self.deadline, trace: self.trace, class: self.class, report: self.report }
    }

    /// Notes why a call failed, whether Enfuce was not reached or its answer was not usable.
    fn note<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.report.cause = result.as_ref().err().map(|failure| failure.cause);
        result
    }
}

/// A complete answer of Enfuce with a 2xx status.
struct Success {
    status: StatusCode,
    is_html: bool,
    body: Vec<u8>,
}

/// A request that is sent once or several times.
struct Call<'a> {
    repeat: Repeat,
    build: &'a (dyn Fn(&Client) -> RequestBuilder + Sync),
    called: Called<'a>,
    deadline: Instant,
    class: Class,
    trace: &'a Trace,
}

/// Whether a request may be sent twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// The request may be sent twice, so connections can be used again.
    Harmless,
    /// The request must be carried out at most once, so each has a connection of its own. A connection that was used before may
    /// already be closed. It is then unknown whether the request was carried out, or a library repeats it.
    Never,
}

impl Repeat {
    /// How much time has to be left when a request is sent. It includes the time for the answer, so that a request is not given
    /// up while it is carried out, and the time for a new connection, so that a failed connection can be distinguished from a
    /// missing answer.
    fn least_time(self, config: &config::Enfuce) -> Duration {
        match self {
            Self::Harmless => config.time_for_answers(),
            Self::Never => config.time_for_answers().max(config.connect_timeout),
        }
    }
}

impl Upstream {
    pub(crate) fn new(config: config::Enfuce, admission: Arc<Admission>) -> Result<Self, ClientError> {
        let credentials = Arc::new(Credentials::new(config.auth.clone()));
        let clients = Clients::new(&config)?;
        let permits = Semaphore::new(config.calls);
        let budget = TpsBudget::new(Duration::from_secs(10), 2, RETRY_BUDGET);
        let breaker = Breaker::default();
        Ok(Self { config, credentials, clients, admission, permits, breaker, budget })
    }

    /// Adds the current values to the metrics.
    pub(crate) fn sample(&self, snapshot: &mut Snapshot) {
        snapshot.calls = self.config.calls - self.permits.available_permits();
        (snapshot.calls_waiting, snapshot.customers_waiting) = self.admission.queues();
        snapshot.enfuce_calls = self.admission.turns();
        snapshot.has_lost_store = self.admission.has_lost_store();
        snapshot.is_breaker_open = self.breaker.is_open();
        snapshot.token_expires = self.credentials.expire();
    }

    /// Whether calls can be made at the moment, or are held back because Enfuce does not answer.
    pub(crate) fn check_breaker(&self) -> Result<(), Failure> {
        self.breaker.check(Instant::now()).map_err(is_down)
    }

    /// Passes a request on, and reads the answer.
    pub(crate) async fn call(
        &self,
        request: &Request,
        mut context: CallContext<'_>,
    ) -> Result<Map<String, Value>, Failure> {
        let result = self.answer(request, context.again()).await;
        context.note(result)
    }

    async fn answer(
        &self,
        request: &Request,
        context: CallContext<'_>,
    ) -> Result<Map<String, Value>, Failure> {
        let repeat = if request.operation == Operation::Set { Repeat::Never } else { Repeat::Harmless };
        let build = |client: &_| platform::translate(&self.config, client, request);
        let called = platform::called(&self.config, request.operation);
        let answer = self.send(repeat, called, &build, context).await.map_err(about_control_id)?;
        if request.operation == Operation::Set {
            // Any other 2xx answer may come from a proxy in between.
            let says_so = matches!(answer.status.as_u16(), 200 | 201 | 204) && !answer.is_html;
            if !says_so {
                return Err(Failure::new(Kind::BadAnswer, "no_clear_yes"));
            }
        }
        wire::read_answer(request.operation, &answer.body)
            .ok_or(Failure::new(Kind::BadAnswer, "undocumented_answer"))
    }

    /// Sends a request until the deadline, and repeats it only if it is certain that nothing was done.
    async fn send(
        &self,
        repeat: Repeat,
        called: Called<'_>,
        build: &(dyn Fn(&Client) -> RequestBuilder + Sync),
        context: CallContext<'_>,
    ) -> Result<Success, Failure> {
        let CallContext { trace, class, report, .. } = context;
        let deadline = context.deadline.min(Instant::now() + self.config.timeout);
        let mut tries = 0;
        let call = Call { repeat, build, called, deadline, class, trace };
        let result = self.send_with_retries(&call, report, &mut tries).await;
        report.sent(tries);
        result
    }

    async fn send_with_retries(
        &self,
        call: &Call<'_>,
        report: &mut Report,
        tries: &mut u32,
    ) -> Result<Success, Failure> {
        let least_time = call.repeat.least_time(&self.config);
        let latest = before(call.deadline, least_time);
        let _permit = self.acquire(call.class).ok_or(Failure::new(Kind::Overloaded(1), "too_many_calls"))?;
        self.budget.deposit();
        loop {
            self.breaker.admit(Instant::now()).map_err(is_down)?;
            self.admission
                .turn(call.class, latest)
                .await
                .map_err(|seconds| Failure::new(Kind::Overloaded(seconds), NO_TURN))?;
            *tries += 1;
            report.turns += 1;
            let started = std::time::Instant::now();
            let (result, is_replaced) = self.attempt(call, *tries - 1, report).await;
            // Only the time with Enfuce. The time in the queue is the relay's own.
            report.upstream_ms = Some(report.upstream_ms.unwrap_or(0) + milliseconds(started));
            match result.as_ref().map_err(|failure| failure.kind) {
                // An error of the token server says nothing about the PIN API, and neither does an answer that had too little
                // time.
                Err(Kind::NoToken) => {}
                Err(Kind::TimedOut) if started.elapsed() < self.config.timeout / 2 => {}
                Err(Kind::Unreachable | Kind::TimedOut) => self.breaker.note(false, Instant::now()),
                _ => self.breaker.note(true, Instant::now()),
            }
            let failure = match result {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let wait = match failure.kind {
                Kind::Busy(Some(seconds)) => Duration::from_secs(seconds),
                Kind::Busy(None) => FIRST_WAIT * 2_u32.saturating_pow(*tries - 1),
                Kind::Unreachable if *tries < MAX_CONNECTS => FIRST_WAIT * 2_u32.saturating_pow(*tries - 1),
                // With a different token from the one that was refused.
                Kind::RelayRefused if *tries == 1 && self.credentials.may_have_another(failure) => {
                    Duration::ZERO
                }
                _ => return Err(failure),
            };
            // A server may ask for a wait that is longer than the clock can count.
            let is_in_time = Instant::now().checked_add(wait).is_some_and(|then| then < latest);
            if !is_in_time || !(is_replaced || self.budget.withdraw()) {
                return Err(failure);
            }
            report.overcome.push(failure.cause);
            sleep(wait).await;
        }
    }

    /// A permit for one call. Some permits are kept for chosen PINs, because their customers have already typed them.
    fn acquire(&self, class: Class) -> Option<SemaphorePermit<'_>> {
        let kept = if class == Class::Set { 0 } else { permits_for_set(self.config.calls) };
        (self.permits.available_permits() > kept).then(|| self.permits.try_acquire().ok())?
    }

    /// Makes one attempt. Also returns whether it failed because of a token that another request has replaced meanwhile. Only
    /// such an attempt is repeated without counting against the limit: at most as many requests as were under way with the old
    /// token can do this, so no storm can follow.
    async fn attempt(
        &self,
        call: &Call<'_>,
        sent: u32,
        report: &mut Report,
    ) -> (Result<Success, Failure>, bool) {
        let Call { repeat, called, deadline, trace, .. } = *call;
        // Both values come from the last answer, so that they match each other and the cause. A value from an earlier attempt
        // would describe a failure that no longer matters.
        (report.upstream_status, report.problem_id) = (None, None);
        // No request about a PIN has been sent yet.
        let authorized = self.credentials.authorization(&self.clients.shared, trace);
        let latest = before(deadline, repeat.least_time(&self.config));
        let authorized = timeout_at(latest, authorized).await;
        let authorization = match authorized.unwrap_or(Err(LATE)) {
            Ok(authorization) => authorization,
            Err(failure) => return (Err(failure), false),
        };
        let mut span = trace.call(called, sent);
        let result = self.exchange(call, authorization.clone(), report, &mut span).await;
        span.ended(&result);
        let is_refused = result.as_ref().is_err_and(|failure| self.credentials.may_have_another(*failure));
        let is_replaced = is_refused && !self.credentials.refused(&authorization);
        (result, is_replaced)
    }

    async fn exchange(
        &self,
        call: &Call<'_>,
        authorization: HeaderValue,
        report: &mut Report,
        span: &mut Active,
    ) -> Result<Success, Failure> {
        let Call { repeat, build, deadline, .. } = *call;
        let client = match repeat {
            Repeat::Harmless => &self.clients.shared,
            Repeat::Never => &self.clients.single,
        };
        let request = build(client).header(header::AUTHORIZATION, authorization);
        let mut response = outbound::send_traced(request, deadline, span).await?;
        report.upstream_status = Some(response.status().as_u16());
        if let Some(failure) = refusal(&response) {
            let patience = deadline.min(Instant::now() + PROBLEM_TIMEOUT);
            report.problem_id = timeout_at(patience, problem_id(&mut response)).await.unwrap_or_default();
            return Err(failure);
        }
        let body = outbound::body_until(&mut response, deadline).await?;
        Ok(Success { status: response.status(), is_html: is_html(&response), body })
    }
}

fn is_down(seconds: u64) -> Failure {
    Failure::new(Kind::Overloaded(seconds), "enfuce_is_down")
}

/// Subtracts a time from a moment. If the clock cannot go back that far, returns the moment itself.
fn before(moment: Instant, time: Duration) -> Instant {
    moment.checked_sub(time).unwrap_or(moment)
}

/// A quarter of the calls: at least one, and never all.
fn permits_for_set(calls: usize) -> usize {
    (calls / 4).max(1).min(calls.saturating_sub(1))
}
