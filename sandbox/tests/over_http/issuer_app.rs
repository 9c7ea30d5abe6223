//! The issuer's app and its back-end.

use serde_json::json;

use crate::support::{BLOCK_1234, Sandbox, encrypt};

#[tokio::test]
async fn the_back_end_makes_cards_and_gets_control_ids() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.get("/issuer/api/cards").await.json(), json!({"cards": []}));
    let made = sandbox.post("/issuer/api/cards", &json!({"firstName": "Ada", "lastName": "Lindqvist"})).await;
    assert_eq!(made.status, 201);
    let card = made.json();
    assert_eq!((card["name"].as_str(), card["pinStatus"].as_str()), (Some("Ada Lindqvist"), Some("W")));
    let second =
        sandbox.post("/issuer/api/cards", &json!({"firstName": "Bo", "lastName": "Ek"})).await.json();
    assert_eq!(sandbox.get("/issuer/api/cards").await.json(), json!({"cards": [second, card]}));

    let card_id = card["id"].as_str().unwrap();
    let control = sandbox.post(&format!("/issuer/api/cards/{card_id}/set-pin"), &json!({})).await.json();
    assert_eq!(control["pinUrl"], format!("{}/pin-page/mobile", sandbox.base_url()));
    let control_id = control["controlId"].as_str().unwrap();
    let tzpk = sandbox.tzpk(control_id).await;
    assert_eq!(sandbox.send_block(control_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    assert_eq!(sandbox.get("/issuer/api/cards").await.json()["cards"][1]["pinStatus"], "S");
    let refused = sandbox.post(&format!("/issuer/api/cards/{card_id}/set-pin"), &json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("pinStatus"), "Enfuce's reason is passed on");
}

#[tokio::test]
async fn the_back_end_reaches_enfuce_over_http_only() {
    let sandbox = Sandbox::start().await;
    sandbox.post("/issuer/api/cards", &json!({"firstName": "Ada", "lastName": "L"})).await;
    let wire = sandbox.get("/sandbox/wire").await.json();
    let paths: Vec<_> =
        wire["requests"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/issuer/api/cards", "/card/v4/MC_CARD/customer/1/account/1/MAIN"]);
    assert_eq!(wire["requests"][1]["query"], "auditUser=issuer-app");
    // A card that the issuer did not make is none of its cards, though Enfuce knows it.
    let (foreign, _) = sandbox.card_and_control_id().await;
    let refused = sandbox.post(&format!("/issuer/api/cards/{foreign}/set-pin"), &json!({})).await;
    refused.assert_problem(404, "unknown", "issuer");
}

#[tokio::test]
async fn the_app_is_served_under_a_strict_policy_that_it_keeps() {
    let sandbox = Sandbox::start().await;
    let page = sandbox.get("/").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(!policy.contains("unsafe"));
    for inline in ["<style", " style=", " onclick=", " onload=", "<script>"] {
        assert!(!page.text.contains(inline), "{inline}");
    }
    assert!(page.text.contains("<title>Issuer app</title>"));
    for (path, media_type) in
        [("/app.js", "text/javascript"), ("/style.css", "text/css"), ("/icon.svg", "image/svg+xml")]
    {
        assert!(page.text.contains(&format!("\"{path}\"")), "{path} is used");
        assert!(sandbox.get(path).await.header("content-type").starts_with(media_type));
    }
}
