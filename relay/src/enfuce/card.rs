//! Calls Enfuce's card and pincontrol APIs: for the plastics of a card, a control id, and whether the PIN is set.

use axum::http::StatusCode;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{CallContext, Repeat, Upstream};
use crate::admission::Class;
use crate::config::Platform;
use crate::failure::{Failure, Kind};
use crate::operation::Purpose;
use crate::outbound::{self, UNDOCUMENTED};
use crate::trace::Called;
use crate::wire::is_enfuce_id;

struct Plastic {
    id: String,
    status: String,
    sequence_number: f64,
}

impl Plastic {
    /// An entry that cannot be read does not hide the others.
    fn of(value: &Value) -> Option<Self> {
        let status = value.get("status")?.as_str()?.to_owned();
        let number = value.get("sequenceNumber").and_then(text_or_number);
        let sequence_number = number.and_then(|number| number.parse().ok()).unwrap_or_default();
        Some(Self { id: text_or_number(value.get("id")?)?, status, sequence_number })
    }
}

/// Enfuce sends ids as strings or as numbers.
fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[derive(Deserialize)]
struct ControlId {
    id: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    pin_status: String,
}

impl Upstream {
    /// Asks for a new control id for a card.
    pub(crate) async fn control_id(
        &self,
        card: &str,
        purpose: Purpose,
        mut context: CallContext<'_>,
    ) -> Result<String, Failure> {
        let result = self.make_control_id(card, purpose, context.again()).await;
        context.note(result)
    }

    async fn make_control_id(
        &self,
        card: &str,
        purpose: Purpose,
        mut context: CallContext<'_>,
    ) -> Result<String, Failure> {
        let (template, path) = match self.config.platform {
            Platform::Classic => {
                let plastic = self.plastic(card, purpose, context.again()).await?;
                context.class = Class::Begun;
                let template = "/pincontrol/v2/plastic/{plastic}";
                (template, template.replace("{plastic}", &plastic))
            }
            Platform::Nextgen => {
                let template = "/v1/cards/{card}/pinControl";
                (template, template.replace("{card}", card))
            }
        };
        let scope = match purpose {
            Purpose::SetPin => "SET_PIN",
            Purpose::ViewPin => "VIEW_PIN",
        };
        let body = json!({"scope": scope});
        let build = |client: &Client| self.audited(client.post(self.card_url(&path))).json(&body);
        let answer: ControlId = self.ask("POST", template, &build, context).await?;
        let is_id = |id: &String| {
            (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        text_or_number(&answer.id).filter(is_id).ok_or(UNDOCUMENTED)
    }

    /// To set a PIN, the plastic is the one that is not made yet. To view one, it is the one in use.
    async fn plastic(
        &self,
        card: &str,
        purpose: Purpose,
        context: CallContext<'_>,
    ) -> Result<String, Failure> {
        let template = "/card/v3/{card}/plastic";
        let path = template.replace("{card}", card);
        let build = |client: &Client| self.audited(client.get(self.card_url(&path)));
        let plastics: Vec<Value> = self.ask("GET", template, &build, context).await?;
        let wanted = match purpose {
            Purpose::SetPin => "INACTIVE",
            Purpose::ViewPin => "ACTIVE",
        };
        let fitting = plastics.iter().filter_map(Plastic::of).filter(|plastic| plastic.status == wanted);
        let newest = fitting.max_by(|one, two| one.sequence_number.total_cmp(&two.sequence_number));
        let plastic =
            newest.ok_or(Failure::new(Kind::Refused(StatusCode::CONFLICT), "no_fitting_plastic"))?;
        if is_enfuce_id(&plastic.id) { Ok(plastic.id) } else { Err(UNDOCUMENTED) }
    }

    /// Asks whether the PIN of a card is set. The answer is in the words of the classic platform: `W`, `S` or `D`.
    pub(crate) async fn pin_status(
        &self,
        card: &str,
        card_product: Option<&str>,
        mut context: CallContext<'_>,
    ) -> Result<&'static str, Failure> {
        let result = self.read_pin_status(card, card_product, context.again()).await;
        context.note(result)
    }

    async fn read_pin_status(
        &self,
        card: &str,
        card_product: Option<&str>,
        context: CallContext<'_>,
    ) -> Result<&'static str, Failure> {
        let build = |client: &Client| self.status_request(client, card, card_product);
        let card: Card = self.ask("GET", self.status_template(), &build, context).await?;
        match &*card.pin_status {
            "W" | "WAITING" => Ok("W"),
            "S" | "SET" => Ok("S"),
            "D" | "GENERATED" | "INHERITED" => Ok("D"),
            _ => Err(UNDOCUMENTED),
        }
    }

    fn status_template(&self) -> &'static str {
        match self.config.platform {
            Platform::Classic => "/card/v4/{product}/{card}",
            Platform::Nextgen => "/v1/cards/{card}",
        }
    }

    pub(super) fn status_request(
        &self,
        client: &Client,
        card: &str,
        card_product: Option<&str>,
    ) -> RequestBuilder {
        let product = card_product.unwrap_or(&self.config.card_product);
        let path = self.status_template().replace("{product}", product).replace("{card}", card);
        self.audited(client.get(self.card_url(&path)))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        template: &str,
        build: &(dyn Fn(&Client) -> RequestBuilder + Sync),
        context: CallContext<'_>,
    ) -> Result<T, Failure> {
        let called = Called { method, server: &self.config.card_base_url, template };
        let answer = self.send(Repeat::Harmless, called, build, context).await?;
        outbound::json(&answer.body).ok_or(UNDOCUMENTED)
    }

    fn audited(&self, request: RequestBuilder) -> RequestBuilder {
        let user = &self.config.audit_user;
        match self.config.platform {
            Platform::Classic => request.query(&[("auditUser", user)]),
            Platform::Nextgen => request.header("x-audit-user", user),
        }
    }

    fn card_url(&self, path: &str) -> String {
        format!("{}{path}", self.config.card_base_url.as_str().trim_end_matches('/'))
    }
}

/// The longest control id of Enfuce that can be sealed.
const MAX_ID_BYTES: usize = 512;
