//! What a document or a request leaves behind.

use crate::webdriver::WebDriver;
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// Everything that a document shows or keeps, as `{place: content}`.
const COLLECT: &str = r#"
    const shadowRoots = (root) => [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
    const markup = (root) => [...root.children].map(({ outerHTML }) => outerHTML).join("");
    const globals = Object.keys(window).filter((name) => /string|number/.test(typeof window[name]));
    return {
      "the document": markup(document),
      "shadow roots": shadowRoots(document).map(markup).join(""),
      "local storage": JSON.stringify({ ...localStorage }),
      "session storage": JSON.stringify({ ...sessionStorage }),
      "cookies": document.cookie,
      "databases": JSON.stringify(await indexedDB.databases()),
      "the history's state": JSON.stringify(history.state),
      "the address": location.href,
      "global variables": JSON.stringify(globals.map((name) => [name, window[name]])),
      "events": JSON.stringify(window.padEvents ?? []),
    };
"#;

/// Puts `argument` into each of those places; `forget` takes it out of those that outlive the document.
const PLANT: &str = r#"
    const shadowRoots = (root) => [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
    // Where a document has no shadow root, one comes with the sentinel.
    const bearer = document.createElement("div");
    bearer.attachShadow({ mode: "open" });
    document.body.append(bearer);
    for (const root of [document.body, ...shadowRoots(document)]) {
      const planted = document.createElement("p");
      planted.dataset.planted = argument;
      root.append(planted);
    }
    localStorage.setItem("planted", argument);
    sessionStorage.setItem("planted", argument);
    document.cookie = `planted=${argument}; path=/`;
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open(`planted-${argument}`);
      opening.onsuccess = () => resolve(opening.result.close());
      opening.onerror = () => reject(opening.error);
    });
    history.replaceState({ planted: argument }, "", `#${argument}`);
    window.planted = argument;
    window.padEvents ??= [];
    const pad = document.querySelector("card-pin");
    const detail = { event: "pin_valid", planted: argument };
    if (pad) pad.dispatchEvent(new CustomEvent("pin_valid", { detail }));
    else window.padEvents.push(detail);
"#;

const FORGET: &str = r#"
    localStorage.removeItem("planted");
    sessionStorage.removeItem("planted");
    document.cookie = "planted=; path=/; max-age=0";
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
    history.replaceState(null, "", location.pathname);
"#;

/// Digits, as a PIN would be; more of them, so that they stand nowhere by chance.
const SENTINEL: &str = "864042753186";

/// What is left behind somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Where it was found.
    pub place: String,
    /// What stood there.
    pub content: String,
}

impl Trace {
    /// Whether these digits stand there, as a text or as a list of numbers or texts.
    #[must_use]
    pub fn holds(&self, digits: &str) -> bool {
        let digits: Vec<_> = digits.chars().map(String::from).collect();
        let separators = ["", " ", ",", ", ", "\",\"", "\", \""];
        separators.iter().any(|separator| self.content.contains(&digits.join(separator)))
    }
}

/// Everything that the current document shows or keeps. Proves at the same time that it looks in the right places: what is
/// planted there is found.
///
/// # Errors
///
/// If a place cannot be read, or what was planted in it is not found.
pub async fn traces_in_document(driver: &WebDriver, name: &str) -> Result<Vec<Trace>> {
    let traces = collect(driver, name).await?;
    driver.run::<Value>(PLANT, json!(SENTINEL)).await?;
    for trace in collect(driver, name).await? {
        ensure!(trace.holds(SENTINEL), "the search of {} finds nothing, not even what is there", trace.place);
    }
    driver.run::<Value>(FORGET, Value::Null).await?;
    Ok(traces)
}

async fn collect(driver: &WebDriver, name: &str) -> Result<Vec<Trace>> {
    let places: serde_json::Map<String, Value> = driver.run(COLLECT, Value::Null).await?;
    let cookies = json!(driver.cookies().await?).to_string();
    let in_scripts_reach = places.into_iter().map(|(place, content)| Trace {
        place: format!("{place} of the {name}"),
        content: content.as_str().unwrap_or_default().to_owned(),
    });
    Ok(in_scripts_reach
        .chain([Trace { place: format!("the browser's cookies of the {name}"), content: cookies }])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::Trace;

    #[test]
    fn digits_are_found_as_a_text_and_as_a_list() {
        for content in ["pin=8640&", "[8,6,4,0]", "[8, 6, 4, 0]", "[\"8\",\"6\",\"4\",\"0\"]", "8 6 4 0"] {
            let trace = Trace { place: String::new(), content: content.to_owned() };
            assert!(trace.holds("8640"), "{content}");
            assert!(!trace.holds("8641"), "{content}");
        }
    }
}
