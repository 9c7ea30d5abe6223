//! Asks the issuer's own system whether a card belongs to a customer, and what the customer may do with it.

use axum::http::StatusCode;
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::config::{Authorize, is_card_product};
use crate::failure::{Failure, Kind};
use crate::identity::Identity;
use crate::operation::Purpose;
use crate::outbound;
use crate::problem::Problem;
use crate::trace::{Active, Called, Trace};

pub(crate) struct Authorizer {
    how: Authorize,
    client: Client,
    /// The most calls at the same time, so that a slow system of the issuer cannot take all connections of devices.
    permits: Semaphore,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    allowed: bool,
    card_product: Option<String>,
}

/// What the issuer's own system says about a card.
struct Verdict {
    is_allowed: bool,
    card_product: Option<String>,
}

impl Verdict {
    fn new(is_allowed: bool) -> Self {
        Self { is_allowed, card_product: None }
    }
}

/// What a customer asks for.
pub(crate) struct Question<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) card: &'a str,
    pub(crate) purpose: Purpose,
}

impl Authorizer {
    pub(crate) fn new(how: Authorize, client: Client, calls: usize) -> Self {
        Self { how, client, permits: Semaphore::new(calls) }
    }

    /// The card's product, where the issuer's system names it.
    ///
    /// # Errors
    /// [`Problem::NOT_ALLOWED`]; [`Problem::AUTHORIZER_UNAVAILABLE`] if there is no clear answer in time.
    pub(crate) async fn check(
        &self,
        question: &Question<'_>,
        deadline: Instant,
        trace: &Trace,
    ) -> Result<Option<String>, Problem> {
        let verdict = match &self.how {
            Authorize::Claim(claim) => {
                let cards = question.identity.claims.get(claim).and_then(Value::as_array);
                Verdict::new(cards.is_some_and(|cards| cards.iter().any(|card| card == question.card)))
            }
            Authorize::CallOut { url, token } => {
                let permit = self.permits.try_acquire();
                let _permit =
                    permit.map_err(|_| Problem::AUTHORIZER_UNAVAILABLE.with_cause("too_many_calls"))?;
                let customer = String::from_utf8(question.identity.customer.name())
                    .map_err(|_| Problem::CUSTOMER_MISSING)?;
                let body = json!({
                    "customer": customer,
                    "cardId": question.card,
                    "operation": question.purpose.name(),
                });
                let mut request = self.client.post(url.clone()).json(&body);
                if let Some(token) = token {
                    // EXPOSE: sent to the configured URL alone, in a header that reqwest marks as sensitive.
                    request = request.bearer_auth(token.expose());
                }
                let mut span = trace.call(Called { method: "POST", server: url, template: url.path() }, 0);
                let answer = ask(request, deadline, &mut span).await;
                span.ended(&answer);
                answer.map_err(|failure| Problem::AUTHORIZER_UNAVAILABLE.with_cause(failure.cause))?
            }
        };
        if verdict.is_allowed { Ok(verdict.card_product) } else { Err(Problem::NOT_ALLOWED) }
    }
}

/// # Errors
/// If there is no clear answer in time.
async fn ask(
    request: reqwest::RequestBuilder,
    deadline: Instant,
    span: &mut Active,
) -> Result<Verdict, Failure> {
    let mut response = outbound::send_traced(request, deadline, span).await?;
    match response.status() {
        StatusCode::OK => {
            let body = outbound::body_until(&mut response, deadline).await?;
            let answer: Answer = outbound::json(&body).ok_or(outbound::UNDOCUMENTED)?;
            let card_product = answer.card_product;
            let is_name = card_product.as_deref().is_none_or(is_card_product);
            if !is_name {
                return Err(outbound::UNDOCUMENTED);
            }
            Ok(Verdict { is_allowed: answer.allowed, card_product })
        }
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Ok(Verdict::new(false)),
        status if status.is_server_error() => Err(Failure::new(Kind::BadAnswer, "server_error")),
        _ => Err(outbound::UNDOCUMENTED),
    }
}
