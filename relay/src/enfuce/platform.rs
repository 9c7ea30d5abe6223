//! How the module's wire is said on each of Enfuce's platforms. The answers' fields are named alike on both.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::config::{Enfuce, Platform};
use crate::operation::Operation;
use crate::wire::Request;

/// The request as the platform expects it, without the credentials.
pub(super) fn translate(enfuce: &Enfuce, client: &Client, request: &Request) -> RequestBuilder {
    let base = enfuce.base_url.as_str().trim_end_matches('/');
    let Request { operation, control_id, sent } = request;
    match enfuce.platform {
        Platform::Classic => {
            let (path, field) = match operation {
                Operation::Tzpk => ("set/tzpk", "publicKey"),
                Operation::Set => ("set", "pinBlock"),
                Operation::View => ("view", "publicKey"),
            };
            let body: Value = json!({"controlId": control_id, field: sent});
            let request = client.post(format!("{base}/pin/v3/{path}"));
            request.query(&[("auditUser", &enfuce.audit_user)]).json(&body)
        }
        Platform::Nextgen => {
            let (path, field, sent) = match operation {
                Operation::Tzpk => ("set/tzpk", "pubKey", to_pem(sent)),
                Operation::Set => ("set", "pinBlock", sent.clone()),
                Operation::View => ("view", "pubKey", to_pem(sent)),
            };
            let body: Value = json!({"pinControlId": control_id, field: sent});
            let request = client.post(format!("{base}/v1/pin/pki/{path}"));
            request.header("x-audit-user", &enfuce.audit_user).json(&body)
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
