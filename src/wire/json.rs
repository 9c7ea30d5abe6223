//! JSON (RFC 8259), as far as it is needed here: reads an object of texts and small numbers, and writes one of texts.
//!
//! hifijson finds the tokens; the grammar is ours, because serde_json is larger and serde-json-core accepts too much
//! (`docs/adr/0008-json-and-messages.md`).

use alloc::{borrow::Cow, string::String};
use hifijson::{
    Error, Expect, SliceLexer,
    num::{Lex as _, LexWrite as _},
    str::{Lex as _, LexAlloc as _},
    token::Lex,
};

/// How deep arrays and objects may be nested in a member that is skipped.
const MAX_DEPTH: u8 = 126;

/// The value of a member, which is not read yet.
pub(super) struct Unread<'lexer, 'body> {
    first: u8,
    lexer: &'lexer mut SliceLexer<'body>,
}

/// Reads an object and nothing after it; `None` if that is not the whole text.
///
/// `member` gets each name, also a repeated one, and has to read the value. It is not a type parameter:
/// a copy of the reader for each kind of object would take 260 bytes more with brotli.
pub(super) fn read_object<'body>(
    body: &'body [u8],
    member: &mut dyn FnMut(&str, Unread<'_, 'body>) -> Result<(), Error>,
) -> Result<(), Error> {
    SliceLexer::new(body).exactly_one(Lex::ws_peek, |first, lexer| match first {
        b'{' => read_members(lexer, member),
        _ => Err(Expect::Value.into()),
    })
}

fn read_members<'body>(
    lexer: &mut SliceLexer<'body>,
    member: &mut dyn FnMut(&str, Unread<'_, 'body>) -> Result<(), Error>,
) -> Result<(), Error> {
    lexer.discarded().seq(b'}', Lex::ws_peek, |first, lexer| {
        if first != b'"' {
            return Err(Expect::String.into());
        }
        let name = lexer.discarded().str_string()?;
        lexer.expect(Lex::ws_peek, b':').ok_or(Expect::Colon)?;
        let first = lexer.ws_peek().ok_or(Expect::Value)?;
        member(&name, Unread { first, lexer })
    })
}

impl<'body> Unread<'_, 'body> {
    /// A text, or `None` for `null`.
    pub(super) fn text(self) -> Result<Option<Cow<'body, str>>, Error> {
        match self.first {
            b'"' => Ok(Some(self.lexer.discarded().str_string()?)),
            _ => self.null(),
        }
    }

    /// A whole number up to 255, or `None` for `null`.
    pub(super) fn byte(self) -> Result<Option<u8>, Error> {
        match self.first {
            b'0'..=b'9' => {
                let (digits, _) = self.lexer.num_string().validated()?;
                Ok(Some(digits.parse().map_err(|_| Expect::Value)?))
            }
            _ => self.null(),
        }
    }

    fn null<T>(self) -> Result<Option<T>, Error> {
        match self.lexer.null_or_bool() {
            Some(None) => Ok(None),
            _ => Err(Expect::Value.into()),
        }
    }

    /// Skips the value.
    pub(super) fn skip(self) -> Result<(), Error> {
        self.skip_within(MAX_DEPTH)
    }

    /// hifijson's own `ignore` is recursive and has no limit of depth; so here it only gets values without depth.
    fn skip_within(self, depth: u8) -> Result<(), Error> {
        let Self { first, lexer } = self;
        let within = || depth.checked_sub(1).ok_or(Error::Depth);
        match first {
            b'{' => {
                let depth = within()?;
                read_members(lexer, &mut |_, value| value.skip_within(depth))
            }
            b'[' => {
                let depth = within()?;
                let skip = |first, lexer: &mut _| Unread { first, lexer }.skip_within(depth);
                lexer.discarded().seq(b']', Lex::ws_peek, skip)
            }
            b'"' => Ok(lexer.discarded().str_ignore()?),
            b'-' | b'0'..=b'9' => Ok(lexer.num_ignore().validate().map(|_| ())?),
            _ => Ok(lexer.null_or_bool().map(|_| ()).ok_or(Expect::Value)?),
        }
    }
}

/// Writes an object of these members, of which there is at least one.
pub(crate) fn write_object(members: &[(&str, &str)]) -> String {
    let mut json = String::new();
    let mut mark = '{';
    for (name, text) in members {
        json.push(mark);
        write_text(name, &mut json);
        json.push(':');
        write_text(text, &mut json);
        mark = ',';
    }
    json.push('}');
    json
}

