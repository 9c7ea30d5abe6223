//! Translates card-pin's requests to each of Enfuce's platforms. The fields of the answers have the same names on both.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::config::{Enfuce, Platform};
use crate::operation::Operation;
use crate::trace::Called;
use crate::wire::Request;

/// What to call for an operation.
pub(super) fn called(enfuce: &Enfuce, operation: Operation) -> Called<'_> {
    let template = match (enfuce.platform, operation) {
        (Platform::Classic, Operation::Tzpk) => "/pin/v3/set/tzpk",
        (Platform::Classic, Operation::Set) => "/pin/v3/set",
        (Platform::Classic, Operation::View) => "/pin/v3/view",
        (Platform::Nextgen, Operation::Tzpk) => "/v1/pin/pki/set/tzpk",
        (Platform::Nextgen, Operation::Set) => "/v1/pin/pki/set",
        (Platform::Nextgen, Operation::View) => "/v1/pin/pki/view",
    };
    Called { method: "POST", server: &enfuce.base_url, template }
}

/// The request as the platform expects it, without the credentials.
pub(super) fn translate(enfuce: &Enfuce, client: &Client, request: &Request) -> RequestBuilder {
    let base = enfuce.base_url.as_str().trim_end_matches('/');
    let Request { operation, control_id, sent } = request;
    let call = client.post(format!("{base}{}", called(enfuce, *operation).template));
    match enfuce.platform {
        Platform::Classic => {
            let field = match operation {
                Operation::Set => "pinBlock",
                Operation::Tzpk | Operation::View => "publicKey",
            };
            let body: Value = json!({"controlId": control_id, field: sent});
            call.query(&[("auditUser", &enfuce.audit_user)]).json(&body)
        }
        Platform::Nextgen => {
            let (field, sent) = match operation {
                Operation::Set => ("pinBlock", sent.clone()),
                Operation::Tzpk | Operation::View => ("pubKey", to_pem(sent)),
            };
            let body: Value = json!({"pinControlId": control_id, field: sent});
            call.header("x-audit-user", &enfuce.audit_user).json(&body)
        }
    }
}

/// A SubjectPublicKeyInfo in the textual encoding of RFC 7468 §13.
fn to_pem(base64: &str) -> String {
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (place, character) in base64.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str("\n-----END PUBLIC KEY-----\n");
    pem
}
