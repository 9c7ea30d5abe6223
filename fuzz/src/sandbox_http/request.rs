//! Makes requests from bytes, mostly valid ones.

use arbitrary::{Result, Unstructured};
use axum::body::Body;
use axum::http::{Method, Request, header};
use base64ct::{Base64, Encoding};
use card_pin_sandbox::fuzzing::{CREDENTIALS, PORT};
use serde_json::{Map, Value, json};

use crate::device::key_pair;

/// Every route except those that call others. `*` is replaced by a value.
const ROUTES: [(&str, &str); 32] = [
    ("POST", "/card/v4/MC_CARD/customer/1/account/1/MAIN"),
    ("POST", "/pincontrol/v2/plastic/*"),
    ("GET", "/card/v3/*/plastic"),
    ("POST", "/pin-page/tzpk"),
    ("POST", "/pin-page/set"),
    ("POST", "/pin-page/view"),
    ("POST", "/pin-page/mobile"),
    ("GET", "/pin-page/frame"),
    ("GET", "/pin-page/*"),
    ("GET", "/card/v4/MC_CARD/*"),
    ("PATCH", "/card/v4/MC_CARD/*"),
    ("POST", "/card/v4/*/customer/*/account/*/*"),
    ("POST", "/pin/v2/*"),
    ("POST", "/pin/v3/set/tzpk"),
    ("POST", "/pin/v3/set"),
    ("POST", "/pin/v3/view"),
    ("POST", "/oauth2/token"),
    ("GET", "/v1/cards/*"),
    ("POST", "/v1/cards/*/pinControl"),
    ("POST", "/v1/pin/pki/set/tzpk"),
    ("POST", "/v1/pin/pki/set"),
    ("POST", "/v1/pin/pki/view"),
    ("POST", "/sandbox/clock"),
    ("GET", "/sandbox/clock"),
    ("POST", "/sandbox/embossing-run"),
    ("POST", "/sandbox/pin-key"),
    ("POST", "/sandbox/faults"),
    ("GET", "/sandbox/wire"),
    ("GET", "/sandbox/cards/*/pin"),
    ("POST", "/sandbox/cards/*/plastics"),
    ("GET", "/card-pin/*"),
    ("GET", "/*"),
];

/// The members of bodies, and valid values for some of them.
const NAMES: [&str; 22] = [
    "controlId",
    "publicKey",
    "pinBlock",
    "scope",
    "pinStatus",
    "status",
    "embossing",
    "firstName",
    "lastName",
    "pinControlId",
    "pubKey",
    "zpkIndex",
    "advanceSeconds",
    "on",
    "fault",
    "times",
    "algorithm",
    "keyBytes",
    "pinBlockFormat",
    "kcv",
    "productionType",
    "unknown",
];
const TEXTS: [&str; 30] = [
    "SET_PIN",
    "VIEW_PIN",
    "W",
    "D",
    "S",
    "CARD_OK",
    "CARD_BLOCKED",
    "0",
    "tzpk",
    "set",
    "view",
    "redirect",
    "cut",
    "cut_after",
    "cut_body",
    "html",
    "not_json",
    "too_large",
    "truncated",
    "flipped",
    "sha1",
    "single_des",
    "weak",
    "not_base64",
    "TDEA",
    "AES",
    "RENEWAL",
    "REPLACEMENT",
    "",
    "é\u{0}\"",
];

/// Values of earlier answers.
#[derive(Default)]
pub(super) struct Known {
    /// Ids of cards, plastics and control ids.
    ids: Vec<String>,
    token: Option<String>,
}

impl Known {
    /// Keeps every id, and a token.
    pub(super) fn learn(&mut self, body: &Value) {
        match body {
            Value::Array(values) => values.iter().for_each(|value| self.learn(value)),
            Value::Object(members) => {
                if let Some(id) = members.get("id").and_then(Value::as_str)
                    && !self.ids.iter().any(|known| known == id)
                {
                    self.ids.push(id.to_owned());
                }
                if let Some(token) = members.get("access_token").and_then(Value::as_str) {
                    self.token = Some(token.to_owned());
                }
            }
            _ => {}
        }
    }

    /// One of the ids, the newest first, or an unknown one.
    fn id(&self, place: u8) -> &str {
        let place = usize::from(place);
        self.ids.iter().rev().nth(place).map_or("83fa5f55-3dd7-453a-8233-4242a6bad179", String::as_str)
    }
}

/// Empties the sandbox.
pub(super) fn reset() -> Request<Body> {
    let host = format!("127.0.0.1:{PORT}");
    Request::post("/sandbox/reset").header(header::HOST, host).body(Body::empty()).unwrap()
}

