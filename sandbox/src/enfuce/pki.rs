//! The PIN API with public keys, which the issuer's back-end calls for its customer's device: v3 of the classic platform,
//! and the nextgen platform's under its own names.
//!
//! Enfuce publishes only `set/tzpk` of the nextgen calls; `set` and `view` are ours, in the same form.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::auth::{Issuer, NextgenIssuer};
use super::exchange::{self, CLASSIC, Call, NEXTGEN};
use super::state::Enfuce;
use crate::http::{JsonBody, Problem};

macro_rules! route {
    ($name:ident, $caller:ty, $spelling:expr, $operation:path, $route:literal) => {
        #[doc = $route]
        pub(super) async fn $name(
            _: $caller,
            State(enfuce): State<Enfuce>,
            uri: Uri,
            body: Result<JsonBody, Problem>,
        ) -> Response {
            let opened_ms = enfuce.back_end_opened_ms();
            $operation(Call { enfuce: &enfuce, spelling: &$spelling, path: uri.path(), opened_ms, body })
                .await
        }
    };
}

route!(tzpk, Issuer, CLASSIC, exchange::tzpk, "`POST /pin/v3/set/tzpk`");
route!(set, Issuer, CLASSIC, exchange::set, "`POST /pin/v3/set`");
route!(view, Issuer, CLASSIC, exchange::view, "`POST /pin/v3/view`");
route!(nextgen_tzpk, NextgenIssuer, NEXTGEN, exchange::tzpk, "`POST /v1/pin/pki/set/tzpk`");
route!(nextgen_set, NextgenIssuer, NEXTGEN, exchange::set, "`POST /v1/pin/pki/set`");
route!(nextgen_view, NextgenIssuer, NEXTGEN, exchange::view, "`POST /v1/pin/pki/view`");
