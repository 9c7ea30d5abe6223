//! A sandbox of its own for each test.

use std::fs;
use std::time::Duration;

use card_pin_sandbox::{Config, Running, start};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::process::{Answer, Folder};

pub(crate) struct Sandbox {
    running: Running,
    pub(crate) client: Client,
    _folder: Folder,
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        let folder = Folder::make();
        fs::create_dir_all(folder.0.join("dist")).unwrap();
        let page =
            "<main data-o=\"{{operation}}\" data-c=\"{{control-id}}\" data-p=\"{{parent-origin}}\"></main>";
        fs::write(folder.0.join("dist/page.html"), page).unwrap();
        let config = Config {
            port: 0,
            db: folder.0.join("sandbox.sqlite"),
            dist: folder.0.join("dist"),
            ..Config::default()
        };
        let running = start(config).await.unwrap();
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { running, client, _folder: folder }
    }

    pub(crate) fn base_url(&self) -> &str {
        self.running.base_url()
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request =
            self.client.request(method.clone(), format!("{}{path}?auditUser=test", self.base_url()));
        let request = request.basic_auth("sandbox", Some("sandbox"));
        let request = if method == Method::GET { request } else { request.json(body) };
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn control(&self, path: &str, body: &Value) {
        let answer = self.call(Method::POST, path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// How many PINs have come so far, answered or not.
    pub(crate) async fn sets(&self) -> usize {
        let wire = self.call(Method::GET, "/sandbox/wire", &json!(null)).await.json();
        let is_set = |request: &&Value| request["path"].as_str().is_some_and(|path| path.ends_with("/set"));
        wire["requests"].as_array().unwrap().iter().filter(is_set).count()
    }

    /// A card that waits for its PIN.
    pub(crate) async fn card(&self) -> String {
        let path = "/card/v4/MC_CARD/customer/7/account/8/MAIN";
        let answer = self.call(Method::POST, path, &json!({"pinStatus": "W"})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn control_id(&self, card: &str, scope: &str) -> String {
        let plastics = self.call(Method::GET, &format!("/card/v3/{card}/plastic"), &json!({})).await.json();
        let path = format!("/pincontrol/v2/plastic/{}", plastics[0]["id"].as_str().unwrap());
        let answer = self.call(Method::POST, &path, &json!({"scope": scope})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn pin_status(&self, card: &str) -> String {
        let card = self.call(Method::GET, &format!("/card/v4/MC_CARD/{card}"), &json!({})).await.json();
        card["pinStatus"].as_str().unwrap().to_owned()
    }

    /// What the simulated HSM decrypted.
    pub(crate) async fn pin(&self, card: &str) -> Option<String> {
        let answer = self.call(Method::GET, &format!("/sandbox/cards/{card}/pin"), &json!({})).await;
        answer.json()["pin"].as_str().map(str::to_owned)
    }
}
