//! What a page loads.

use crate::results::Size;
use anyhow::{Context, Result};
use std::{fs, path::Path};

/// What is loaded by whom: files of `dist/` and of `target/bench/`.
const LOADED: [(&str, &[&str]); 6] = [
    ("card-pin", &["dist/card-pin.js", "dist/card-pin.worker.js", "dist/card_pin_bg.wasm"]),
    ("pad on WebCrypto", &["target/bench/pad-webcrypto.js"]),
    ("pad on node-forge", &["target/bench/pad-forge.js", "target/bench/prime.worker.min.js"]),
    ("node-forge", &["target/bench/forge.min.js"]),
    ("jsencrypt", &["target/bench/jsencrypt.min.js"]),
    ("jsrsasign", &["target/bench/jsrsasign-all-min.js"]),
];

/// Each file compressed by itself, as a server sends it.
pub(crate) fn measure(project: &Path) -> Result<Vec<Size>> {
    LOADED
        .iter()
        .map(|(what, files)| {
            let mut size = Size { what: (*what).to_owned(), raw: 0, brotli: 0 };
            for file in *files {
                let contents =
                    fs::read(project.join(file)).with_context(|| format!("{file} cannot be read"))?;
                size.raw += contents.len();
                size.brotli += brotli(&contents)?;
            }
            Ok(size)
        })
        .collect()
}

fn brotli(contents: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &*contents, &mut compressed, &params)?;
    Ok(compressed.len())
}
