//! What the documentation shows: the pad, its themes, parts and states.

use anyhow::{Context, Result};
use card_pin_e2e::{Hand, Pad, SCHEMES, Sandbox, Sheet, Tile, WebDriver, lay_out, load_fonts, picture_of};
use serde_json::{Value, json};
use std::{fs, path::Path};

const THEMES: [&str; 3] = ["quiet", "plain", "warm"];

/// What `:state()` calls them, and the pictures that show them.
const STATES: [(&str, &str); 9] = [
    ("waiting", "waiting"),
    ("open", "the second step"),
    ("submitting", "submitting"),
    ("done", "done"),
    ("failed", "failed"),
    ("unusable", "unusable"),
    ("arrived", "here, and nobody looks"),
    ("shown", "shown"),
    ("hidden", "hidden"),
];

/// A frame around each part, with its name beside it and a line to it.
const NAME_PARTS: &str = "
    const root = document.querySelector('card-pin').shadowRoot;
    const names = ['step', 'prompt', 'hint', 'entry', 'dot', 'keypad', 'key', 'submit', 'secondary'];
    const pad = root.querySelector('[part=pad]').getBoundingClientRect();
    const draw = (css, text = '') => {
      const mark = document.createElement('div');
      mark.style.cssText = `position: absolute; box-sizing: border-box; ${css}`;
      mark.textContent = text;
      document.body.append(mark);
    };
    document.body.style.position = 'relative';
    let lowest = 0;
    for (const name of names) {
      const { left, top, width, height, right } = root.querySelector(`[part=${name}]:not([data-concealed])`).getBoundingClientRect();
      draw(`left: ${left - 2}px; top: ${top - 1}px; width: ${width + 4}px; height: ${height + 2}px; border: 2px solid #c026d3; border-radius: 4px`);
      const at = lowest = Math.max(lowest, Math.min(top + height / 2, top + 30));
      const start = name === 'dot' || name === 'key' ? left + width : right;
      draw(`left: ${start + 2}px; top: ${at}px; width: ${pad.right + 12 - start}px; border-top: 1px solid #c026d3`);
      draw(`left: ${pad.right + 16}px; top: ${at - 9}px; color: #c026d3; font-size: 14px`, name);
      lowest += 20;
    }
";

/// Writes them as PNG. `sheet` has the pictures of all states.
pub(super) async fn write(sandbox: &Sandbox, driver: &WebDriver, sheet: &Sheet, docs: &Path) -> Result<()> {
    let mut states = Vec::new();
    for (name, state) in STATES {
        let png =
            sheet.picture(state).with_context(|| format!("the sheet has not drawn the state {state}"))?;
        states.push(Tile { caption: format!(":state({name})"), png: png.to_owned(), width: 150 });
    }
    let mut themes = Vec::new();
    for scheme in SCHEMES {
        for theme in THEMES {
            open(sandbox, driver, Some(theme), scheme).await?;
            let png = picture_of(driver, json!({})).await?;
            themes.push(Tile { caption: format!("{theme}.css, {scheme}"), png, width: 240 });
        }
    }
    let mut pads = Vec::new();
    for scheme in SCHEMES {
        open(sandbox, driver, None, scheme).await?;
        let png = picture_of(driver, json!({})).await?;
        pads.push(Tile { caption: String::new(), png, width: 390 });
    }
    open(sandbox, driver, Some("quiet"), "light").await?;
    driver.draw_on(520, 640).await?;
    driver.run::<Value>("document.querySelector('card-pin').style.marginInline = '0'", Value::Null).await?;
    driver.run::<Value>(NAME_PARTS, Value::Null).await?;
    let parts = Tile { caption: String::new(), png: picture_of(driver, json!({})).await?, width: 520 };

    for (name, tiles, width) in [
        ("pad", pads, 812),
        ("theming-states", states, 806),
        ("theming-themes", themes, 752),
        ("theming-parts", vec![parts], 536),
    ] {
        driver.open(&sandbox.url("/pin-page/blank.html")).await?;
        let picture = lay_out(driver, &tiles, width).await?;
        fs::write(docs.join(format!("{name}.png")), picture).context("docs/ cannot be written to")?;
    }
    Ok(())
}

/// The pad with a theme, or as it is, and two digits of the second entry.
async fn open(sandbox: &Sandbox, driver: &WebDriver, theme: Option<&str>, scheme: &str) -> Result<()> {
    driver.draw_in(scheme).await?;
    driver.draw_on(390, 640).await?;
    driver.open(&sandbox.url("/pin-page/frame?key=sandbox&lang=en")).await?;
    load_fonts(driver).await?;
    if let Some(theme) = theme {
        let sheet = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../www/themes/{theme}.css"));
        let sheet = fs::read_to_string(sheet).with_context(|| format!("the theme {theme} cannot be read"))?;
        let wear = "
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(argument + argument.replace('card-pin', ':root'));
            document.adoptedStyleSheets = [sheet];";
        driver.run::<Value>(wear, json!(sheet)).await?;
    }
    let pad = Pad::find(driver).await?;
    pad.start(&sandbox.waiting_card().await?.control_id).await?;
    pad.enter("4826", Hand::Keyboard).await?;
    pad.enter("48", Hand::Keyboard).await
}
