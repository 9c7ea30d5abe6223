//! The sandbox and the relay.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use card_pin_relay::{Log, Relay, read_config};
use card_pin_sandbox::Config;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::Result;

/// What the sandbox's own limit is while cards are made and looked at: more than is ever asked for.
pub(crate) const NO_LIMIT: usize = 1_000_000;

/// A card, and the plastic that its PIN is set for.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) plastic: String,
}

/// Where everything is.
#[derive(Clone)]
pub(crate) struct Places {
    pub(crate) http: Client,
    pub(crate) sandbox: String,
    pub(crate) relay: String,
    /// How many `set` the relay answered.
    pub(crate) sets: Arc<AtomicUsize>,
}

/// What is started, in a folder that goes at the end.
pub(crate) struct Started {
    pub(crate) places: Places,
    sandbox: card_pin_sandbox::Running,
    relay: card_pin_relay::Running,
    folder: PathBuf,
}

/// A sandbox, and a relay with these fields of its configuration besides; `SANDBOX` in them is the sandbox's address, and `FOLDER`
/// one for files.
pub(crate) async fn start(fields: &[(&str, &str)]) -> Result<Started> {
    let folder = std::env::temp_dir().join(format!("card-pin-load-{}", std::process::id()));
    fs::create_dir_all(folder.join("dist"))?;
    fs::write(folder.join("dist/page.html"), "{{operation}}{{control-id}}{{parent-origin}}")?;
    let sandbox = card_pin_sandbox::start(Config {
        port: 0,
        db: folder.join("sandbox.sqlite"),
        dist: folder.join("dist"),
        user: "load".to_owned(),
        password: "load".to_owned(),
        requests_per_second: NO_LIMIT,
        ..Config::default()
    })
    .await?;
    let sets = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sets);
    let log = Log::new(move |line| {
        counted.fetch_add(usize::from(line.contains("\"route\":\"set\"")), Ordering::Relaxed);
    });
    let always = [
        ("LISTEN", "127.0.0.1:0"),
        ("DRAIN_MS", "0"),
        ("ENFUCE__PLATFORM", "classic"),
        ("ENFUCE__BASE_URL", "SANDBOX"),
        ("ENFUCE__AUDIT_USER", "load"),
        ("ENFUCE__AUTH__KIND", "basic"),
        ("ENFUCE__AUTH__USER", "load"),
        ("ENFUCE__AUTH__PASSWORD", "load"),
        ("LIMITS__PER_MINUTE", "1000000"),
        ("LIMITS__BURST", "1000000"),
    ];
    // 32 bytes in base64.
    fs::write(folder.join("seal-keys"), format!("{}=\n", "A".repeat(43)))?;
    let folder_name = folder.to_string_lossy();
    let fields = always.iter().chain(fields).map(|(name, value)| {
        let value = value.replace("SANDBOX", sandbox.base_url()).replace("FOLDER", &folder_name);
        (format!("CARDPIN__{name}"), value)
    });
    let relay = card_pin_relay::start(Relay::new(read_config(None, fields)?, log)?).await?;
    let places = Places {
        http: Client::builder().no_proxy().build()?,
        sandbox: sandbox.base_url().to_owned(),
        relay: relay.listen().to_string(),
        sets,
    };
    Ok(Started { places, sandbox, relay, folder })
}

impl Started {
    pub(crate) async fn stop(self) -> Result<()> {
        self.relay.stop().await;
        self.sandbox.stop().await;
        Ok(fs::remove_dir_all(self.folder)?)
    }
}

impl Places {
    /// A call of the issuer's back-end.
    pub(crate) async fn enfuce(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.request(method.clone(), format!("{}{path}?auditUser=load", self.sandbox));
        let request = request.basic_auth("load", Some("load"));
        let request = if method == Method::GET { request } else { request.json(body) };
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub(crate) async fn make_card(&self, customer: &str) -> Result<Card> {
        let path = format!("/card/v4/MC_CARD/customer/{customer}/account/1/MAIN");
        let card = self.enfuce(Method::POST, &path, &json!({"pinStatus": "W"})).await?;
        let id = text(&card["id"])?;
        let plastics = self.enfuce(Method::GET, &format!("/card/v3/{id}/plastic"), &json!({})).await?;
        Ok(Card { id, plastic: text(&plastics[0]["id"])? })
    }

    /// Changes how many calls a second the issuer may make.
    pub(crate) async fn limit(&self, requests_per_second: usize) -> Result<()> {
        let control = self.http.post(format!("{}/sandbox/quota", self.sandbox));
        control.json(&json!({"requestsPerSecond": requests_per_second})).send().await?.error_for_status()?;
        Ok(())
    }

    /// How many cards have another PIN than expected, or none.
    pub(crate) async fn lost(&self, expected: &[(String, String)]) -> Result<usize> {
        let mut lost = 0;
        for (card, pin) in expected {
            let shown = self.enfuce(Method::GET, &format!("/card/v4/MC_CARD/{card}"), &json!({})).await?;
            let held = self.http.get(format!("{}/sandbox/cards/{card}/pin", self.sandbox)).send().await?;
            let held: Value = held.json().await?;
            lost += usize::from(shown["pinStatus"] != "S" || held["pin"] != *pin);
        }
        Ok(lost)
    }
}

/// An id in an answer.
pub(crate) fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or("the sandbox's answer lacks an id")?.to_owned())
}
