//! Pictures of every state.

use crate::{States, WebDriver};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// The colours that each state is drawn in.
pub const SCHEMES: [&str; 2] = ["light", "dark"];
/// Width and height in CSS pixels: the smallest phone, a usual one, and one on its side.
const SCREENS: [(u32, u32); 3] = [(320, 568), (390, 844), (844, 390)];

/// The fonts that everything is drawn with, so that words are as long here as on any machine.
const FONTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/e2e-npm/node_modules/@fontsource-variable/noto-sans-arabic/files"
);
const FACES: [(&str, &str); 2] = [("latin", "U+0-5FF, U+2000-20CF"), ("arabic", "U+600-6FF, U+FB50-FEFF")];
const LOAD_FONTS: &str = "
    for (const [data, unicodeRange] of argument) {
      const face = new FontFace('Pictures', Uint8Array.fromBase64(data), { unicodeRange, weight: '100 900' });
      document.fonts.add(await face.load());
    }
    document.documentElement.style.fontFamily = 'Pictures';
    document.documentElement.style.setProperty('--card-pin-font', 'Pictures');
";

/// Makes pictures repeatable: a spinner is in a different place each time, and a PIN on its canvas changes colours only when the
/// pad notices it.
const STAND_STILL: &str = "
    const root = document.querySelector('card-pin')?.shadowRoot;
    for (const animation of root?.getAnimations() ?? []) animation.cancel();
    scrollTo(0, 0);
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await frame();
    const canvas = root?.querySelector('[data-shown] canvas');
    const isDrawn = () => {
      const { width, height } = canvas;
      const drawing = new OffscreenCanvas(width, height).getContext('2d');
      drawing.drawImage(canvas, 0, 0);
      const { data } = drawing.getImageData(0, 0, width, height);
      const inked = data.findIndex((value, at) => at % 4 === 3 && value === 255) - 3;
      return inked >= 0 && getComputedStyle(canvas).color === `rgb(${data.slice(inked, inked + 3).join(', ')})`;
    };
    const isSeen = canvas && getComputedStyle(canvas).visibility === 'visible';
    while (isSeen && !isDrawn()) await frame();
";

/// What both ways to draw a sheet need.
const DRAW: &str = "
    const pixels = async (picture) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.fromBase64(picture)]));
      const { width, height } = bitmap;
      const drawing = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      drawing.drawImage(bitmap, 0, 0);
      return drawing.getImageData(0, 0, width, height);
    };
    // Each point is the mean of eight by eight: where a letter is drawn a little darker it changes little, and where
    // something stands elsewhere much. Fewer shades make a smaller file.
    const shrink = ({ data, width, height }) => {
      const small = new ImageData(width >> 3, height >> 3);
      for (let at = 0; at < small.data.length; at += 1) {
        const [point, channel] = [at >> 2, at & 3];
        const [left, top] = [(point % small.width) << 3, Math.floor(point / small.width) << 3];
        let sum = 0;
        for (let y = top; y < top + 8; y += 1) for (let x = left; x < left + 8; x += 1) sum += data[(y * width + x) * 4 + channel];
        small.data[at] = channel === 3 ? 255 : Math.min(255, Math.round(sum / 64 / 8) * 8);
      }
      return small;
    };
    const GAP = 2;
    const rows = Map.groupBy(argument.shots, ({ state }) => state);
    const cells = [];
    let [width, top] = [0, 0];
    for (const shots of rows.values()) {
      let [left, height] = [0, 0];
      for (const { state, screen, png } of shots) {
        const image = shrink(await pixels(png));
        cells.push({ name: `${state}, ${screen[0]} by ${screen[1]}`, image, left, top });
        [left, height] = [left + image.width + GAP, Math.max(height, image.height + GAP)];
      }
      [width, top] = [Math.max(width, left), top + height];
    }
";

const SHRINK: &str = "
    const drawing = new OffscreenCanvas(width, top).getContext('2d', { alpha: false });
    for (const { image, left, top } of cells) drawing.putImageData(image, left, top);
    const blob = await drawing.canvas.convertToBlob({ type: 'image/webp', quality: 1 });
    return new Uint8Array(await blob.arrayBuffer()).toBase64();
";

const COMPARE: &str = "
    const baseline = await pixels(argument.baseline);
    if (baseline.width !== width || baseline.height !== top) throw new Error('the sheet has another size than the one that is kept');
    return cells.map(({ name, image, left, top }) => {
      let changed = 0;
      for (let at = 0; at < image.data.length; at += 4) {
        const [x, y] = [(at >> 2) % image.width, Math.floor((at >> 2) / image.width)];
        const kept = ((top + y) * baseline.width + left + x) * 4;
        changed += [0, 1, 2].some((channel) => Math.abs(image.data[at + channel] - baseline.data[kept + channel]) > argument.tolerance);
      }
      return { name, changed: changed / (image.data.length / 4) };
    });
";

const LAY_OUT: &str = "
    document.documentElement.style.background = '#8b8b8b';
    document.body.style.cssText = `margin: 0; padding: 8px; display: flex; flex-wrap: wrap; align-items: start; gap: 12px 8px; \
      box-sizing: border-box; inline-size: ${argument.width}px`;
    for (const { caption, png, width } of argument.tiles) {
      const tile = document.createElement('figure');
      tile.style.cssText = `margin: 0; inline-size: ${width}px; font-size: 13px`;
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      image.style.cssText = 'display: block; inline-size: 100%; margin-block-end: 4px';
      tile.append(image, caption);
      document.body.append(tile);
    }
    return { x: 0, y: 0, width: argument.width, height: document.body.scrollHeight, scale: 1 };
";

