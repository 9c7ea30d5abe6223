//! `openapi.json` describes what the relay does: it contains every path and method of the relay and no other, and the answers
//! have the documented form.

use serde_json::json;

use crate::device::{key_request, set_request};
use crate::documented::{assert_documented, document, schema};
use crate::issuer::issuing;
use crate::process::{Folder, Relay, classic};
use crate::upstream::{Upstream, ok};
use base64ct::{Base64, Encoding};

#[tokio::test]
async fn the_document_has_the_routes_and_no_others() {
    let document = document();
    let upstream = Upstream::start(|_| ok("{}")).await;
    let folder = Folder::make();
    let config = issuing(&classic(&upstream.base_url, ""), &folder, &upstream.base_url);
    let relay = Relay::start_with(folder, &config, &[]);
    let mut paths = vec!["/tzpk", "/set", "/view", "/control-id", "/status"];
    paths.sort_unstable();
    let documented: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(documented, paths);
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "delete", "patch"] {
            let request = relay
                .client
                .request(method.to_uppercase().parse().unwrap(), format!("{}{path}", relay.base_url));
            let status = request.send().await.unwrap().status().as_u16();
            assert_eq!(status != 405, item.get(method).is_some(), "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn answers_have_the_documented_shape_and_statuses() {
    let document = document();
    let answer = json!({"tzpk": Base64::encode_string(&[7; 256]), "pinBlock": "AAECAwQFBgc=", "algorithm": "TDEA",
        "kcv": "0A1B2C", "pinBlockFormat": 0, "pan": "5413330089020011"});
    let upstream = Upstream::start(move |_| ok(&answer)).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    for (path, request, answer) in [
        ("/tzpk", key_request("an-id"), "TzpkAnswer"),
        ("/view", key_request("an-id"), "ViewAnswer"),
        ("/set", set_request("an-id", &[1; 8]), "SetAnswer"),
    ] {
        let operation = &document["paths"][path]["post"];
        let request_schema =
            operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        assert_documented(request_schema.rsplit('/').next().unwrap(), &request);
        assert_documented(answer, &relay.post(path, &request).await.json());
        let refused = relay.post(path, &json!({})).await;
        assert_documented("Problem", &refused.json());
        let mut expected =
            vec!["200", "400", "401", "404", "405", "409", "410", "413", "415", "429", "500", "502", "504"];
        expected.push("431");
        expected.push(if path == "/set" { "424" } else { "503" });
        expected.sort_unstable();
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        assert_eq!(statuses, expected, "{path}");
    }
    // The codes of the document are those of the source.
    let source = include_str!("../../src/problem.rs");
    for code in schema(&document, "Problem")["properties"]["code"]["enum"].as_array().unwrap() {
        assert!(source.contains(&code.to_string()), "{code} is never given");
    }
}
