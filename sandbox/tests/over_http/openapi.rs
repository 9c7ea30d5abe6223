//! The description of the API, compared with the real answers.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::documented::DOCUMENT;
use crate::support::{Answer, Sandbox};

#[tokio::test]
async fn it_is_served_and_names_the_methods_that_are_served() {
    let sandbox = Sandbox::start().await;
    let served = sandbox.get("/openapi.json").await;
    assert_eq!(
        (served.header("content-type"), served.json()["openapi"].as_str()),
        ("application/json", Some("3.1.0"))
    );
    for (path, item) in served.json()["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        let method = Method::from_bytes(b"PURGE").unwrap();
        let answer = Answer::read(sandbox.request(method, &path).send().await.unwrap()).await;
        assert_eq!(answer.status, 405, "{path}");
        let allowed: BTreeSet<_> = answer.header("allow").split(',').filter(|name| *name != "HEAD").collect();
        let described: Vec<_> = item.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect();
        assert_eq!(allowed, described.iter().map(String::as_str).collect(), "{path}");
    }
}

#[tokio::test]
async fn every_reference_in_it_leads_somewhere() {
    fn check(value: &Value) -> usize {
        match value {
            Value::Object(members) => {
                let here = members.get("$ref").and_then(Value::as_str).map_or(0, |pointer| {
                    assert!(DOCUMENT.pointer(&pointer[1..]).is_some(), "{pointer}");
                    1
                });
                here + members.values().map(check).sum::<usize>()
            }
            Value::Array(items) => items.iter().map(check).sum(),
            _ => 0,
        }
    }
    assert!(check(&DOCUMENT) > 100);
}

#[tokio::test]
async fn every_call_of_the_issuer_needs_credentials_and_an_acting_user() {
    let mut sandbox = Sandbox::start().await;
    sandbox.restart(|config| config.requests_per_second = 1000).await;
    let token = sandbox.token().await;
    let (mut classic, mut nextgen) = (0, 0);
    for (template, item) in DOCUMENT["paths"].as_object().unwrap() {
        let path = template.replace("{brand}", "MC_CARD").replace(['{', '}'], "");
        for (method, operation) in item.as_object().unwrap() {
            let takes = |name: &str| {
                let parameters = operation["parameters"].as_array();
                parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
            };
            let call = |query: &str| {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                sandbox.request(method, &format!("{path}{query}")).json(&json!({}))
            };
            let send = async |request: RequestBuilder| Answer::read(request.send().await.unwrap()).await;
            let named = || call("").header("x-audit-user", "x");
            if takes("auditUser") {
                classic += 1;
                send(call("?auditUser=x")).await.assert_problem(401, "unauthorized", "Basic");
                let unnamed = send(named().basic_auth("sandbox", Some("sandbox"))).await;
                unnamed.assert_problem(400, "malformed", "auditUser is missing");
                let unnamed = send(call("?auditUser=").bearer_auth(&token)).await;
                unnamed.assert_problem(400, "malformed", "auditUser is missing");
                let let_in = send(call("?auditUser=x").basic_auth("sandbox", Some("sandbox"))).await;
                assert!(let_in.status != 401 && !let_in.text.contains("auditUser"), "{}", let_in.text);
            } else if takes("x-audit-user") {
                nextgen += 1;
                for refused in [named(), named().basic_auth("sandbox", Some("sandbox"))] {
                    let refused = send(refused).await;
                    assert_eq!((refused.status, refused.text.as_str()), (401, ""), "{method} {path}");
                    assert_eq!(refused.header("www-authenticate"), "Bearer");
                }
                for unnamed in [call("?auditUser=x"), call("").header("x-audit-user", "")] {
                    let unnamed = send(unnamed.bearer_auth(&token)).await;
                    unnamed.assert_problem(400, "malformed", "x-audit-user is missing");
                }
                let let_in = send(named().bearer_auth(&token)).await;
                assert!(let_in.status != 401 && !let_in.text.contains("x-audit-user"), "{}", let_in.text);
            } else {
                // The other paths are for the device, or for everybody.
                assert!(template == "/oauth2/token" || operation["responses"]["401"].is_null(), "{template}");
            }
        }
    }
    assert_eq!((classic, nextgen), (9, 5));
}
