//! The built files, and copies of them.

use anyhow::{Context, Result};
use std::{fs, path::Path};

/// The pad's shadow root is closed to scripts of the page. These tests look into it, and no interface of WebDriver can in all
/// three engines. So the scripts under test begin with this line, which makes the root available like an open one.
const OPEN_ROOT: &str = "{ const { attachShadow } = Element.prototype; Element.prototype.attachShadow = function (options) { \
    const root = attachShadow.call(this, options); \
    if (this.localName === 'card-pin') Object.defineProperty(this, 'shadowRoot', { value: root }); \
    return root; }; }\n";

/// The scripts that have a pad.
const SCRIPTS: [&str; 3] = ["card-pin.js", "card-pin.checked.js", "card-pin.standalone.js"];

/// Copies the built files, with the pad's root open.
///
/// # Errors
///
/// If `dist/` is not built.
pub fn copy_dist(to: &Path) -> Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
    copy_files(&project.join("dist"), to).context("dist/ cannot be read: run `cargo xtask build`")?;
    open_root(to)
}

/// Opens the pad's root in copies of the built scripts, of which an older build has fewer.
///
/// # Errors
///
/// If they cannot be written.
pub fn open_root(folder: &Path) -> Result<()> {
    for script in SCRIPTS.map(|name| folder.join(name)).into_iter().filter(|script| script.is_file()) {
        let text =
            fs::read_to_string(&script).with_context(|| format!("{} cannot be read", script.display()))?;
        fs::write(&script, format!("{OPEN_ROOT}{text}"))?;
    }
    Ok(())
}

/// The standalone, with the pad's root open.
///
/// # Errors
///
/// If `dist/` is not built.
pub fn standalone() -> Result<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/card-pin.standalone.js");
    let text = fs::read_to_string(script)
        .context("dist/card-pin.standalone.js cannot be read: run `cargo xtask build`")?;
    Ok(format!("{OPEN_ROOT}{text}"))
}

/// Copies a folder's files, and those of its folders.
///
/// # Errors
///
/// If they cannot be read or written.
pub fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &copy)?;
        } else {
            fs::copy(entry.path(), copy)?;
        }
    }
    Ok(())
}
