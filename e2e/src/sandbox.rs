//! A sandbox for one test.

use crate::{
    files::{copy_dist, copy_files, open_root},
    traces::Trace,
};
use anyhow::{Context, Result, ensure};
use card_pin_sandbox::{Config, ENFUCE_REQUESTS, Running};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const USER: &str = "e2e";
const PASSWORD: &str = "e2e";

/// A sandbox of its own for a test, with an empty database, the built page, and the test pages beside it.
#[derive(Debug)]
pub struct Sandbox {
    running: Running,
    client: reqwest::Client,
    files: TempDir,
}

/// A card that waits for its PIN, and a control id for it.
#[derive(Debug)]
pub struct WaitingCard {
    /// The card's id.
    pub id: String,
    /// The one-use token.
    pub control_id: String,
}

impl Sandbox {
    /// Starts it on a free port.
    ///
    /// # Errors
    ///
    /// If `dist/` is not built, or the sandbox does not start.
    pub async fn start() -> Result<Self> {
        Self::start_framed(Vec::new()).await
    }

    /// As [`Sandbox::start`], but Enfuce has no limit of requests: for a run that sends more than people do.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn start_unlimited() -> Result<Self> {
        Self::start_with(Vec::new(), u16::MAX.into(), None).await
    }

    /// As [`Sandbox::start`], with these frame keys, each with the origin that may frame the hosted page under it.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn start_framed(frames: Vec<(String, String)>) -> Result<Self> {
        Self::start_with(frames, ENFUCE_REQUESTS, None).await
    }

    /// As [`Sandbox::start`], with an issuer's theme for the hosted page.
    ///
    /// # Errors
    ///
    /// The same, and where the theme is not understood.
    pub async fn start_themed(theme: &Path) -> Result<Self> {
        Self::start_with(Vec::new(), ENFUCE_REQUESTS, Some(theme.to_owned())).await
    }

    /// As [`Sandbox::start_unlimited`], with the files of another build, as they are: the pad's root stays closed.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn start_of(dist: &Path) -> Result<Self> {
        let files = tempfile::tempdir()?;
        copy_files(dist, &files.path().join("dist"))?;
        Self::start_on(files, Vec::new(), u16::MAX.into(), None).await
    }

    async fn start_with(
        frames: Vec<(String, String)>,
        requests_per_second: usize,
        theme: Option<PathBuf>,
    ) -> Result<Self> {
        let files = tempfile::tempdir()?;
        copy_dist(&files.path().join("dist"))?;
        Self::start_on(files, frames, requests_per_second, theme).await
    }

    async fn start_on(
        files: TempDir,
        frames: Vec<(String, String)>,
        requests_per_second: usize,
        theme: Option<PathBuf>,
    ) -> Result<Self> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
        let dist = files.path().join("dist");
        // The sandbox serves each file of the folder, so the test pages come from the origin that the element posts to.
        copy_files(&project.join("e2e/pages"), &dist)?;
        let config = Config {
            port: 0,
            db: files.path().join("sandbox.sqlite"),
            dist,
            frames,
            theme,
            user: USER.to_owned(),
            password: PASSWORD.to_owned(),
            requests_per_second,
            ..Config::default()
        };
        let running = card_pin_sandbox::start(config).await?;
        Ok(Self { running, client: reqwest::Client::builder().no_proxy().build()?, files })
    }

    /// Serves the files of a folder under `/pin-page/` too.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn add_files(&self, folder: &Path) -> Result<()> {
        copy_files(folder, &self.files.path().join("dist"))
    }

    /// Serves another build under `/pin-page/NAME/` too, with the pad's root open; the folder with its files.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn add_build(&self, dist: &Path, name: &str) -> Result<PathBuf> {
        let folder = self.files.path().join("dist").join(name);
        copy_files(dist, &folder)?;
        open_root(&folder)?;
        Ok(folder)
    }

    /// An address on the sandbox.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.base_url())
    }

    /// Has the issuer make a card and ask for a control id, as its app would.
    ///
    /// # Errors
    ///
    /// If the sandbox refuses; the same for the other requests.
    pub async fn waiting_card(&self) -> Result<WaitingCard> {
        let holder = json!({"firstName": "Ada", "lastName": "Lindqvist"});
        let card = self.post("/issuer/api/cards", &holder).await?;
        let id = card["id"].as_str().context("the card has no id")?.to_owned();
        Ok(WaitingCard { control_id: self.control_id(&id).await?, id })
    }

    /// The ids of the cards that the issuer has.
    ///
    /// # Errors
    ///
    /// If the sandbox does not answer.
    pub async fn cards(&self) -> Result<Vec<String>> {
        let answer: Value = self.client.get(self.url("/issuer/api/cards")).send().await?.json().await?;
        let cards = answer["cards"].as_array().context("there is no list of cards")?;
        Ok(cards.iter().filter_map(|card| card["id"].as_str().map(str::to_owned)).collect())
    }

    /// A card that will be made with a random PIN.
    ///
    /// # Errors
    ///
    /// If the sandbox refuses.
    pub async fn random_card(&self) -> Result<String> {
        let holder = json!({"firstName": "Ada", "lastName": "Lindqvist", "pinStatus": "D"});
        let card = self.post("/issuer/api/cards", &holder).await?;
        Ok(card["id"].as_str().context("the card has no id")?.to_owned())
    }

    /// One more control id for a card.
    ///
    /// # Errors
    ///
    /// If the card does not wait for a PIN.
    pub async fn control_id(&self, card: &str) -> Result<String> {
        let control = self.post(&format!("/issuer/api/cards/{card}/set-pin"), &json!({})).await?;
        Ok(control["controlId"].as_str().context("there is no control id")?.to_owned())
    }

    /// Has every card made that is due.
    ///
    /// # Errors
    ///
    /// If the sandbox does not answer.
    pub async fn run_embossing(&self) -> Result<()> {
        self.post("/sandbox/embossing-run", &json!({})).await.map(drop)
    }

    /// What Enfuce answers to a back-end that asks for a control id of this scope, `SET_PIN` or `VIEW_PIN`: `id`, `pinURL`,
    /// `pinFrameURL`.
    ///
    /// # Errors
    ///
    /// If the card does not wait for a PIN, or has not been made.
    pub async fn pin_control(&self, card: &str, scope: &str) -> Result<Value> {
        let enfuce = |method, path: String| {
            self.client.request(method, self.url(&path)).basic_auth(USER, Some(PASSWORD))
        };
        let plastics = enfuce(Method::GET, format!("/card/v3/{card}/plastic?auditUser=e2e"));
        let plastics: Value = plastics.send().await?.error_for_status()?.json().await?;
        let plastic = plastics[0]["id"].as_str().context("the card has no plastic")?;
        let control = enfuce(Method::POST, format!("/pincontrol/v2/plastic/{plastic}?auditUser=e2e"));
        let control = control.json(&json!({"scope": scope})).send().await?;
        Ok(control.error_for_status()?.json().await?)
    }

    /// A control id to view a card's PIN.
    ///
    /// # Errors
    ///
    /// If the card has not been made.
    pub async fn view_control_id(&self, card: &str) -> Result<String> {
        let control = self.pin_control(card, "VIEW_PIN").await?;
        Ok(control["id"].as_str().context("there is no control id")?.to_owned())
    }

    /// Has the next TZPKs be of this kind.
    ///
    /// # Errors
    ///
    /// If there is no such kind.
    pub async fn plan_key(&self, key: &Value) -> Result<()> {
        self.post("/sandbox/pin-key", key).await.map(drop)
    }

    /// A bearer token, as the newer platform wants it.
    ///
    /// # Errors
    ///
    /// If the sandbox gives none.
    pub async fn access_token(&self) -> Result<String> {
        let request = self.client.post(self.url("/oauth2/token")).basic_auth(USER, Some(PASSWORD));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("grant_type=client_credentials").send().await?.error_for_status()?;
        let answer: Value = answer.json().await?;
        Ok(answer["access_token"].as_str().context("there is no token")?.to_owned())
    }

    /// The PIN that the sandbox's HSM decrypted for a card, if any.
    ///
    /// # Errors
    ///
    /// If the sandbox does not answer.
    pub async fn pin_of(&self, card: &str) -> Result<Option<String>> {
        let response = self.client.get(self.url(&format!("/sandbox/cards/{card}/pin"))).send().await?;
        if response.status() == 404 {
            return Ok(None);
        }
        let answer: Value = response.error_for_status()?.json().await?;
        Ok(answer["pin"].as_str().map(str::to_owned))
    }

    /// Every request that arrived and was not for a file.
    ///
    /// # Errors
    ///
    /// If the sandbox does not answer.
    pub async fn wire(&self) -> Result<Vec<Value>> {
        let answer: Value =
            self.client.get(self.url("/sandbox/wire")).send().await?.error_for_status()?.json().await?;
        Ok(answer["requests"].as_array().context("the wire has no requests")?.clone())
    }

    /// What can be read in these requests: addresses, headers and bodies. Proves at the same time that all of these are
    /// there to be searched: what is planted in them is found.
    ///
    /// # Errors
    ///
    /// If what was planted is not found.
    pub async fn traces_on_the_wire(&self) -> Result<Vec<Trace>> {
        let sent = self.wire().await?;
        self.client
            .post(self.url("/planted-in-the-path-86404275?planted-in-the-query-86404275"))
            .header("x-planted", "planted-in-a-header-86404275")
            .body("planted-in-the-body-86404275")
            .send()
            .await?;
        let planted = self.wire().await?.last().map(ToString::to_string).unwrap_or_default();
        for place in ["the-path", "the-query", "a-header", "the-body"] {
            let sentinel = format!("planted-in-{place}-86404275");
            ensure!(
                planted.contains(&sentinel),
                "the search of {place} finds nothing, not even what is there"
            );
        }
        Ok(sent.into_iter().enumerate().map(Self::trace).collect())
    }

    fn trace((number, mut request): (usize, Value)) -> Trace {
        if let Some(request) = request.as_object_mut() {
            // The sandbox's own note of when the request came: nothing that was sent.
            request.remove("at");
        }
        let path = request["path"].as_str().unwrap_or_default();
        Trace { place: format!("request {number}, to {path}"), content: request.to_string() }
    }

    /// How many of these requests went to a path.
    ///
    /// # Errors
    ///
    /// If the sandbox does not answer.
    pub async fn count(&self, path: &str) -> Result<usize> {
        Ok(self.wire().await?.iter().filter(|request| request["path"] == path).count())
    }

    /// Makes the next requests to `on` (`tzpk` or `set`) go wrong.
    ///
    /// # Errors
    ///
    /// If the sandbox does not know the fault.
    pub async fn plan_fault(&self, on: &str, fault: &Value, times: u16) -> Result<()> {
        self.post("/sandbox/faults", &json!({"on": on, "fault": fault, "times": times})).await.map(drop)
    }

    /// Moves the sandbox's clock.
    ///
    /// # Errors
    ///
    /// If the sandbox does not answer.
    pub async fn advance_clock(&self, seconds: u32) -> Result<()> {
        self.post("/sandbox/clock", &json!({"advanceSeconds": seconds})).await.map(drop)
    }

    /// Forgets cards, faults, and what was sent.
    ///
    /// # Errors
    ///
    /// If the sandbox does not answer.
    pub async fn reset(&self) -> Result<()> {
        self.post("/sandbox/reset", &json!({})).await.map(drop)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let response = self.client.post(self.url(path)).json(body).send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        ensure!(status.is_success(), "POST {path} was refused: {answer}");
        Ok(answer)
    }
}
