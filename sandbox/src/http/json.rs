//! JSON request bodies, read field by field instead of with a `serde` type, so that a refusal can name the field without repeating
//! its value.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::problem::{Kind, Problem};
use crate::config::BODY_LIMIT;

/// The body of a request: a JSON object.
pub(crate) struct JsonBody(pub(crate) Fields);

/// The members of a JSON object. Unknown ones are ignored.
pub(crate) struct Fields(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_media_type(request.headers(), "application/json") {
            return Err(Problem::new(Kind::UnsupportedMediaType, "Send the body as application/json."));
        }
        let bytes = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await;
        let bytes = bytes.map_err(|_| Problem::malformed("The body could not be read."))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self(Fields(members))),
            Ok(_) => Err(Problem::malformed("The body has to be a JSON object.")),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                Err(Problem::malformed(format!("The body is not valid JSON ({place}).")))
            }
        }
    }
}

/// Whether the content type is this one, whatever its parameters.
pub(crate) fn is_media_type(headers: &HeaderMap, expected: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected)
}

impl Fields {
    /// A text that has to be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Problem> {
        self.optional_text(name)?
            .ok_or_else(|| Problem::malformed(format!("{name} is missing: send it as a string.")))
    }

    /// A text that may be absent or `null`.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::malformed(format!("{name} has to be a string."))),
        }
    }

    /// A whole number from 0 to 2³²−1 that has to be there.
    pub(crate) fn number(&self, name: &str) -> Result<u32, Problem> {
        self.optional_number(name)?.ok_or_else(|| not_a_number(name))
    }

    /// A whole number from 0 to 2³²−1 that may be absent or `null`.
    pub(crate) fn optional_number(&self, name: &str) -> Result<Option<u32>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let number = value.as_u64().and_then(|value| u32::try_from(value).ok());
                number.map(Some).ok_or_else(|| not_a_number(name))
            }
        }
    }

    /// A boolean that may be absent or `null`.
    pub(crate) fn optional_bool(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(Problem::malformed(format!("{name} has to be true or false."))),
        }
    }

    /// An object that may be absent or `null`.
    pub(crate) fn optional_object(&self, name: &str) -> Result<Option<Self>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self(members.clone()))),
            Some(_) => Err(Problem::malformed(format!("{name} has to be an object."))),
        }
    }

    /// The whole object as text, its members sorted by name.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// The whole object, for a body that is read as one enum.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

fn not_a_number(name: &str) -> Problem {
    Problem::malformed(format!("{name} has to be a whole number from 0 to 4294967295."))
}
