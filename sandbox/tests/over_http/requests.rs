//! Requests that are refused: malformed bodies and fields, sizes, methods, media types, credentials, hosts.

use base64ct::{Base64, Encoding};
use card_pin_sandbox::ENFUCE_REQUESTS;
use reqwest::Method;
use rsa::pkcs8::EncodePublicKey;
use rsa::{BoxedUint, PublicKey};
use serde_json::{Value, json};

use crate::support::{Answer, Sandbox, device_key, make_key, spki};

async fn send(sandbox: &Sandbox, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = sandbox.request(Method::POST, path).header("content-type", media_type).body(body);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn bodies_that_are_not_a_json_object() {
    let sandbox = Sandbox::start().await;
    for path in ["/pin-page/tzpk", "/pin-page/set", "/sandbox/clock", "/sandbox/faults", "/issuer/api/cards"]
    {
        for body in ["", "{", "{\"controlId\":}", "\u{0}", "nonsense"] {
            send(&sandbox, path, "application/json", body).await.assert_problem(
                400,
                "malformed",
                "not valid JSON",
            );
        }
        for body in ["[]", "1", "\"text\"", "null"] {
            send(&sandbox, path, "application/json", body).await.assert_problem(
                400,
                "malformed",
                "JSON object",
            );
        }
        send(&sandbox, path, "application/json", vec![b'"', 0xFF, b'"']).await.assert_problem(
            400,
            "malformed",
            "JSON",
        );
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
            let refused = send(&sandbox, path, media_type, "{}").await;
            refused.assert_problem(415, "unsupported_media_type", "application/json");
        }
    }
    let with_parameter =
        send(&sandbox, "/sandbox/clock", "Application/JSON; charset=utf-8", "{\"advanceSeconds\":0}").await;
    assert_eq!(with_parameter.status, 200);
}

#[tokio::test]
async fn fields_that_are_missing_or_of_another_type() {
    let sandbox = Sandbox::start().await;
    let (_, id) = sandbox.card_and_control_id().await;
    let key = spki(device_key());
    let cases = [
        ("/pin-page/tzpk", json!({"publicKey": key}), "controlId is missing"),
        ("/pin-page/tzpk", json!({"controlId": null, "publicKey": key}), "controlId is missing"),
        ("/pin-page/tzpk", json!({"controlId": 5, "publicKey": key}), "controlId has to be a string"),
        ("/pin-page/tzpk", json!({"controlId": "", "publicKey": key}), "controlId has to be a UUID"),
        (
            "/pin-page/tzpk",
            json!({"controlId": id.replace('-', ""), "publicKey": key}),
            "controlId has to be a UUID",
        ),
        (
            "/pin-page/tzpk",
            json!({"controlId": format!("{{{id}}}"), "publicKey": key}),
            "controlId has to be a UUID",
        ),
        ("/pin-page/tzpk", json!({"controlId": id}), "publicKey is missing"),
        ("/pin-page/tzpk", json!({"controlId": id, "publicKey": [key]}), "publicKey has to be a string"),
        ("/pin-page/set", json!({"controlId": id}), "pinBlock is missing"),
        ("/pin-page/set", json!({"controlId": id, "pinBlock": 1}), "pinBlock has to be a string"),
        ("/pin-page/set", json!({"controlId": id, "pinBlock": ""}), "base64 of 8 bytes"),
        ("/pin-page/set", json!({"controlId": id, "pinBlock": "AAAAAAAAAA=="}), "base64 of 8 bytes"),
        ("/pin-page/set", json!({"controlId": id, "pinBlock": "AAAAAAAAAAAA"}), "base64 of 8 bytes"),
        ("/pin-page/set", json!({"controlId": id, "pinBlock": "AAAAAAAAAAA"}), "base64 of 8 bytes"),
        ("/pin-page/set", json!({"controlId": id, "pinBlock": "141234AAAAAAAAAA"}), "base64 of 8 bytes"),
        ("/sandbox/clock", json!({}), "advanceSeconds"),
        ("/sandbox/clock", json!({"advanceSeconds": -1}), "advanceSeconds"),
        ("/sandbox/clock", json!({"advanceSeconds": 1.5}), "advanceSeconds"),
        ("/sandbox/faults", json!({"on": "set", "fault": "weak"}), "tzpk"),
        ("/sandbox/faults", json!({"on": "set", "fault": "explode"}), "fault is one of"),
        ("/issuer/api/cards", json!({"firstName": "Ada"}), "lastName is missing"),
    ];
    for (path, body, hint) in cases {
        sandbox.post(path, &body).await.assert_problem(400, "malformed", hint);
    }
    let extra = json!({"controlId": id, "publicKey": key, "more": {"of": ["this"]}});
    assert_eq!(sandbox.post("/pin-page/tzpk", &extra).await.status, 200);
}

