use crate::{integrity, project::Project};
use anyhow::{Result, bail};
use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};

/// What a page with `<card-pin>` on it loads.
const LOADED: [&str; 3] = ["card-pin.js", "card-pin.worker.js", "card_pin_bg.wasm"];
const BUDGET: usize = 140 * 1024;

struct Sizes {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Prints the size of each file, and fails where a page would load more than the budget.
pub(crate) fn check(project: &Project) -> Result<()> {
    let mut loaded = Sizes { raw: 0, gzip: 0, brotli: 0 };
    println!("{:<28}{:>10}{:>10}{:>10}", "bytes", "raw", "gzip", "brotli");
    for (name, contents) in integrity::files(&project.dist())? {
        let sizes = Sizes::of(&contents)?;
        sizes.print(&name);
        if LOADED.contains(&name.as_str()) {
            loaded.raw += sizes.raw;
            loaded.gzip += sizes.gzip;
            loaded.brotli += sizes.brotli;
        }
    }
    loaded.print("a page loads");
    if loaded.brotli > BUDGET {
        bail!("a page loads {} bytes with brotli, over the budget of {BUDGET}", loaded.brotli);
    }
    Ok(())
}

impl Sizes {
    fn of(contents: &[u8]) -> io::Result<Self> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(contents)?;
        let mut brotli = Vec::new();
        let params = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
        brotli::BrotliCompress(&mut &*contents, &mut brotli, &params)?;
        Ok(Self { raw: contents.len(), gzip: gzip.finish()?.len(), brotli: brotli.len() })
    }

    fn print(&self, name: &str) {
        println!("{name:<28}{:>10}{:>10}{:>10}", self.raw, self.gzip, self.brotli);
    }
}
