//! Chromium, Firefox and WebKit with their drivers.

use super::packages::Needed;
use std::{fs, path::Path};

/// The browsers and drivers; geckodriver, which Debian does not package, is Cargo's to install.
pub(super) fn note_missing(needed: &mut Needed) {
    needed.browser(&["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"], &["chromium"]);
    needed.browser(&["chromedriver"], &["chromium-driver"]);
    needed.browser(&["firefox", "firefox-esr"], &["firefox-esr"]);
    needed.program(&["WebKitWebDriver"], &["webkit2gtk-driver"]);
    if !mini_browser_is_there() {
        needed.missing("WebKitGTK's MiniBrowser", &["webkit2gtk-driver"]);
    }
    // WebKitGTK has no headless mode: it gets a virtual screen.
    needed.program(&["Xvfb"], &["xvfb"]);
}

/// `/usr/lib/<architecture>/webkit2gtk-4.1/MiniBrowser`, not on the `PATH`.
fn mini_browser_is_there() -> bool {
    let Ok(architectures) = fs::read_dir("/usr/lib") else { return false };
    architectures.flatten().any(|entry| has_mini_browser(&entry.path()))
}

fn has_mini_browser(folder: &Path) -> bool {
    folder.join("webkit2gtk-4.1/MiniBrowser").is_file()
}
