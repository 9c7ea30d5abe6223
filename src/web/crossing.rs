//! Converts messages from and to JavaScript's values, by serde's description of them in `src/protocol.rs`.
//!
//! `serde-wasm-bindgen` does the same for any value, but needs the standard library, and also reads the fields of
//! `Object.prototype` (`docs/adr/0008-json-and-messages.md`). This code reads own fields only.

use crate::protocol::{Inward, Outward};
use crate::session::{End, Snapshot};
use crate::weak_pin::WeakReason;
use alloc::string::String;
use core::fmt;
use js_sys::{Array, Object, Reflect};
use serde::de::{self, Deserialize, IntoDeserializer, Visitor, value::StrDeserializer};
use wasm_bindgen::prelude::*;

/// Reads a message; `None` if the value is not exactly one of them.
pub(super) fn read(message: &JsValue) -> Option<Inward> {
    Inward::deserialize(Value(message)).ok()
}

/// A value that is read.
struct Value<'a>(&'a JsValue);

/// The value does not have the expected form. The error does not contain it, because it may be a digit.
#[derive(Debug)]
struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed")
    }
}

impl core::error::Error for Malformed {}

impl de::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Value<'_> {
    /// A whole number in the range of 32 bits.
    fn number(&self) -> Result<u32, Malformed> {
        let number = self.0.as_f64().ok_or(Malformed)?;
        // A cast takes the nearest number of the type.
        let whole = number as u32;
        if f64::from(whole) == number { Ok(whole) } else { Err(Malformed) }
    }

    fn text(&self) -> Result<String, Malformed> {
        self.0.as_string().ok_or(Malformed)
    }

    /// Its own fields, as pairs of name and value.
    fn fields(&self) -> Result<Array, Malformed> {
        match self.0.dyn_ref::<Object>() {
            Some(object) if !Array::is_array(object) => Ok(Object::entries(object)),
            _ => Err(Malformed),
        }
    }
}

impl<'de> de::Deserializer<'de> for Value<'_> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_bool(self.0.as_bool().ok_or(Malformed)?)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u32(self.number()?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u32(self.number()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u32(self.number()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.0.is_null() || self.0.is_undefined() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let array = self.0.dyn_ref::<Array>().ok_or(Malformed)?;
        visitor.visit_seq(Elements { array, next: 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_map(Fields { fields: self.fields()?, next: 0, value: JsValue::UNDEFINED })
    }

    /// A name, or an object whose one field has this name and contains the content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if let Some(name) = self.0.as_string() {
            return visitor.visit_enum(Variant { name, content: None });
        }
        let fields = self.fields()?;
        if fields.length() != 1 {
            return Err(Malformed);
        }
        let [name, value] = pair(&fields.get(0));
        visitor.visit_enum(Variant { name: Value(&name).text()?, content: Some(value) })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 u64 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map identifier
        ignored_any
    }
}

fn pair(entry: &JsValue) -> [JsValue; 2] {
    let entry: &Array = entry.unchecked_ref();
    [entry.get(0), entry.get(1)]
}

struct Elements<'a> {
    array: &'a Array,
    next: u32,
}

impl<'de> de::SeqAccess<'de> for Elements<'_> {
    type Error = Malformed;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        if self.next == self.array.length() {
            return Ok(None);
        }
        self.next += 1;
        seed.deserialize(Value(&self.array.get(self.next - 1))).map(Some)
    }
}

struct Fields {
    fields: Array,
    next: u32,
    value: JsValue,
}

impl<'de> de::MapAccess<'de> for Fields {
    type Error = Malformed;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if self.next == self.fields.length() {
            return Ok(None);
        }
        let [name, value] = pair(&self.fields.get(self.next));
        self.next += 1;
        self.value = value;
        let name = Value(&name).text()?;
        seed.deserialize(StrDeserializer::<Malformed>::new(&name)).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        seed.deserialize(Value(&self.value))
    }
}

struct Variant {
    name: String,
    content: Option<JsValue>,
}

impl<'de> de::EnumAccess<'de> for Variant {
    type Error = Malformed;
    type Variant = Content;

    fn variant_seed<V: de::DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), Malformed> {
        let name: StrDeserializer<'_, Malformed> = self.name.as_str().into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.content)))
    }
}

struct Content(Option<JsValue>);

impl<'de> de::VariantAccess<'de> for Content {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        if self.0.is_none() { Ok(()) } else { Err(Malformed) }
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(Value(&self.0.ok_or(Malformed)?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }
}

/// Writes a message as JavaScript's value.
pub(super) fn write(message: &Outward) -> JsValue {
    match *message {
        Outward::Ask => "ask".into(),
        Outward::State { taken, session } => {
            object(&[("state", object(&[("taken", taken.into()), ("session", snapshot(&session))]))])
        }
        Outward::Spell { digit, place } => {
            object(&[("spell", object(&[("digit", or_null(digit)), ("place", place.into())]))])
        }
        Outward::Closed { code } => {
            object(&[("closed", object(&[("code", or_null(code.map(|code| code.code())))]))])
        }
    }
}

fn snapshot(snapshot: &Snapshot) -> JsValue {
    let Snapshot {
        stage,
        ready,
        step,
        digits,
        valid,
        refusals,
        refused,
        reason,
        waits_seconds,
        requested,
        sent,
        checking,
        suggested,
        end,
    } = *snapshot;
    object(&[
        ("stage", stage.name().into()),
        ("ready", ready.into()),
        ("step", step.name().into()),
        ("digits", digits.into()),
        ("valid", valid.into()),
        ("refusals", refusals.into()),
        ("refused", or_null(refused.map(|refused| refused.code()))),
        ("reason", or_null(reason.map(WeakReason::name))),
        ("waitsSeconds", or_null(waits_seconds)),
        ("requested", requested.into()),
        ("sent", sent.into()),
        ("checking", checking.into()),
        ("suggested", suggested.into()),
        ("end", or_null(end.map(end_state))),
    ])
}

fn end_state(End { code, retryable }: End) -> JsValue {
    object(&[("code", or_null(code.map(|code| code.code()))), ("retryable", retryable.into())])
}

fn or_null<T: Into<JsValue>>(value: Option<T>) -> JsValue {
    value.map_or(JsValue::NULL, Into::into)
}

/// Makes an object without a prototype, so that a setter on `Object.prototype` cannot receive a field.
fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::<JsValue>::create(JsValue::NULL.unchecked_ref());
    for (name, value) in fields {
        // An object of our own takes every field.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}
