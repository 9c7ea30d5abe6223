//! The part that plays Enfuce.
//!
//! The issuer's back-end authenticates with a password or a token of `oauth` (`auth`, before `cards`, `pincontrol`, `shared_key`
//! and `nextgen`), the customer's device with a control id (`page`). Both use one `exchange` of keys and PIN blocks.

pub(crate) mod auth;
mod card_number;
pub(crate) mod cards;
mod eligibility;
pub(crate) mod embossing;
pub(crate) mod exchange;
mod idempotency;
pub(crate) mod inject;
pub(crate) mod nextgen;
pub(crate) mod oauth;
pub(crate) mod page;
mod page_words;
pub(crate) mod pincontrol;
mod refusal;
pub(crate) mod shared_key;
pub(crate) mod spelling;
mod tokens;