#[tokio::test]
async fn public_keys_that_are_not_acceptable() {
    let sandbox = Sandbox::start().await;
    let (_, id) = sandbox.card_and_control_id().await;
    let good = spki(device_key());
    let der = Base64::decode_vec(&good).unwrap();
    let with_exponent = |exponent: u8| {
        use rsa::traits::PublicKeyParts;
        let key = PublicKey::new(device_key().n().as_ref().clone(), BoxedUint::from(exponent)).unwrap();
        Base64::encode_string(key.to_public_key_der().unwrap().as_bytes())
    };
    // `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout` (OpenSSL 3.0).
    let elliptic = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEr04zXJEIr7C5HQxTqvkXwTVcj6ziWWD2AYF/h/vnsqm/3dO6nSDONv3bd92bKbkmW5kjkjLqyo/XuTpJr19tMQ==";
    let mut pss = der.clone();
    // rsaEncryption is 1.2.840.113549.1.1.1, RSASSA-PSS the same with 10 at its end (RFC 8017 appendix C).
    let oid =
        pss.windows(9).position(|window| window == [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]).unwrap();
    pss[oid + 8] = 10;
    let cases = [
        (String::new(), "SubjectPublicKeyInfo"),
        ("*".to_owned(), "base64"),
        (good.trim_end_matches('=')[..good.len() - 3].to_owned(), "base64"),
        (format!("-----BEGIN PUBLIC KEY-----\n{good}\n-----END PUBLIC KEY-----"), "base64"),
        (format!("{}\n{}", &good[..64], &good[64..]), "base64"),
        (Base64::encode_string(&der[..der.len() - 1]), "SubjectPublicKeyInfo"),
        (Base64::encode_string(&[der.as_slice(), &[0]].concat()), "SubjectPublicKeyInfo"),
        // The PKCS #1 form, which lacks the outer layer of 24 bytes.
        (Base64::encode_string(&der[24..]), "SubjectPublicKeyInfo"),
        (Base64::encode_string(&pss), "SubjectPublicKeyInfo"),
        (elliptic.to_owned(), "SubjectPublicKeyInfo"),
        (spki(&make_key(1024)), "2048 to 4096"),
        (spki(&make_key(2040)), "2048 to 4096"),
        (with_exponent(3), "65537"),
        (with_exponent(17), "65537"),
    ];
    for (key, hint) in cases {
        let answer = sandbox.post("/pin-page/tzpk", &json!({"controlId": id, "publicKey": key})).await;
        answer.assert_problem(400, "malformed", hint);
        assert!(key.len() < 9 || !answer.text.contains(&key[..8]), "the key is repeated: {}", answer.text);
    }
    assert_eq!(sandbox.ask_tzpk(&id, device_key()).await.status, 200);
}

#[tokio::test]
async fn sizes() {
    let sandbox = Sandbox::start().await;
    let body_of = |length: usize| format!("{{\"x\":\"{}\"}}", "a".repeat(length - 8));
    let fits = send(&sandbox, "/pin-page/set", "application/json", body_of(64 * 1024)).await;
    fits.assert_problem(400, "malformed", "controlId");
    for length in [64 * 1024 + 1, 300_000] {
        for path in ["/pin-page/set", "/pin-page/tzpk", "/pin-page/mobile", "/issuer/api/cards", "/nowhere"] {
            let refused = send(&sandbox, path, "application/json", body_of(length)).await;
            refused.assert_problem(413, "too_large", "64 KiB");
        }
    }
}

