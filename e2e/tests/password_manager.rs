//! Firefox's password manager offers nothing on the pad and saves nothing of it. An ordinary form on the same page shows that it
//! is awake.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver};
use serde_json::{Value, json};

/// What a customer may have saved for this bank.
const SAVED: (&str, &str) = ("ada", "a saved password");

/// Asks a field for its list of suggestions (W3C WebDriver, 17.4.2).
const DOWN: &str = "\u{E015}";

/// WebDriver switches saving and filling off, which are on for everybody else.
const SWITCH_ON: &str = "
    for (const name of ['signon.rememberSignons', 'signon.autofillForms']) Services.prefs.setBoolPref(name, true);";

const SAVE: &str = "
    const [origin, name, password] = arguments;
    const login = Cc['@mozilla.org/login-manager/loginInfo;1'].createInstance(Ci.nsILoginInfo);
    login.init(origin, origin, null, name, password, '', '');
    return Services.logins.addLoginAsync(login).then(() => true);";

const OFFERS_TO_SAVE: &str = "
    const { gBrowser, PopupNotifications } = Services.wm.getMostRecentWindow('navigator:browser');
    return PopupNotifications.getNotification('password', gBrowser.selectedBrowser) !== null;";

const OFFERS_TO_FILL: &str = "
    const { document } = Services.wm.getMostRecentWindow('navigator:browser');
    return document.querySelector('#PopupAutoComplete')?.popupOpen === true;";

const FIELD: &str = "document.querySelector('card-pin').shadowRoot.querySelector('[part=field]')";

/// The form of a page that one logs in to.
const FORM: &str = "
    document.body.insertAdjacentHTML('beforeend', `
      <form action='#'><input name='name' autocomplete='username'><input name='password' type='password'></form>`);";

#[tokio::test]
async fn nothing_is_offered_and_nothing_saved() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Firefox.start().await?;
    let driver = browser.driver();
    driver.in_firefox_itself::<Value>(SWITCH_ON, Vec::new()).await?;
    a_pin_is_not_offered_to_be_saved(&sandbox, driver).await.context("saving")?;
    let origin = sandbox.url("").trim_end_matches('/').to_owned();
    driver.in_firefox_itself::<bool>(SAVE, vec![json!(origin), json!(SAVED.0), json!(SAVED.1)]).await?;
    a_saved_password_is_not_filled_in(&sandbox, driver).await.context("filling")
}

async fn a_pin_is_not_offered_to_be_saved(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    let pad = open(sandbox, driver).await?;
    pad.choose("8305", Hand::Keyboard).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    // A manager that follows the fields of a page takes one that goes for one that was sent.
    driver
        .run::<Value>("document.querySelector('card-pin').remove(); location.hash = 'next'", Value::Null)
        .await?;

    // What is typed into the form arrives after all that the pad led to; and typing a password is enough for an offer.
    driver.run::<Value>(FORM, Value::Null).await?;
    type_into(driver, "name", SAVED.0).await?;
    ensure!(
        !driver.in_firefox_itself::<bool>(OFFERS_TO_SAVE, Vec::new()).await?,
        "Firefox offers to save the PIN"
    );
    type_into(driver, "password", SAVED.1).await?;
    driver.wait_for_firefox_itself(OFFERS_TO_SAVE, "the offer to save what the form holds").await
}

async fn a_saved_password_is_not_filled_in(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    let pad = open(sandbox, driver).await?;
    pad.focus().await?;
    // With the focus, the field can be written in only a moment later.
    driver.wait_for(&format!("!{FIELD}.readOnly"), "a field that can be written in").await?;
    driver.type_keys(DOWN).await?;

    driver.run::<Value>(FORM, Value::Null).await?;
    let filled = "document.querySelector('form [name=password]').value";
    driver.wait_for(filled, "the form to be filled in").await?;
    let held: String = driver.run(&format!("return {FIELD}.value"), Value::Null).await?;
    ensure!(held.is_empty(), "the field of the pad was filled in");
    ensure!(
        !driver.in_firefox_itself::<bool>(OFFERS_TO_FILL, Vec::new()).await?,
        "Firefox offers a password"
    );
    let empty =
        "const field = document.querySelector('form [name=password]'); field.value = ''; field.focus()";
    driver.run::<Value>(empty, Value::Null).await?;
    driver.type_keys(DOWN).await?;
    driver.wait_for_firefox_itself(OFFERS_TO_FILL, "the list of passwords for the form").await
}

/// A page with a pad that can be used.
async fn open<'a>(sandbox: &Sandbox, driver: &'a WebDriver) -> Result<Pad<'a>> {
    let card = sandbox.waiting_card().await?;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    let provide = "document.querySelector('card-pin').controlIdProvider = async () => argument";
    driver.run::<Value>(provide, json!(card.control_id)).await?;
    Ok(pad)
}

async fn type_into(driver: &WebDriver, name: &str, text: &str) -> Result<()> {
    let field = format!("document.querySelector('form [name={name}]')");
    Ok(driver.element(&field, name).await?.send_keys(text).await?)
}
