//! `openapi.json`, and the check that a request or an answer has the form described there.

use serde_json::Value;

pub(crate) fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

pub(crate) fn schema<'a>(document: &'a Value, name: &str) -> &'a Value {
    &document["components"]["schemas"][name]
}

/// Checks an object against a schema: it has the required fields, no fields that are not listed, and the right types.
#[track_caller]
fn assert_fits(schema: &Value, value: &Value) {
    let (properties, value) = (schema["properties"].as_object().unwrap(), value.as_object().unwrap());
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.contains_key(name.as_str().unwrap()), "{name} is missing");
    }
    for (name, value) in value {
        let property = properties.get(name).unwrap_or_else(|| panic!("{name} is not in the document"));
        let is_type = match property["type"].as_str().unwrap() {
            "string" => value.is_string(),
            "integer" => value.is_u64(),
            other => panic!("{other}"),
        };
        assert!(is_type, "{name}: {value}");
        let values = property["enum"].as_array();
        assert!(values.is_none_or(|values| values.contains(value)), "{name}: {value}");
    }
}

/// Checks an object against a schema of the document.
#[track_caller]
pub(crate) fn assert_documented(name: &str, value: &Value) {
    assert_fits(schema(&document(), name), value);
}