#[tokio::test]
async fn methods_and_paths() {
    let sandbox = Sandbox::start().await;
    let cases = [
        (Method::GET, "/pin-page/tzpk", "POST"),
        (Method::PUT, "/pin-page/set", "POST"),
        (Method::DELETE, "/pin-page/mobile", "POST"),
        (Method::POST, "/pin-page/frame", "GET,HEAD"),
        (Method::PUT, "/card/v4/MC_CARD/1", "GET,HEAD,PATCH"),
        (Method::GET, "/pincontrol/v2/plastic/1", "POST"),
        (Method::PUT, "/sandbox/clock", "GET,HEAD,POST"),
        (Method::PATCH, "/issuer/api/cards", "GET,HEAD,POST"),
        (Method::POST, "/", "GET,HEAD"),
    ];
    for (method, path, allow) in cases {
        let answer = Answer::read(sandbox.request(method, path).send().await.unwrap()).await;
        answer.assert_problem(405, "method_not_allowed", "method");
        assert_eq!(answer.header("allow"), allow, "{path}");
    }
    for path in ["/nowhere", "/pin-page", "/pin-page/", "/pin-page/tzpk-elsewhere", "/sandbox", "/card/v4"] {
        sandbox.get(path).await.assert_problem(404, "unknown", "");
    }
    // A refusal by the framework itself has the same form. Here, a path is not UTF-8.
    sandbox.get("/pin-page/%FF").await.assert_problem(400, "malformed", "");
}

#[tokio::test]
async fn credentials() {
    let sandbox = Sandbox::start().await;
    let path = "/card/v4/MC_CARD/0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11?auditUser=x";
    let with = |value: &'static str| sandbox.request(Method::GET, path).header("authorization", value);
    let none = Answer::read(sandbox.request(Method::GET, path).send().await.unwrap()).await;
    none.assert_problem(401, "unauthorized", "Basic");
    assert!(none.header("www-authenticate").starts_with("Basic realm="));
    // sandbox:wrong, sandbox, :sandbox, sandbox:sandbox as a bearer token, and texts that are not base64.
    for value in [
        "Basic c2FuZGJveDp3cm9uZw==",
        "Basic c2FuZGJveA==",
        "Basic OnNhbmRib3g=",
        "Bearer c2FuZGJveDpzYW5kYm94",
        "Basic ***",
        "Basic",
        "",
    ] {
        Answer::read(with(value).send().await.unwrap()).await.assert_problem(401, "unauthorized", "Basic");
    }
    for value in ["Basic c2FuZGJveDpzYW5kYm94", "basic c2FuZGJveDpzYW5kYm94"] {
        Answer::read(with(value).send().await.unwrap()).await.assert_problem(404, "unknown", "card");
    }
    for path in ["/card/v3/1/plastic", "/card/v4/MC_CARD/1"] {
        for query in ["", "?auditUser=", "?audituser=x", "?x=auditUser=y"] {
            let request = sandbox
                .request(Method::GET, &format!("{path}{query}"))
                .basic_auth("sandbox", Some("sandbox"));
            Answer::read(request.send().await.unwrap()).await.assert_problem(400, "malformed", "auditUser");
        }
    }
    for path in ["/card/v4/MC_CARD/customer/1/account/1/MAIN", "/pincontrol/v2/plastic/1"] {
        sandbox.post(path, &json!({})).await.assert_problem(401, "unauthorized", "Basic");
    }
}

