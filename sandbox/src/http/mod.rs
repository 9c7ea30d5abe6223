//! What every endpoint shares: error bodies, JSON bodies, ids, headers, and which hosts and sites are answered.

mod form;
mod headers;
mod host;
mod id;
mod json;
mod limit;
mod peer;
mod problem;
mod site;
mod table;

pub(crate) use form::form_field;
pub(crate) use headers::{WithoutBody, complete};
pub(crate) use host::{Origin, check_host};
pub(crate) use id::{parse_id, parse_uuid};
pub(crate) use json::{Fields, JsonBody, is_media_type};
pub(crate) use limit::RateLimit;
pub(crate) use peer::Peer;
pub(crate) use problem::{Kind, Problem, method_not_allowed, unknown_route};
pub(crate) use site::{CrossOrigin, check_site};
pub(crate) use table::{Table, router};
