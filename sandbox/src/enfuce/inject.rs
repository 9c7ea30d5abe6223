//! Carries out the faults that are planned for an issuer's calls. The exchange of keys and blocks does so itself.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::faults::{Endpoint, Faults};

pub(crate) async fn inject_faults(
    State(faults): State<Arc<Faults>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let endpoint = match path.as_str() {
        "/card/v4/{brand}/{id}" | "/v1/cards/{id}" => Endpoint::Card,
        "/card/v3/{id}/plastic" => Endpoint::Plastics,
        "/pincontrol/v2/plastic/{plasticId}" | "/v1/cards/{id}/pinControl" => Endpoint::PinControl,
        "/oauth2/token" => Endpoint::Token,
        _ => return next.run(request).await,
    };
    let path = request.uri().path().to_owned();
    faults.inject(endpoint, &path, next.run(request)).await
}
