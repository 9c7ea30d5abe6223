//! Requests that pages of other sites can make a browser send. They change nothing, and are not recorded.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, Sandbox};

/// The headers with which browsers mark the requests of another origin's page.
const FOREIGN: [[(&str, &str); 2]; 4] = [
    [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    [("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")],
    // An older browser does not send the first of the two headers.
    [("origin", "https://evil.example"), ("x-other", "")],
    [("origin", "null"), ("x-other", "")],
];

async fn send(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await
}

fn with(mut request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_and_is_not_recorded() {
    let sandbox = Sandbox::start().await;
    let (card_id, _) = sandbox.card_and_control_id().await;
    let before = sandbox.get("/sandbox/wire").await.json();
    for headers in FOREIGN {
        for (path, body) in [
            ("/sandbox/clock", json!({"advanceSeconds": 60})),
            ("/sandbox/reset", json!({})),
            ("/sandbox/embossing-run", json!({})),
            ("/sandbox/faults", json!({"on": "tzpk", "fault": "cut"})),
            ("/issuer/api/cards", json!({"firstName": "A", "lastName": "L"})),
        ] {
            let post = sandbox.request(Method::POST, path).json(&body);
            send(with(post, &headers)).await.assert_problem(403, "other_origin", "another origin");
        }
        // Requests of a form or a picture, which a browser sends without a preflight.
        for path in ["/sandbox/reset", "/sandbox/embossing-run", "/issuer/api/cards"] {
            let post = sandbox.request(Method::POST, path).header("content-type", "text/plain").body("{}");
            send(with(post, &headers)).await.assert_problem(403, "other_origin", "another origin");
        }
        for path in ["/nowhere", "/pin-page/tzpk", "/relay/set"] {
            let post = sandbox.request(Method::POST, path).header("content-type", "text/plain").body("{}");
            assert!(matches!(send(with(post, &headers)).await.status, 401 | 404 | 415), "{path}");
        }
        for path in ["/nowhere", "/issuer/api/cards", "/openapi.json?a=b"] {
            send(with(sandbox.request(Method::GET, path), &headers)).await;
        }
    }
    let wire = sandbox.get("/sandbox/wire").await.json();
    assert_eq!(without_the_issuers_calls(&wire), without_the_issuers_calls(&before));
    assert_eq!(sandbox.get("/sandbox/clock").await.json()["offsetSeconds"], 0);
    assert_eq!(sandbox.pin_status(&card_id).await, "W");
}

/// Leaves out the requests to Enfuce for the issuer's list: its back-end makes them, not the page.
fn without_the_issuers_calls(wire: &Value) -> Vec<&Value> {
    let requests = wire["requests"].as_array().unwrap().iter();
    requests.filter(|request| request["query"] != "auditUser=issuer-app").collect()
}

#[tokio::test]
async fn the_hosted_page_is_for_pages_of_other_sites() {
    let sandbox = Sandbox::start().await;
    for headers in FOREIGN {
        let (_, control_id) = sandbox.card_and_control_id().await;
        let form = sandbox.request(Method::POST, "/pin-page/mobile").form(&[("controlId", &control_id)]);
        assert_eq!(send(with(form, &headers)).await.status, 200);
        let frame = sandbox.request(Method::GET, "/pin-page/frame?key=sandbox");
        assert_eq!(send(with(frame, &headers)).await.status, 200);
    }
    let wire = sandbox.get("/sandbox/wire").await.json();
    let paths = wire["requests"].as_array().unwrap().iter().map(|request| &request["path"]);
    assert_eq!(paths.filter(|path| path.as_str().unwrap().starts_with("/pin-page/")).count(), 8);
}

#[tokio::test]
async fn the_sandboxs_own_pages_and_other_programs_use_the_test_controls() {
    let sandbox = Sandbox::start().await;
    let base = sandbox.base_url();
    let port = base.rsplit(':').next().unwrap();
    let localhost = format!("http://localhost:{port}");
    for headers in [
        [("sec-fetch-site", "same-origin"), ("origin", base)],
        // A development server passes the browser's headers on.
        [("sec-fetch-site", "same-origin"), ("origin", "http://localhost:5173")],
        [("sec-fetch-site", "none"), ("x-other", "")],
        [("origin", base), ("x-other", "")],
        [("origin", &localhost), ("x-other", "")],
        [("x-one", ""), ("x-other", "")],
    ] {
        let post = sandbox.request(Method::POST, "/sandbox/clock").json(&json!({"advanceSeconds": 1}));
        assert_eq!(send(with(post, &headers)).await.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn requests_through_a_gateway_are_recorded() {
    let sandbox = Sandbox::start().await;
    let passed_on = sandbox.request(Method::POST, "/pin-page/tzpk").header("origin", "https://bank.example");
    assert_eq!(send(passed_on.json(&json!({}))).await.status, 400);
    let wire = sandbox.get("/sandbox/wire").await.json();
    assert_eq!(wire["requests"][0]["headers"]["origin"], "https://bank.example");
}

#[tokio::test]
async fn requests_for_another_host_are_not_recorded() {
    let sandbox = Sandbox::start().await;
    for path in ["/nowhere", "/sandbox/reset", "/issuer/api/cards"] {
        let post = sandbox.request(Method::POST, path).header("host", "evil.example").json(&json!({}));
        send(post).await.assert_problem(421, "misdirected", sandbox.base_url());
    }
    assert_eq!(sandbox.get("/sandbox/wire").await.json(), json!({"requests": []}));
}
