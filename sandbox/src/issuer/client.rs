//! The issuer's client of Enfuce's APIs.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, redirect};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Error;
use crate::http::{Kind, Problem};
use crate::store::cards::Product;
use crate::store::issuer_cards::IssuerCard;

/// The person in whose name the issuer acts.
const AUDIT_USER: &str = "issuer-app";

/// The name of a card's holder.
pub(super) struct Holder<'a> {
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
        // Enfuce is on this machine: no proxy of the environment may come between.
        let http =
            Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(Duration::from_secs(5));
        let http = http.build().map_err(|_| Error::Client)?;
        Ok(Self { http, base_url: base_url.to_owned(), user: user.to_owned(), password: password.to_owned() })
    }

    /// Makes a card whose PIN the customer is going to set; returns it as Enfuce describes it.
    pub(super) async fn create_card(&self, product: Product, holder: &Holder<'_>) -> Result<Value, Problem> {
        let path = format!("/card/v4/{}/customer/1/account/1/MAIN", product.name());
        let names = json!({"firstName": holder.first_name, "lastName": holder.last_name});
        self.call(self.http.post(self.url(&path)).json(&json!({"pinStatus": "W", "embossing": names}))).await
    }

    /// A card as Enfuce describes it.
    pub(super) async fn card(&self, card: IssuerCard) -> Result<Value, Problem> {
        let path = format!("/card/v4/{}/{}", card.product.name(), card.id);
        self.call(self.http.get(self.url(&path))).await
    }

    /// The id of the card's plastic that is not produced yet.
    pub(super) async fn inactive_plastic(&self, card_id: Uuid) -> Result<String, Problem> {
        let plastics = self.call(self.http.get(self.url(&format!("/card/v3/{card_id}/plastic")))).await?;
        let mut plastics = plastics.as_array().into_iter().flatten();
        let inactive = plastics.find(|plastic| plastic["status"] == "INACTIVE");
        inactive.and_then(|plastic| plastic["id"].as_str()).map(str::to_owned).ok_or_else(|| {
            Problem::new(
                Kind::WrongState,
                "The card has no plastic left to set a PIN for: all are already produced.",
            )
        })
    }

    /// A control id for setting the PIN of a plastic.
    pub(super) async fn set_pin_control(&self, plastic_id: &str) -> Result<Value, Problem> {
        let path = format!("/pincontrol/v2/plastic/{plastic_id}");
        self.call(self.http.post(self.url(&path)).json(&json!({"scope": "SET_PIN"}))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}?auditUser={AUDIT_USER}", self.base_url)
    }

    async fn call(&self, request: RequestBuilder) -> Result<Value, Problem> {
        let unreachable = |_| {
            Problem::new(
                Kind::EnfuceUnreachable,
                "Enfuce does not answer as expected: try again in a moment.",
            )
        };
        let response =
            request.basic_auth(&self.user, Some(&self.password)).send().await.map_err(unreachable)?;
        let status = response.status();
        let body: Value = response.json().await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        let detail = body["detail"].as_str().unwrap_or("Enfuce refused without a reason.").to_owned();
        Err(Problem::new(Kind::from_status(status), detail))
    }
}
