//! All messages between the page and the vault. They are defined only here: `www/protocol.d.ts`
//! is generated from these types, and a test holds it to them.
//!
//! A message without content is its name (`"erase"`); any other is an object with its name as the one key
//! (`{press: 4}`). Inward messages that do not have exactly this form are ignored. Outward messages carry counts,
//! names and codes; [`Outward::Spell`] is the one exception, which the customer asks for.

use crate::{error::Error, session::Snapshot};
use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

#[cfg(all(test, not(target_arch = "wasm32")))]
use ts_rs::TS;

/// From the page to the vault. The first message is [`Open`](Self::Open), which is accepted once.
#[allow(
    clippy::large_enum_variant,
    reason = "one message at a time, and in a box of its own it makes the module larger"
)]
#[derive(Debug, Deserialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(TS))]
#[serde(rename_all = "camelCase")]
pub enum Inward {
    /// Opens the session.
    Open(Open),
    /// The customer pressed a digit.
    Press(Digit),
    /// Takes the last digit back.
    Erase,
    /// Empties the entry.
    Clear,
    /// The customer does not look at the page any more: both entries are emptied, unless the PIN has been submitted.
    Forget,
    /// Goes on to the second entry.
    Confirm,
    /// Goes on to the second entry or submits, whichever comes next.
    Advance,
    /// The customer wants a PIN to be drawn. It is shown until the next message about the entry.
    Suggest,
    /// Submits the PIN, or asks for the PIN to be shown.
    Submit,
    /// The answer to [`Outward::Ask`]; `null` if the page has none.
    ControlId(Option<String>),
    /// The CSS colour in which a PIN is drawn.
    Color(String),
    /// The customer looks at the page: a PIN that has arrived may be drawn.
    Reveal,
    /// The customer wants to hear the shown or suggested PIN digit by digit, from a screen reader.
    Spell,
    /// Asks for a sign of life, which is the next state.
    Ping,
    /// Wipes everything. [`Outward::Closed`] is the answer, and later messages are ignored.
    Close,
}

/// The options of a session. The page gives every field; defaults are in `www/options.js`. `Debug` prints none of the values.
#[derive(Deserialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Open {
    /// What the session is for.
    pub operation: OperationName,
    /// The control id; `null` if the vault has to ask for it with [`Outward::Ask`].
    pub control_id: Option<String>,
    /// Absolute; empty where a PIN is viewed.
    pub tzpk_url: String,
    /// Absolute; empty where a PIN is viewed.
    pub set_url: String,
    /// An absolute address; empty if a PIN is set.
    pub view_url: String,
    /// Absolute; `null` if an unknown outcome is not looked up.
    pub status_url: Option<String>,
    /// The fewest digits.
    pub min_length: u8,
    /// The most digits.
    pub max_length: u8,
    /// Whether the PIN is entered twice.
    pub confirm: bool,
    /// What happens to PINs that are easily guessed.
    pub weak_pin: WeakPinName,
    /// The customer's date of birth, `YYYYMMDD`, of which no PIN may be made.
    pub birth_date: Option<String>,
    /// The digits of the customer's phone numbers and account numbers, of which no PIN may be made either.
    pub known_numbers: Vec<String>,
    /// Bits of the RSA modulus: 2048, 3072 or 4096.
    pub key_size: u16,
    /// The PIN block formats that the server may ask for: of 0, 1, 3 and 4.
    pub pin_block_formats: Vec<u8>,
    /// Which requests carry cookies, as in `fetch`.
    pub credentials: Credentials,
    /// More headers for the requests: pairs of name and value, one after the other.
    pub request_headers: Vec<String>,
    /// For each request, in milliseconds.
    pub timeout_ms: u32,
}

impl core::fmt::Debug for Open {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Open(…)")
    }
}

/// What a session is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(TS))]
pub enum OperationName {
    /// The customer chooses a PIN.
    #[serde(rename = "set-pin")]
    SetPin,
    /// The customer looks at the PIN that the card has.
    #[serde(rename = "view-pin")]
    ViewPin,
}

/// What happens to PINs that are easily guessed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum WeakPinName {
    /// They are refused.
    Reject,
    /// They are accepted like any other.
    Allow,
}

/// Which requests carry cookies: the `credentials` of `fetch`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// None.
    Omit,
    /// Those to the page's own origin.
    SameOrigin,
    /// All.
    Include,
}

impl Credentials {
    /// The name that `fetch` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Omit => "omit",
            Self::SameOrigin => "same-origin",
            Self::Include => "include",
        }
    }
}

/// A whole number from 0 to 9. There is no `Debug` output of its value.
#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(TS))]
#[serde(try_from = "u8")]
pub struct Digit(#[cfg_attr(all(test, not(target_arch = "wasm32")), ts(type = "number"))] u8);

impl Digit {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Digit {
    type Error = &'static str;

    /// # Errors
    /// A text for numbers above 9, which does not name the number.
    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number <= 9 { Ok(Self(number)) } else { Err("not a digit") }
    }
}

impl core::fmt::Debug for Digit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Digit(…)")
    }
}

/// From the vault to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(TS))]
#[serde(rename_all = "camelCase")]
pub enum Outward {
    /// The current state of the session. It comes after [`Inward::Open`], after each accepted message, and after each change.
    State {
        /// How many messages were accepted so far, without `open`, `color` and `close`.
        taken: u32,
        /// The complete state of the session.
        session: Snapshot,
    },
    /// A control id is needed now.
    Ask,
    /// One digit of the shown PIN, which the customer asked to hear; `null` after the last one.
    Spell {
        /// 0 to 9.
        digit: Option<u8>,
        /// 0 for the first digit.
        place: u8,
    },
    /// Everything is wiped, and the worker can be ended. If no session could be opened, `code` says why.
    Closed {
        /// An error code.
        code: Option<Error>,
    },
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{Inward, Outward};
    use std::{collections::BTreeMap, env, fs, path::Path};
    use ts_rs::{Config, TS, TypeVisitor};

    /// With this variable, the file is written and not compared.
    const WRITE: &str = "CARD_PIN_WRITE_TYPES";

    /// The declarations of a type and of all that it uses, each once, by name: the order in which a type names what it uses is
    /// another in each build.
    #[derive(Default)]
    struct Declarations {
        config: Config,
        texts: BTreeMap<String, String>,
    }

    impl TypeVisitor for Declarations {
        fn visit<T: TS + 'static + ?Sized>(&mut self) {
            // Types that TypeScript has itself have no file.
            let name = T::ident(&self.config);
            if T::output_path().is_some() {
                let docs = T::docs().unwrap_or_default();
                let text = ["\n", &docs, "export ", &T::decl(&self.config), "\n"].concat();
                self.texts.insert(name, text);
            }
            T::visit_dependencies(self);
        }
    }

    /// `www/` is checked against this file, and the file is held to the types here.
    #[test]
    fn the_typings_are_those_of_the_messages() {
        let mut declarations = Declarations::default();
        declarations.visit::<Inward>();
        declarations.visit::<Outward>();
        let expected = format!(
            "// Generated from src/protocol.rs by `{WRITE}=1 cargo test --lib protocol`. Changes here are lost.\n{}",
            declarations.texts.into_values().collect::<String>()
        );
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/protocol.d.ts");
        if env::var_os(WRITE).is_some() {
            fs::write(&file, &expected).unwrap();
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(written == expected, "www/protocol.d.ts is out of date: write it anew with {WRITE}=1");
    }
}