#[tokio::test]
async fn the_fifty_first_request_in_a_second_is_refused() {
    let mut sandbox = Sandbox::start().await;
    sandbox.restart(|config| config.requests_per_second = ENFUCE_REQUESTS).await;
    let path = "/card/v4/MC_CARD/0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..ENFUCE_REQUESTS + 10 {
        let request = sandbox.request(Method::GET, &format!("{path}?auditUser=x"));
        let request = request.basic_auth("sandbox", Some("sandbox"));
        answers.spawn(async { Answer::read(request.send().await.unwrap()).await });
    }
    let answers = answers.join_all().await;
    // The clock is stopped, so all requests came within one second, however long they took.
    let (refused, admitted): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 429);
    assert_eq!((admitted.len(), refused.len()), (ENFUCE_REQUESTS, 10));
    assert!(admitted.iter().all(|answer| answer.status == 404));
    refused[0].assert_problem(429, "too_many", "Retry-After");
    assert_eq!(refused[0].header("retry-after"), "1");
    // A wrong password is not a request of the customer's.
    assert_eq!(sandbox.get(path).await.status, 401);
    assert_eq!(sandbox.issuer(Method::GET, path, None).await.status, 429);
    sandbox.advance(1).await;
    assert_eq!(sandbox.issuer(Method::GET, path, None).await.status, 404);
}

#[tokio::test]
async fn all_calls_of_the_issuer_share_one_limit() {
    const LIMIT: usize = 10;
    let mut sandbox = Sandbox::start().await;
    sandbox.restart(|config| config.requests_per_second = LIMIT).await;
    let token = sandbox.token().await;
    // Leaves the second in which the token was requested.
    sandbox.advance(1).await;
    let id = "0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";
    let paths = [
        format!("/card/v4/MC_CARD/customer/{id}/account/1/MAIN"),
        format!("/pincontrol/v2/plastic/{id}"),
        format!("/pin/v2/{id}"),
        "/pin/v3/set/tzpk".to_owned(),
        "/pin/v3/view".to_owned(),
        format!("/v1/cards/{id}/pinControl"),
        "/v1/pin/pki/set".to_owned(),
    ];
    // Fewer of each kind than the limit; no card is made with `pinStatus` S.
    let mut answers = tokio::task::JoinSet::new();
    for path in paths.iter().cycle().take(paths.len() * (LIMIT - 1)) {
        let request = sandbox.request(Method::POST, &format!("{path}?auditUser=x"));
        let request =
            request.bearer_auth(&token).header("x-audit-user", "x").json(&json!({"pinStatus": "S"}));
        answers.spawn(async { Answer::read(request.send().await.unwrap()).await });
    }
    let answers = answers.join_all().await;
    let (refused, admitted): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 429);
    assert_eq!((admitted.len(), refused.len()), (LIMIT, answers.len() - LIMIT));
    refused.iter().for_each(|answer| answer.assert_problem(429, "too_many", "Retry-After"));
    admitted.iter().for_each(|answer| answer.assert_problem(400, "malformed", ""));
}

#[tokio::test]
async fn the_limit_is_changed_by_a_test_control_until_a_reset() {
    let mut sandbox = Sandbox::start().await;
    sandbox.restart(|config| config.requests_per_second = ENFUCE_REQUESTS).await;
    let limit = |answer: Answer| answer.json()["requestsPerSecond"].as_u64().unwrap();
    assert_eq!(limit(sandbox.get("/sandbox/quota").await), 50);
    assert_eq!(limit(sandbox.post("/sandbox/quota", &json!({"requestsPerSecond": 0})).await), 0);
    let refused = sandbox.issuer(Method::GET, "/card/v3/1/plastic", None).await;
    refused.assert_problem(429, "too_many", "Retry-After");
    for body in [json!({}), json!({"requestsPerSecond": -1}), json!({"requestsPerSecond": "50"})] {
        let malformed = sandbox.post("/sandbox/quota", &body).await;
        malformed.assert_problem(400, "malformed", "requestsPerSecond");
    }
    sandbox.post("/sandbox/reset", &json!({})).await;
    assert_eq!(limit(sandbox.get("/sandbox/quota").await), 50);
    assert_eq!(sandbox.issuer(Method::GET, "/card/v3/1/plastic", None).await.status, 400);
}

