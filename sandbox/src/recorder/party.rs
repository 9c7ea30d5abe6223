//! Derives the two parties of a message from its path, because all parties have one address here.

use serde::Serialize;

/// A sender or receiver of messages about a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Party {
    Device,
    Issuer,
    Relay,
    Enfuce,
}

/// The two parties of a request, if its path belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) from: Option<Party>,
    pub(super) to: Option<Party>,
    /// Whether the bodies contain credentials of the issuer or of a customer.
    pub(super) carries_credentials: bool,
}

impl Route {
    /// The parties that are meant to use this path. The relay identifies itself by its user agent; the others are not checked.
    pub(super) fn of(path: &str, user_agent: &str) -> Self {
        use Party::{Device, Enfuce, Issuer, Relay};
        let first = path.split('/').nth(1).unwrap_or_default();
        let back_end = if user_agent.starts_with("card-pin-relay/") { Relay } else { Issuer };
        let (from, to) = match first {
            "issuer" if path == "/issuer/api/authorize" => (Some(Relay), Some(Issuer)),
            "idp" if path != "/idp/token" => (Some(Relay), Some(Issuer)),
            "idp" => (Some(Device), Some(Issuer)),
            "issuer" => (Some(Device), Some(Issuer)),
            "relay" => (Some(Device), Some(Relay)),
            "pin-page" => (Some(Device), Some(Enfuce)),
            "card" | "pincontrol" => (Some(back_end), Some(Enfuce)),
            "v1" if !path.starts_with("/v1/pin/") => (Some(back_end), Some(Enfuce)),
            "pin" | "v1" | "oauth2" => (Some(Relay), Some(Enfuce)),
            _ => (None, None),
        };
        Self { from, to, carries_credentials: matches!(path, "/oauth2/token" | "/idp/token") }
    }
}

#[cfg(test)]
mod tests {
    use super::{Party, Route};

    #[test]
    fn each_path_has_its_parties() {
        use Party::{Device, Enfuce, Issuer, Relay};
        for (path, from, to) in [
            ("/issuer/api/cards", Device, Issuer),
            ("/pin-page/mobile", Device, Enfuce),
            ("/relay/tzpk", Device, Relay),
            ("/card/v4/MC_CARD/1", Issuer, Enfuce),
            ("/pincontrol/v2/plastic/1", Issuer, Enfuce),
            ("/v1/cards/1/pinControl", Issuer, Enfuce),
            ("/pin/v3/set/tzpk", Relay, Enfuce),
            ("/v1/pin/pki/set", Relay, Enfuce),
            ("/oauth2/token", Relay, Enfuce),
            ("/idp/token", Device, Issuer),
            ("/idp/jwks", Relay, Issuer),
            ("/issuer/api/authorize", Relay, Issuer),
        ] {
            let route = Route::of(path, "");
            assert_eq!((route.from, route.to), (Some(from), Some(to)), "{path}");
            assert_eq!(route.carries_credentials, path.ends_with("/token"), "{path}");
        }
        for path in ["/card/v3/1/plastic", "/pincontrol/v2/plastic/1", "/v1/cards/1/pinControl"] {
            assert_eq!(Route::of(path, "card-pin-relay/0.1.0").from, Some(Relay), "{path}");
        }
        assert_eq!(Route::of("/pinned", ""), Route { from: None, to: None, carries_credentials: false });
    }
}
