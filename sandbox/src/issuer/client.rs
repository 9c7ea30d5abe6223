//! The issuer's client of Enfuce's APIs.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::AUDIT_USER;
use crate::error::Error;
use crate::http::{Kind, Problem};
use crate::store::cards::{PinStatus, Product};
use crate::store::control_ids::Scope;
use crate::store::issuer_cards::IssuerCard;

/// How many times a call is tried while Enfuce answers 429.
const MAX_ATTEMPTS: usize = 5;

/// How long to wait after a 429: Enfuce's limit is per second.
const TOO_MANY_PAUSE: Duration = Duration::from_secs(1);

/// A new card's owner and name.
pub(super) struct Holder<'a> {
    pub(super) customer_id: &'a str,
    pub(super) first_name: &'a str,
    pub(super) last_name: &'a str,
}

/// Calls Enfuce with the issuer's credentials.
pub(crate) struct EnfuceClient {
    http: Client,
    base_url: String,
    user: String,
    password: String,
}

impl EnfuceClient {
    pub(crate) fn new(base_url: &str, user: &str, password: &str) -> Result<Self, Error> {
        // Enfuce is on this machine: a proxy named in the environment must not be used, and no certificates are needed.
        let http = Client::builder().no_proxy().tls_certs_only([]);
        let http = http.redirect(redirect::Policy::none()).timeout(Duration::from_secs(5));
        let http = http.build().map_err(|_| Error::Client)?;
        Ok(Self { http, base_url: base_url.to_owned(), user: user.to_owned(), password: password.to_owned() })
    }

    /// Makes a card; returns it as Enfuce describes it.
    pub(super) async fn create_card(
        &self,
        product: Product,
        pin_status: PinStatus,
        holder: &Holder<'_>,
    ) -> Result<Value, Problem> {
        let path = format!("/card/v4/{}/customer/{}/account/1/MAIN", product.name(), holder.customer_id);
        let names = json!({"firstName": holder.first_name, "lastName": holder.last_name});
        let card = json!({"pinStatus": pin_status.name(), "embossing": names});
        self.call(self.http.post(self.url(&path)).json(&card)).await
    }

    /// Changes fields of a card; returns it as Enfuce describes it then.
    pub(super) async fn change_card(&self, card: IssuerCard, fields: &Value) -> Result<Value, Problem> {
        let path = format!("/card/v4/{}/{}", card.product.name(), card.id);
        self.call(self.http.patch(self.url(&path)).json(fields)).await
    }

    /// A card as Enfuce describes it.
    pub(super) async fn card(&self, card: IssuerCard) -> Result<Value, Problem> {
        let path = format!("/card/v4/{}/{}", card.product.name(), card.id);
        self.call(self.http.get(self.url(&path))).await
    }

    /// The plastics of a card, oldest first.
    pub(super) async fn plastics(&self, card_id: Uuid) -> Result<Vec<Value>, Problem> {
        match self.call(self.http.get(self.url(&format!("/card/v3/{card_id}/plastic")))).await? {
            Value::Array(plastics) => Ok(plastics),
            _ => Err(unreachable_enfuce()),
        }
    }

    /// A control id: for setting the PIN of the plastic that is not produced yet, or for viewing that of the one in the
    /// customer's hands.
    pub(super) async fn control(&self, card_id: Uuid, scope: Scope) -> Result<Value, Problem> {
        let (status, none) = match scope {
            Scope::SetPin => {
                ("INACTIVE", "The card has no plastic left to set a PIN for: all are already produced.")
            }
            Scope::ViewPin => ("ACTIVE", "The card is not made yet: its PIN can be viewed afterwards."),
        };
        let plastics = self.plastics(card_id).await?;
        let plastic = plastics.iter().rfind(|plastic| plastic["status"] == status);
        let id = plastic.and_then(|plastic| plastic["id"].as_str());
        let id = id.ok_or_else(|| Problem::new(Kind::WrongState, none))?;
        let path = format!("/pincontrol/v2/plastic/{id}");
        self.call(self.http.post(self.url(&path)).json(&json!({"scope": scope.name()}))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}?auditUser={AUDIT_USER}", self.base_url)
    }

    /// Calls Enfuce, and again after a 429: a list of many cards takes more calls than fit in a second.
    async fn call(&self, request: RequestBuilder) -> Result<Value, Problem> {
        let request = request.basic_auth(&self.user, Some(&self.password));
        for _ in 0..MAX_ATTEMPTS {
            let attempt = request.try_clone().ok_or_else(unreachable_enfuce)?;
            let response = attempt.send().await.map_err(|_| unreachable_enfuce())?;
            if response.status() != StatusCode::TOO_MANY_REQUESTS {
                return read(response).await;
            }
            sleep(TOO_MANY_PAUSE).await;
        }
        Err(Problem::new(Kind::EnfuceUnreachable, "Enfuce has too much to do: try again in a moment."))
    }
}

async fn read(response: Response) -> Result<Value, Problem> {
    let status = response.status();
    let body: Value = response.json().await.map_err(|_| unreachable_enfuce())?;
    if status.is_success() {
        return Ok(body);
    }
    let detail = body["detail"].as_str().unwrap_or("Enfuce refused without a reason.").to_owned();
    Err(Problem::new(Kind::from_status(status), detail))
}

fn unreachable_enfuce() -> Problem {
    Problem::new(Kind::EnfuceUnreachable, "Enfuce does not answer as expected: try again in a moment.")
}
