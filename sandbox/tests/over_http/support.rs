//! A sandbox of its own for each test, and a device to use it with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use card_pin_sandbox::{Config, Running, start};
use des::TdesEde2;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use rand::rngs::SysRng;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use rsa::PrivateKey;
use rsa::pkcs8::EncodePublicKey;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::documented::assert_documented;

/// A page with the placeholders. These tests do not need the built one.
const PAGE: &str = "<!doctype html><title>p</title><main data-o=\"{{operation}}\" data-c=\"{{control-id}}\" data-p=\"{{parent-origin}}\">{{card}}</main>";

/// How long a test waits for an event before it fails; far more than any of them takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Asks until the answer is yes.
///
/// # Panics
/// If the answer is not yes within [`PATIENCE`]; `what` names the question.
pub(crate) async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened().await {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A running sandbox with a folder of its own, which is removed when this is dropped.
pub(crate) struct Sandbox {
    running: Option<Running>,
    pub(crate) folder: PathBuf,
    pub(crate) client: Client,
}

/// An answer whose body was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let path = response.url().path().to_owned();
        let answer = Self { status, headers, text: response.text().await.unwrap() };
        assert_documented(&path, status, answer.header("content-type"), &answer.text);
        answer
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Checks the whole error body, and that its detail mentions `hint`.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str, hint: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], status);
        assert_eq!(body["code"], code, "{}", self.text);
        assert_eq!(body["type"], "about:blank");
        assert!(!body["title"].as_str().unwrap().is_empty());
        assert!(body["detail"].as_str().unwrap().contains(hint), "{hint} not in {}", self.text);
    }

    /// Checks the error body of a status that was planned as a fault.
    #[track_caller]
    pub(crate) fn assert_other(&self, status: u16) {
        assert_eq!((self.status, self.header("content-type")), (status, "application/problem+json"));
        assert_eq!(self.json()["status"], status);
    }
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("card-pin-sandbox-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        make_dist(&folder.join("dist"));
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        let mut sandbox = Self { running: None, folder, client };
        sandbox.start_again().await;
        sandbox
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            port: 0,
            db: self.db(),
            dist: self.folder.join("dist"),
            // With a stopped clock, all requests of a test come within one second.
            requests_per_second: 1_000_000,
            ..Config::default()
        }
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.folder.join("data/sandbox.sqlite")
    }

    /// Stops it, and starts it with other options on the same files.
    pub(crate) async fn restart(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        let mut config = self.config();
        change(&mut config);
        self.start_with(config).await;
    }

    pub(crate) async fn start_again(&mut self) {
        self.start_with(self.config()).await;
    }

    /// Starts it with its clock stopped, so that no test depends on how fast the machine is: only [`Self::advance`] makes
    /// anything expire. A reset lets the clock run.
    async fn start_with(&mut self, config: Config) {
        self.running = Some(start(config).await.unwrap());
        let stop = json!({"advanceSeconds": 0, "stopped": true});
        assert_eq!(self.post("/sandbox/clock", &stop).await.json()["stopped"], true);
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().stop().await;
    }

    pub(crate) fn base_url(&self) -> &str {
        self.running.as_ref().unwrap().base_url()
    }

    pub(crate) fn address(&self) -> &str {
        self.base_url().strip_prefix("http://").unwrap()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base_url()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::read(self.request(Method::POST, path).json(body).send().await.unwrap()).await
    }

    /// A call of the issuer's back-end.
    pub(crate) async fn issuer(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request =
            self.request(method, &format!("{path}?auditUser=tester")).basic_auth("sandbox", Some("sandbox"));
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// Asks the identity provider for a token.
    pub(crate) async fn log_in(&self, form: &[(&str, &str)]) -> Answer {
        Answer::read(self.request(Method::POST, "/idp/token").form(form).send().await.unwrap()).await
    }

    /// A valid token of a customer.
    pub(crate) async fn sign_in(&self, customer: &str) -> String {
        let answer = self.log_in(&[("grant_type", "password"), ("username", customer)]).await;
        let body = answer.json();
        assert_eq!((answer.status, body["token_type"].as_str()), (200, Some("Bearer")), "{}", answer.text);
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// Makes a card with this `pinStatus`; returns it.
    pub(crate) async fn new_card(&self, pin_status: &str) -> Value {
        let body =
            json!({"pinStatus": pin_status, "embossing": {"firstName": "Ada", "lastName": "Lindqvist"}});
        let answer =
            self.issuer(Method::POST, "/card/v4/MC_CARD/customer/7/account/8/MAIN", Some(&body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn plastic_id(&self, card_id: &str) -> String {
        let plastics = self.issuer(Method::GET, &format!("/card/v3/{card_id}/plastic"), None).await.json();
        plastics[0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn control_id_of(&self, card_id: &str) -> String {
        let path = format!("/pincontrol/v2/plastic/{}", self.plastic_id(card_id).await);
        let answer = self.issuer(Method::POST, &path, Some(&json!({"scope": "SET_PIN"}))).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// A new card in `W`, and a control id for it.
    pub(crate) async fn card_and_control_id(&self) -> (String, String) {
        let card_id = self.new_card("W").await["id"].as_str().unwrap().to_owned();
        let control_id = self.control_id_of(&card_id).await;
        (card_id, control_id)
    }

    pub(crate) async fn pin_status(&self, card_id: &str) -> String {
        let card = self.issuer(Method::GET, &format!("/card/v4/MC_CARD/{card_id}"), None).await.json();
        card["pinStatus"].as_str().unwrap().to_owned()
    }

    /// The PIN that the simulated HSM decrypted for the card.
    pub(crate) async fn hsm_pin(&self, card_id: &str) -> Option<String> {
        let answer = self.get(&format!("/sandbox/cards/{card_id}/pin")).await;
        (answer.status == 200).then(|| answer.json()["pin"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn fetch_page(&self, control_id: &str) -> Answer {
        let form = self.request(Method::POST, "/pin-page/mobile").form(&[("controlId", control_id)]);
        Answer::read(form.send().await.unwrap()).await
    }

    pub(crate) async fn ask_tzpk(&self, control_id: &str, key: &PrivateKey) -> Answer {
        self.post("/pin-page/tzpk", &key_request(control_id, key)).await
    }

    pub(crate) async fn send_block(&self, control_id: &str, block: &[u8]) -> Answer {
        self.post("/pin-page/set", &set_request(control_id, block)).await
    }

    /// Asks for a TZPK, and unwraps it.
    pub(crate) async fn tzpk(&self, control_id: &str) -> Vec<u8> {
        let answer = self.ask_tzpk(control_id, device_key()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        unwrap(&answer).unwrap()
    }

    /// A control id for viewing the PIN of a card's first plastic.
    pub(crate) async fn view_control_id_of(&self, card_id: &str) -> String {
        let path = format!("/pincontrol/v2/plastic/{}", self.plastic_id(card_id).await);
        let answer = self.issuer(Method::POST, &path, Some(&json!({"scope": "VIEW_PIN"}))).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn view(&self, control_id: &str) -> Answer {
        self.post("/pin-page/view", &key_request(control_id, device_key())).await
    }

    /// Sets the PIN of a new card, and makes the card.
    pub(crate) async fn card_made_with(&self, block: u64) -> String {
        let (card_id, control_id) = self.card_and_control_id().await;
        let tzpk = self.tzpk(&control_id).await;
        assert_eq!(self.send_block(&control_id, &encrypt(&tzpk, block)).await.status, 200);
        self.embossing_run().await;
        card_id
    }

    pub(crate) async fn embossing_run(&self) -> Value {
        let answer = self.post("/sandbox/embossing-run", &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// A bearer token of the nextgen platform.
    pub(crate) async fn token(&self) -> String {
        let request = self.request(Method::POST, "/oauth2/token").basic_auth("sandbox", Some("sandbox"));
        let form = request.form(&[("grant_type", "client_credentials")]);
        let answer = Answer::read(form.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A call of the issuer's back-end on the nextgen platform.
    pub(crate) async fn nextgen(&self, token: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).bearer_auth(token).header("x-audit-user", "tester");
        Answer::read(request.json(body).send().await.unwrap()).await
    }

    pub(crate) async fn advance(&self, seconds: u32) {
        assert_eq!(self.post("/sandbox/clock", &json!({"advanceSeconds": seconds})).await.status, 200);
    }

    pub(crate) async fn plan(&self, on: &str, fault: Value) {
        let answer = self.post("/sandbox/faults", &json!({"on": on, "fault": fault})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn make_dist(dist: &Path) {
    fs::create_dir_all(dist.join("sub")).unwrap();
    fs::write(dist.join("page.html"), PAGE).unwrap();
    fs::write(dist.join("page-error.html"), include_str!("../../../www/page-error.html")).unwrap();
    let words = json!({
        "dir": "ltr", "title": "Your PIN", "script": "", "expired": "This page has expired", "used": "This page was already opened",
        "unknown": "This page is not available", "reopen": "Go back to your bank and open it again.",
    });
    let languages = json!({"de": words, "en": words, "fi": words, "nb": words});
    fs::write(dist.join("page-words.json"), languages.to_string()).unwrap();
    fs::write(dist.join("page.js"), "export {};").unwrap();
    fs::write(dist.join("card-pin.css"), "a{}").unwrap();
    fs::write(dist.join("card_pin_bg.wasm"), b"\0asm\x01\0\0\0").unwrap();
    fs::write(dist.join("sub/inner.js"), "").unwrap();
}

/// One key for all tests of a run: making one takes a while.
pub(crate) fn device_key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| make_key(2048))
}

pub(crate) fn make_key(bits: usize) -> PrivateKey {
    PrivateKey::new(&mut SysRng, bits).unwrap()
}

pub(crate) fn spki(key: &PrivateKey) -> String {
    Base64::encode_string(key.to_public_key().to_public_key_der().unwrap().as_bytes())
}

/// What a device sends to `tzpk` and to `view`.
pub(crate) fn key_request(control_id: &str, key: &PrivateKey) -> Value {
    json!({"controlId": control_id, "publicKey": spki(key)})
}

/// What a device sends to `set`; the block may be encrypted or not.
pub(crate) fn set_request(control_id: &str, block: &[u8]) -> Value {
    json!({"controlId": control_id, "pinBlock": Base64::encode_string(block)})
}

/// The raw key in an answer to `tzpk`; `None` if it does not unwrap.
pub(crate) fn unwrap(answer: &Answer) -> Option<Vec<u8>> {
    let wrapped = Base64::decode_vec(answer.json()["tzpk"].as_str()?).ok()?;
    device_key().oaep_decrypt_with_rng::<Sha256, _>(&mut SysRng, &wrapped).ok()
}

/// Encrypts one block under a double-length key.
pub(crate) fn encrypt(tzpk: &[u8], clear: u64) -> Vec<u8> {
    let mut block = Array::from(clear.to_be_bytes());
    TdesEde2::new_from_slice(tzpk).unwrap().encrypt_block(&mut block);
    block.to_vec()
}

/// Decrypts one block under a double-length key.
pub(crate) fn decrypt(tzpk: &[u8], block: &[u8]) -> u64 {
    let mut block = Array::try_from(block).unwrap();
    TdesEde2::new_from_slice(tzpk).unwrap().decrypt_block(&mut block);
    u64::from_be_bytes(block.into())
}

/// The guide's own example: PIN 1234 in ISO format 1.
pub(crate) const BLOCK_1234: u64 = 0x1412_34AA_AAAA_AAAA;
