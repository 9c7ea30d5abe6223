//! What a page loads, and its budget.

mod items;

use crate::{dist, integrity, project::Project};
use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use items::{Item, Items};
use std::{
    fs,
    io::{self, Write},
};

/// What a page loads to set a PIN.
const LOADED: [&str; 3] = ["card-pin.js", "card-pin.worker.js", "card_pin_bg.wasm"];
/// The most bytes that these files may have together, compressed with brotli.
const BUDGET: usize = 88 * 1024;
/// How many crates and how many functions are named if it is exceeded.
const NAMED: usize = 10;

struct Sizes {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Prints the size of each file, and fails if a page would load more than the budget.
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
        print_biggest(project)?;
        bail!("a page loads {} bytes with brotli, over the budget of {BUDGET}", loaded.brotli);
    }
    Ok(())
}

/// The largest parts of the module, before compression. The shipped module has no names, so this reads one from the build.
fn print_biggest(project: &Project) -> Result<()> {
    let folder = project.work("size");
    dist::bind_with_names(project, "card-pin", &folder)?;
    let wasm = fs::read(folder.join("card_pin_bg.wasm")).context("the wasm with names cannot be read")?;
    let Items { crates, functions } = Items::of(&wasm)?;
    for (title, items) in [("crates", crates), ("functions", functions)] {
        println!("\nthe biggest {title} of card_pin_bg.wasm");
        for Item { name, bytes } in items.iter().take(NAMED) {
            println!("{bytes:>10}  {name}");
        }
    }
    println!();
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