/// All pictures of one colour scheme in one language.
#[derive(Debug, Serialize)]
pub struct Sheet {
    /// Its scheme and its direction of writing.
    pub name: String,
    shots: Vec<Shot>,
}

/// A picture with its caption.
#[derive(Debug, Serialize)]
pub struct Tile {
    /// What stands below it.
    pub caption: String,
    /// In base64.
    pub png: String,
    /// How wide it is drawn, in CSS pixels.
    pub width: u32,
}

#[derive(Debug, Serialize)]
struct Shot {
    state: String,
    screen: (u32, u32),
    /// In base64.
    png: String,
}

/// How much a picture has changed.
#[derive(Debug, Deserialize)]
pub struct Difference {
    /// State and size of the screen.
    pub name: String,
    /// The share of its points, from 0 to 1.
    pub changed: f64,
}

/// Photographs every state in both colour schemes on all screens.
///
/// # Errors
///
/// If a state is not reached.
pub async fn photograph(states: &States<'_>) -> Result<Vec<Sheet>> {
    let mut sheets = SCHEMES.map(|scheme| Sheet {
        name: format!("{scheme}-{}", if states.language == "ar" { "rtl" } else { "ltr" }),
        shots: Vec::new(),
    });
    let mut look = async |state: &str| {
        load_fonts(states.driver).await?;
        for (scheme, sheet) in SCHEMES.iter().zip(&mut sheets) {
            states.driver.draw_in(scheme).await?;
            for screen in SCREENS {
                states.driver.draw_on(screen.0, screen.1).await?;
                states.driver.run::<Value>(STAND_STILL, Value::Null).await?;
                let png = picture_of(states.driver, json!({})).await?;
                sheet.shots.push(Shot { state: state.to_owned(), screen, png });
            }
        }
        Ok(())
    };
    states.setting(&mut look).await?;
    states.viewing(&mut look).await?;
    states.no_page(&mut look).await?;
    Ok(sheets.into())
}

/// Draws the page and its pad with the fonts of all pictures.
///
/// # Errors
///
/// If they are not installed.
pub async fn load_fonts(driver: &WebDriver) -> Result<()> {
    if driver
        .run("return document.fonts.check('1em Pictures') && [...document.fonts].length > 0", Value::Null)
        .await?
    {
        return Ok(());
    }
    let faces = FACES.map(|(subset, range)| {
        let file = PathBuf::from(FONTS).join(format!("noto-sans-arabic-{subset}-wght-normal.woff2"));
        let data = fs::read(file).context("the fonts are not there: run `cargo xtask setup`")?;
        Ok(json!([base64(&data), range]))
    });
    let faces: Vec<Value> = faces.into_iter().collect::<Result<_>>()?;
    driver.run::<Value>(LOAD_FONTS, json!(faces)).await.map(drop)
}

/// What Chromium shows, as PNG in base64. The options are those of `Page.captureScreenshot`.
///
/// # Errors
///
/// In another browser.
pub async fn picture_of(driver: &WebDriver, mut options: Value) -> Result<String> {
    options["format"] = json!("png");
    options["optimizeForSpeed"] = json!(true);
    let picture = driver.devtools("Page.captureScreenshot", options).await?;
    Ok(picture["data"].as_str().context("there is no picture")?.to_owned())
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::{Base64, Encoding as _};
    Base64::encode_string(bytes)
}

fn from_base64(text: &str) -> Result<Vec<u8>> {
    use base64ct::{Base64, Encoding as _};
    Base64::decode_vec(text).context("a picture is not base64")
}

impl Sheet {
    /// The sheet that is kept to compare with: an eighth of the size, as WebP without loss, which is a third of a PNG.
    ///
    /// # Errors
    ///
    /// If Chromium does not draw it; the same for the others.
    pub async fn small(&self, driver: &WebDriver) -> Result<Vec<u8>> {
        let small: String = driver.run(&format!("{DRAW}{SHRINK}"), json!(self)).await?;
        from_base64(&small)
    }

    /// How far each picture is from the one that was kept. Points count that differ by more than `tolerance` of 255 shades.
    ///
    /// # Errors
    ///
    /// As above, and where the kept sheet has other pictures.
    pub async fn differences(
        &self,
        driver: &WebDriver,
        kept: &[u8],
        tolerance: u8,
    ) -> Result<Vec<Difference>> {
        let argument = json!({"shots": self.shots, "baseline": base64(kept), "tolerance": tolerance});
        driver.run(&format!("{DRAW}{COMPARE}"), argument).await
    }

    /// The contact sheet for people: half the size, with the states' names, as PNG.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn for_people(&self, driver: &WebDriver) -> Result<Vec<u8>> {
        let tiles = self.shots.iter().map(|Shot { state, screen, png }| Tile {
            caption: state.clone(),
            png: png.clone(),
            width: screen.0 / 2,
        });
        lay_out(driver, &tiles.collect::<Vec<_>>(), 820).await
    }

    /// The picture of a state on the usual phone.
    #[must_use]
    pub fn picture(&self, state: &str) -> Option<&str> {
        let mut shots = self.shots.iter();
        shots.find(|shot| shot.state == state && shot.screen == SCREENS[1]).map(|shot| &*shot.png)
    }
}

/// Draws tiles in rows of this width, as PNG.
///
/// # Errors
///
/// If Chromium does not draw them.
pub async fn lay_out(driver: &WebDriver, tiles: &[Tile], width: u32) -> Result<Vec<u8>> {
    load_fonts(driver).await?;
    let clip: Value = driver.run(LAY_OUT, json!({"tiles": tiles, "width": width})).await?;
    from_base64(&picture_of(driver, json!({"clip": clip, "captureBeyondViewport": true})).await?)
}