/// The next request; `None` at the end, or if the bytes do not make a request that can be sent.
pub(super) fn next(data: &mut Unstructured<'_>, known: &Known) -> Result<Option<Request<Body>>> {
    if data.is_empty() {
        return Ok(None);
    }
    let (method, route) = *data.choose(&ROUTES)?;
    // Each of the upper bits chooses something unusual.
    let unusual: u8 = data.arbitrary()?;
    let method = match unusual & 1 {
        0 => method,
        _ => data.choose(&["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])?,
    };
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(uri(
        data,
        known,
        route,
        unusual & 2 != 0,
    )?);
    if unusual & 4 == 0 {
        request = request.header(header::HOST, format!("127.0.0.1:{PORT}"));
    } else {
        let hosts = [&format!("localhost:{PORT}"), "evil.example", "", "127.0.0.1"];
        request = request.header(header::HOST, *data.choose(&hosts)?);
    }
    request = request.header(header::AUTHORIZATION, authorization(data, known, unusual & 8 != 0)?);
    request = request.header("x-audit-user", if unusual & 16 == 0 { "me" } else { "" });
    if unusual & 32 != 0 {
        request = request.header("x-idempotency-key", short(data)?);
    }
    let (content_type, body) = body(data, known, route, unusual & 64 != 0)?;
    if unusual & 128 == 0 {
        request = request.header(header::CONTENT_TYPE, content_type);
    } else {
        request = request.header(header::CONTENT_TYPE, short(data)?);
    }
    Ok(request.body(Body::from(body)).ok())
}

/// Up to thirty-one bytes.
fn short<'a>(data: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let length = data.int_in_range(0..=31)?.min(data.len());
    data.bytes(length)
}

fn uri(data: &mut Unstructured<'_>, known: &Known, route: &str, is_unusual: bool) -> Result<String> {
    let mut parts = route.split('*');
    let mut uri = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let place = data.arbitrary::<u8>()?;
        if place < 128 {
            uri += known.id(place);
        } else {
            let files = ["MC_CARD", "page.html", "vault.js", "1", "..%2Fserver.rs", "%00", ""];
            uri += files[usize::from(place) % files.len()];
        }
        uri += part;
    }
    if is_unusual {
        uri += &String::from_utf8_lossy(short(data)?);
    }
    uri += match data.int_in_range(0..=3)? {
        0 | 1 => "?auditUser=me",
        2 => "?key=sandbox&auditUser=me",
        _ => "",
    };
    Ok(uri)
}

fn authorization(data: &mut Unstructured<'_>, known: &Known, is_unusual: bool) -> Result<Vec<u8>> {
    if is_unusual {
        let schemes: [&[u8]; 3] = [b"Basic ", b"Bearer ", b""];
        let scheme = *data.choose(&schemes)?;
        return Ok([scheme, short(data)?].concat());
    }
    Ok(match &known.token {
        Some(token) => format!("Bearer {token}"),
        None => format!("Basic {}", Base64::encode_string(format!("{CREDENTIALS}:{CREDENTIALS}").as_bytes())),
    }
    .into_bytes())
}

fn body(
    data: &mut Unstructured<'_>,
    known: &Known,
    route: &str,
    is_unusual: bool,
) -> Result<(&'static str, Vec<u8>)> {
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";
    if is_unusual {
        let kind = *data.choose(&[JSON, FORM])?;
        // Also longer than the limit.
        let repeated = if data.ratio(1, 64)? { 4000 } else { 1 };
        return Ok((kind, short(data)?.repeat(repeated)));
    }
    if route == "/oauth2/token" {
        return Ok((FORM, b"grant_type=client_credentials".to_vec()));
    }
    if route == "/pin-page/mobile" && data.arbitrary()? {
        return Ok((FORM, format!("controlId={}", known.id(data.arbitrary()?)).into_bytes()));
    }
    let mut members = Map::new();
    for _ in 0..data.int_in_range(0..=4)? {
        members.insert((*data.choose(&NAMES)?).to_owned(), value(data, known)?);
    }
    Ok((JSON, Value::Object(members).to_string().into_bytes()))
}

fn value(data: &mut Unstructured<'_>, known: &Known) -> Result<Value> {
    Ok(match data.int_in_range(0..=11)? {
        0 | 1 => json!(known.id(data.arbitrary()?)),
        2 => json!(key_pair().to_spki_base64()),
        3 => json!(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines())),
        4 => json!(Base64::encode_string(short(data)?)),
        5 => {
            json!(data.bytes(data.len().min(8))?.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
        }
        6 | 7 => json!(data.choose(&TEXTS)?),
        8 => json!(data.choose(&[
            0_u64,
            1,
            3,
            4,
            16,
            24,
            30,
            32,
            301,
            3600,
            86_400,
            4_294_967_295,
            u64::MAX
        ])?),
        9 => {
            json!({(*data.choose(&["status", "key_bytes", "firstName", "lastName"])?): data.arbitrary::<u16>()?})
        }
        10 => json!(String::from_utf8_lossy(short(data)?)),
        _ => data.choose(&[json!(null), json!(true), json!([]), json!(-1), json!(1.5)])?.clone(),
    })
}

/// The public key in the lines of PEM.
fn lines() -> String {
    let text = key_pair().to_spki_base64();
    let lines: Vec<_> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    lines.join("\n")
}
