//! The pad fits: no size, language, text size or number of digits makes it overflow, cuts a word off, or moves a key under the thumb
//! from one state of a session to the next.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Sandbox, States, WebDriver};
use serde::Deserialize;
use serde_json::json;

/// Width and height in CSS pixels; the size of text in per cent; whether letters, words and lines are spaced far apart; and
/// whether the whole pad has to be in view.
#[derive(Debug)]
struct Screen {
    width: u32,
    height: u32,
    text: u32,
    is_spaced: bool,
    is_in_view: bool,
}

const SCREENS: [Screen; 7] = [
    Screen { width: 320, height: 568, text: 100, is_spaced: false, is_in_view: true },
    Screen { width: 390, height: 844, text: 100, is_spaced: false, is_in_view: true },
    Screen { width: 844, height: 390, text: 100, is_spaced: false, is_in_view: true },
    // A laptop's window at a zoom of 400 per cent (WCAG 2.2, 1.4.10).
    Screen { width: 320, height: 256, text: 100, is_spaced: false, is_in_view: false },
    // Text of twice the size (WCAG 2.2, 1.4.4).
    Screen { width: 390, height: 844, text: 200, is_spaced: false, is_in_view: false },
    Screen { width: 320, height: 568, text: 200, is_spaced: false, is_in_view: false },
    // Text spacing that the customer has set (WCAG 2.2, 1.4.12).
    Screen { width: 390, height: 844, text: 100, is_spaced: true, is_in_view: false },
];

/// Languages with short words, long words, long sentences, and the other direction of writing.
const LANGUAGES: [&str; 4] = ["en", "de", "hu", "ar"];

const MEASURE: &str = "
    const { text, isSpaced } = argument;
    document.documentElement.style.fontSize = `${text}%`;
    scrollTo(0, 0);
    const root = document.querySelector('card-pin').shadowRoot;
    const spacing = new CSSStyleSheet();
    spacing.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }');
    root.adoptedStyleSheets = [root.adoptedStyleSheets[0], ...(isSpaced ? [spacing] : [])];
    const isSeen = (element) => getComputedStyle(element).visibility === 'visible';
    const texts = [...root.querySelectorAll('[part=step], [part=prompt], [part=hint], [part=message], button')];
    const box = (element) => element.getBoundingClientRect();
    const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    // The place of the entered digits, or of the PIN that is viewed.
    const places = [...root.querySelectorAll('[part=dots], [part=stage]')];
    const digits = places.find(isSeen) ?? places[0];
    const { x, y } = box(root.querySelector('[data-key=\"5\"], [part=stage]'));
    const shown = texts.filter((element) => isSeen(element) && (element.textContent || element.localName === 'button'));
    return {
      over: document.documentElement.scrollWidth - innerWidth,
      cut: shown.filter((element) => element.scrollWidth > element.clientWidth + 1).map((element) => element.textContent),
      outside: [...shown, digits]
        .filter((element) => box(element).left < 0 || box(element).right > innerWidth + 0.5).map((element) => element.textContent),
      below: [...root.querySelectorAll('button')].filter((key) => isSeen(key) && box(key).bottom > innerHeight + 0.5).map((key) => key.dataset.key),
      covered: isSeen(digits) ? shown.filter((element) => meets(box(element), box(digits))).map((element) => element.textContent) : [],
      key: [x, y],
      language: root.querySelector('[part=pad]').lang,
    };
";

#[derive(Debug, Deserialize)]
struct Measured {
    over: f64,
    cut: Vec<String>,
    outside: Vec<String>,
    below: Vec<String>,
    covered: Vec<String>,
    key: [f64; 2],
    language: String,
}

#[tokio::test]
async fn the_pad_fits() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    // A refusal shakes the dots and the keys for a moment, unless the customer prefers reduced motion.
    driver.draw_in("light").await?;
    for language in LANGUAGES {
        let states = States { sandbox: &sandbox, driver, language };
        let mut keys: [Option<[f64; 2]>; SCREENS.len()] = [None; SCREENS.len()];
        let look = async |state: &str| {
            for (screen, keys) in SCREENS.iter().zip(&mut keys) {
                let key = fits(driver, screen, language).await.with_context(|| format!("{screen:?}"))?;
                // The text at an end, or about a suggestion, may need more lines than any text before it. There are no keys then.
                let is_long = ["suggested", "not certain", "unusable"].contains(&state) || (state == "failed" && screen.text > 100)
                    // Lines with a wider spacing than the pad's own need more space than it reserves.
                    || screen.is_spaced;
                let start = *keys.get_or_insert(key);
                ensure!(start == key || is_long, "the keys moved, {screen:?}: from {start:?} to {key:?}");
            }
            Ok(())
        };
        states.setting(look).await.with_context(|| format!("setting, {language}"))?;
        let look = async |_: &str| {
            for screen in &SCREENS {
                fits(driver, screen, language).await.with_context(|| format!("{screen:?}"))?;
            }
            Ok(())
        };
        states.viewing(look).await.with_context(|| format!("viewing, {language}"))?;
        states.twelve_digits(look).await.with_context(|| format!("twelve digits, {language}"))?;
    }
    Ok(())
}

/// Checks that nothing overflows or is covered; returns where the keys are.
async fn fits(driver: &WebDriver, screen: &Screen, language: &str) -> Result<[f64; 2]> {
    driver.draw_on(screen.width, screen.height).await?;
    let measured: Measured =
        driver.run(MEASURE, json!({"text": screen.text, "isSpaced": screen.is_spaced})).await?;
    let Measured { over, cut, outside, below, covered, key, language: spoken } = &measured;
    let fits = *over <= 0.0 && cut.is_empty() && outside.is_empty() && covered.is_empty();
    ensure!(fits && (below.is_empty() || !screen.is_in_view), "{measured:?}");
    ensure!(spoken == language, "it speaks {spoken}");
    Ok(*key)
}
