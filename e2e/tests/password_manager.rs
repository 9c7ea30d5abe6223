//! The browsers' own password managers offer nothing on the pad, and save nothing from it. An ordinary form on the same page
//! shows that they are active.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver};
use serde_json::{Value, json};

/// A login that a customer may have saved for this bank, with digits that the pad would accept.
const SAVED: (&str, &str) = ("ada", "saved 4826");

/// Asks a field for its list of suggestions (W3C WebDriver, 17.4.2).
const DOWN: &str = "\u{E015}";
/// How many times the test asks.
const PRESSES: u32 = 50;
const SHIFT: &str = "\u{E008}";

/// WebDriver switches saving and filling off. Otherwise both are on.
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

/// A log-in form.
const FORM: &str = "
    document.body.insertAdjacentHTML('beforeend', `
      <form action='#'><input name='name' autocomplete='username'><input name='password' type='password'></form>`);";

/// The page on which Chromium logs what its password manager does, while the page is open.
const CHROMIUMS_LOG: &str = "chrome://password-manager-internals";

/// This entry of the log means that Chromium offers to save a password.
const CHROMIUM_OFFERS: &str = "PENDING_PASSWORD_STATE";

/// This entry of the log is about the form, whose password field has a name. The pad's field has none.
const CHROMIUM_SEES_FORM: &str = "Password element :  password";

const SAVE_IN_CHROMIUM: &str = "
    const { origin, username, password } = argument;
    await chrome.passwordsPrivate.addPassword({ url: origin, username, password, note: '', useAccountStore: false });";

#[tokio::test]
async fn in_chromium() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start_with_password_manager().await?;
    let driver = browser.driver();
    driver.open(CHROMIUMS_LOG).await?;
    driver.behind_another_tab(set_pin_and_log_in(&sandbox, driver)).await.context("saving")?;
    let log = "document.body.innerText";
    let form_is_offered = format!("{log}.split('{CHROMIUM_SEES_FORM}').at(-1).includes('{CHROMIUM_OFFERS}')");
    driver.wait_for(&form_is_offered, "the offer to save what the form holds").await?;
    let log: String = driver.run(&format!("return {log}"), Value::Null).await?;
    let (of_pad, _) = log.split_once(CHROMIUM_SEES_FORM).context("the log tells nothing of the form")?;
    ensure!(!of_pad.contains(CHROMIUM_OFFERS), "Chromium offers to save the PIN");

    driver.open("chrome://password-manager/passwords").await?;
    let saved = json!({"origin": sandbox.url(""), "username": SAVED.0, "password": SAVED.1});
    driver.run::<Value>(SAVE_IN_CHROMIUM, saved).await?;
    chromium_fills_nothing_in(&sandbox, driver).await.context("filling")
}

async fn set_pin_and_log_in(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    set_pin_and_go_on(sandbox, driver).await?;
    driver.run::<Value>(FORM, Value::Null).await?;
    type_into(driver, "name", SAVED.0).await?;
    type_into(driver, "password", SAVED.1).await?;
    driver.run("document.querySelector('form').requestSubmit()", Value::Null).await
}

async fn chromium_fills_nothing_in(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    let pad = open(sandbox, driver).await?;
    pad.focus().await?;
    driver.wait_for(&format!("!{FIELD}.readOnly"), "a field that can be written in").await?;
    driver.run::<Value>(FORM, Value::Null).await?;
    let filled = "document.querySelector('form [name=password]').matches(':autofill')";
    driver.wait_for(filled, "the form to be filled in").await?;
    // A page can only read a filled-in value after the customer has touched the page.
    driver.type_keys(SHIFT).await?;
    let is_filled: bool = driver
        .run(&format!("return {FIELD}.matches(':autofill') || {FIELD}.value !== ''"), Value::Null)
        .await?;
    ensure!(!is_filled, "the field of the pad was filled in");
    let typed = pad.events().await?.into_iter().find(|event| event["event"] == "pin_valid");
    ensure!(typed.is_none(), "the filled-in text counted as digits: {typed:?}");
    Ok(())
}

#[tokio::test]
async fn in_firefox() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Firefox.start().await?;
    let driver = browser.driver();
    driver.in_firefox_itself::<Value>(SWITCH_ON, Vec::new()).await?;
    a_pin_is_not_offered_to_be_saved(&sandbox, driver).await.context("saving")?;
    let origin = sandbox.url("").trim_end_matches('/').to_owned();
    driver.in_firefox_itself::<bool>(SAVE, vec![json!(origin), json!(SAVED.0), json!(SAVED.1)]).await?;
    a_saved_password_is_not_filled_in(&sandbox, driver).await.context("filling")
}

async fn set_pin_and_go_on(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    let pad = open(sandbox, driver).await?;
    pad.choose("8305", Hand::Keyboard).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    // A password manager that watches the fields of a page assumes that a field that disappears was submitted.
    let go_on = "document.querySelector('card-pin').remove(); location.hash = 'next'";
    driver.run(go_on, Value::Null).await
}

async fn a_pin_is_not_offered_to_be_saved(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    set_pin_and_go_on(sandbox, driver).await?;
    // Input into the form arrives after all effects of the pad, and typing a password is enough for an offer.
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
    driver.run::<Value>(FORM, Value::Null).await?;
    // Firefox handles the fields of a page in their order, so it has already handled the pad's field by then.
    let filled = "document.querySelector('form [name=password]').value";
    driver.wait_for(filled, "the form to be filled in").await?;
    let held: String = driver.run(&format!("return {FIELD}.value"), Value::Null).await?;
    ensure!(held.is_empty(), "the field of the pad was filled in");

    pad.focus().await?;
    // Firefox only makes offers on a field some time after it got the focus, and nothing reports when.
    for _ in 0..PRESSES {
        driver.type_keys(DOWN).await?;
        ensure!(
            !driver.in_firefox_itself::<bool>(OFFERS_TO_FILL, Vec::new()).await?,
            "Firefox offers a password"
        );
    }
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