/// RFC 8259, 7: quotation mark, reverse solidus and control characters are escaped.
fn write_text(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        if character < ' ' {
            json.push_str(if character < '\x10' { "\\u000" } else { "\\u001" });
            json.push(char::from(b"0123456789abcdef"[character as usize % 16]));
            continue;
        }
        if matches!(character, '"' | '\\') {
            json.push('\\');
        }
        json.push(character);
    }
    json.push('"');
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{read_object, write_object};
    use proptest::prelude::*;
    use serde_json::{from_str, json};

    /// The members `text` and `byte`, all others skipped.
    fn read(body: &[u8]) -> Option<(Option<String>, Option<u8>)> {
        let (mut text, mut byte) = (None, None);
        read_object(body, &mut |name, value| {
            match name {
                "text" => text = value.text()?.map(|text| text.into_owned()),
                "byte" => byte = value.byte()?,
                _ => value.skip()?,
            }
            Ok(())
        })
        .ok()?;
        Some((text, byte))
    }

    #[test]
    fn members_are_read_in_any_order_and_form() {
        let full = Some((Some("a/\"é😀".to_owned()), Some(7)));
        let plain = json!({"text": "a/\"é😀", "byte": 7, "more": {"a": [1.5e-3, true, {}, []]}}).to_string();
        assert_eq!(read(plain.as_bytes()), full);
        let escaped = " {\r\n\t\"b\\u0079te\" : 7 , \"text\":\"a\\/\\u0022\\u00e9\\ud83d\\ude00\"} \n";
        assert_eq!(read(escaped.as_bytes()), full);
        assert_eq!(read(b"{}"), Some((None, None)));
        assert_eq!(read(br#"{"text": null, "byte": null}"#), Some((None, None)));
    }

    #[test]
    fn other_values_and_members_are_refused() {
        let refused: [&[u8]; 27] = [
            b"",
            b" ",
            b"null",
            b"[]",
            b"{",
            b"{}}",
            b"{}{}",
            b"{,}",
            b"{\"text\"}",
            b"{\"text\":}",
            b"{\"text\":\"a\",}",
            b"{\"text\":\"a\" \"byte\":1}",
            b"{text:\"a\"}",
            b"{'text':'a'}",
            b"{\"text\":\"a}",
            b"{\"text\":\"\x01\"}",
            b"{\"text\":\"\\x\"}",
            b"{\"text\":\"\\ud800\"}",
            b"{\"text\":\"\xff\"}",
            b"{\"text\":1}",
            b"{\"byte\":256}",
            b"{\"byte\":-1}",
            b"{\"byte\":1.0}",
            b"{\"byte\":1e1}",
            b"{\"byte\":01}",
            b"{\"more\":nul}",
            b"\xef\xbb\xbf{}",
        ];
        for body in refused {
            assert_eq!(read(body), None, "{}", body.escape_ascii());
        }
    }

    /// No body can use up the stack.
    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| format!("{{\"more\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        for (depth, is_read) in [(126, true), (127, false), (30_000, false)] {
            assert_eq!(read(nested(depth).as_bytes()).is_some(), is_read, "{depth}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_written_as_json(name: String, text: String, more: String) {
            prop_assume!(name != more);
            let written = write_object(&[(&name, &text), (&more, &name)]);
            let expected = json!({name.clone(): text, more: name});
            prop_assert_eq!(from_str::<serde_json::Value>(&written).unwrap(), expected);
        }

        #[test]
        fn every_text_and_byte_is_read(text: String, byte: u8, name: String, more: f64) {
            prop_assume!(name != "text" && name != "byte");
            let body = json!({"text": text.clone(), name.clone(): [{name: more}], "byte": byte}).to_string();
            prop_assert_eq!(read(body.as_bytes()), Some((Some(text), Some(byte))));
        }

        /// Bodies of JSON's own characters, many of which are nearly JSON: serde_json reads each body that this reader accepts.
        #[test]
        fn every_accepted_body_is_json(body in r#"\{("(text|byte|a)":("[a\\"u0]{0,3}"|[0-9.eE+-]{1,4}|null|\[[\[\]0,]{0,3}),?){0,3}\}?"#) {
            if let Some((text, byte)) = read(body.as_bytes()) {
                let value: serde_json::Value = from_str(&body).unwrap();
                prop_assert_eq!(value["text"].as_str(), text.as_deref());
                prop_assert_eq!(value["byte"].as_u64(), byte.map(u64::from));
            }
        }
    }
}