#[tokio::test]
async fn the_issuers_fields() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let plastic = format!("/pincontrol/v2/plastic/{}", sandbox.plastic_id(&card_id).await);
    let create = "/card/v4/MC_CARD/customer/1/account/1/MAIN";
    let unknown = "0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";
    let cases: [(Method, String, Option<Value>, u16, &str); 17] = [
        (Method::POST, create.into(), Some(json!({"pinStatus": "S"})), 400, "pinStatus"),
        (Method::POST, create.into(), Some(json!({"pinStatus": 1})), 400, "pinStatus"),
        (Method::POST, create.into(), Some(json!({"embossing": "Ada"})), 400, "embossing"),
        (Method::POST, create.into(), Some(json!({"embossing": {"firstName": ""}})), 400, "firstName"),
        (Method::POST, create.into(), Some(json!({"embossing": {"lastName": "a\nb"}})), 400, "lastName"),
        (Method::POST, create.replace("MC_CARD", "GOLD"), Some(json!({})), 404, "MC_CARD"),
        (Method::POST, create.replace("customer/1", "customer/%20"), Some(json!({})), 400, "customerId"),
        (Method::GET, format!("/card/v4/VISA_CARD/{card_id}"), None, 404, "card"),
        (Method::GET, format!("/card/v3/{unknown}/plastic"), None, 404, "card"),
        (Method::POST, plastic.clone(), Some(json!({})), 400, "scope"),
        (Method::POST, plastic.clone(), Some(json!({"scope": "set_pin"})), 400, "scope"),
        // A scope of the nextgen platform, which the sandbox does not serve there either.
        (Method::POST, plastic, Some(json!({"scope": "CHANGE_PIN"})), 400, "SET_PIN or VIEW_PIN"),
        (
            Method::POST,
            "/pincontrol/v2/plastic/1".into(),
            Some(json!({"scope": "SET_PIN"})),
            400,
            "plasticId",
        ),
        // Version 2 of the PIN API has no PKI calls: there `set` and `view` are read as ids of plastics.
        (Method::POST, "/pin/v2/set/tzpk".into(), Some(json!({})), 404, ""),
        (Method::POST, "/pin/v2/set".into(), Some(json!({})), 400, "plasticId has to be a UUID"),
        (Method::POST, "/pin/v2/view".into(), Some(json!({})), 400, "plasticId has to be a UUID"),
        (
            Method::POST,
            format!("/pincontrol/v2/plastic/{unknown}"),
            Some(json!({"scope": "SET_PIN"})),
            404,
            "plastic",
        ),
    ];
    for (method, path, body, status, hint) in cases {
        let answer = sandbox.issuer(method, &path, body.as_ref()).await;
        answer.assert_problem(status, if status == 400 { "malformed" } else { "unknown" }, hint);
    }
}

#[tokio::test]
async fn hosts() {
    let sandbox = Sandbox::start().await;
    let port = sandbox.address().rsplit(':').next().unwrap().to_owned();
    for host in ["example.com", "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.2", "[::1]"] {
        for path in ["/", "/pin-page/page.js", "/sandbox/wire", "/nowhere"] {
            let host = if host == "127.0.0.2" { format!("127.0.0.2:{port}") } else { host.to_owned() };
            let answer =
                Answer::read(sandbox.request(Method::GET, path).header("host", host).send().await.unwrap())
                    .await;
            answer.assert_problem(421, "misdirected", sandbox.base_url());
        }
    }
    let on_localhost = |path| sandbox.request(Method::GET, path).header("host", format!("localhost:{port}"));
    let redirect = Answer::read(on_localhost("/").send().await.unwrap()).await;
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (307, format!("{}/", sandbox.base_url()).as_str())
    );
    assert_eq!(on_localhost("/pin-page/page.js").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn every_answer_carries_the_protective_headers() {
    let sandbox = Sandbox::start().await;
    for path in [
        "/",
        "/app.js",
        "/pin-page/page.js",
        "/pin-page/frame",
        "/nowhere",
        "/sandbox/wire",
        "/card/v4/MC_CARD/1",
    ] {
        let answer = sandbox.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(["no-store", "no-cache"].contains(&answer.header("cache-control")), "{path}");
    }
}
