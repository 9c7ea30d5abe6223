//! Checks the connection to Enfuce without touching a card.

use axum::http::{HeaderValue, header};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::Upstream;
use super::answer::refusal;
use super::credentials::LATE;
use crate::config::Auth;
use crate::failure::{Failure, Kind};
use crate::outbound;
use crate::trace::Trace;

/// An id that no card has.
const NO_CARD: &str = "00000000-0000-0000-0000-000000000000";

impl Upstream {
    /// The addresses that are called, each once, with the name of its field.
    pub(crate) fn addresses(&self) -> Vec<(&'static str, &Url)> {
        let mut addresses = vec![("enfuce.base_url", &self.config.base_url)];
        if self.config.card_base_url != self.config.base_url {
            addresses.push(("enfuce.card_base_url", &self.config.card_base_url));
        }
        if let Auth::OAuth2 { token_url, .. } = &self.config.auth {
            addresses.push(("enfuce.auth.token_url", token_url));
        }
        addresses
    }

    /// Checks that an address answers, with any status.
    pub(crate) async fn reach(&self, url: &Url) -> Result<(), Failure> {
        outbound::reach(&self.clients.shared, url, Instant::now() + self.config.timeout).await
    }

    /// Asks for the status of a card that does not exist. With the credentials, Enfuce says that there is no such card; without
    /// them, it refuses the request.
    pub(crate) async fn try_credentials(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + self.config.timeout;
        let trace = Trace::detached();
        let authorized =
            timeout_at(deadline, self.credentials.authorization(&self.clients.shared, &trace)).await;
        let authorization = authorized.unwrap_or(Err(LATE))?;
        self.ask_for_no_card(Some(authorization), deadline).await?;
        match self.ask_for_no_card(None, deadline).await {
            Err(failure) if failure.kind == Kind::RelayRefused => Ok(()),
            Err(failure) => Err(failure),
            Ok(()) => Err(Failure::new(Kind::BadAnswer, "same_without_credentials")),
        }
    }

    async fn ask_for_no_card(
        &self,
        authorization: Option<HeaderValue>,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let mut request = self.status_request(&self.clients.shared, NO_CARD, None);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let response = outbound::send(request, deadline).await?;
        match refusal(&response) {
            // Only the card was wrong, which is the expected answer.
            None | Some(Failure { kind: Kind::Refused(_), .. }) => Ok(()),
            Some(failure) => Err(failure),
        }
    }
}
