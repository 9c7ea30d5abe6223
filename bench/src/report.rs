//! The page in `docs/`.

use crate::{
    beside,
    pictures::{self, rates},
    plan::NETWORKS,
    plot::Unit,
    results::{Keys, Marks, Results, Sessions},
    runs, stages,
    statistics::{mean, median},
    tables::{KEYS_HEAD, REFERENCE, SESSIONS_HEAD, key_lines, ratio, ratio_of, session_lines},
};
use anyhow::{Context, Result};
use std::{
    fmt::Write as _,
    fs, iter,
    path::{Path, PathBuf},
};

/// How many sessions at each end the median covers.
const ENDS: usize = 100;

/// Writes the page and its pictures into a folder; returns the page's path.
pub(crate) fn write(results: &Results, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for (name, picture) in pictures::all(results) {
        fs::write(folder.join(&name), picture).with_context(|| format!("{name} cannot be written"))?;
    }
    let page = folder.join("benchmark.md");
    fs::write(&page, words(results)).context("benchmark.md cannot be written")?;
    Ok(page)
}

fn words(results: &Results) -> String {
    let mut page = String::from(
        "# Benchmark\n\n\
         How long card-pin takes, how much a page loads for it and what memory it needs, beside the same work by WebCrypto, by \
         the `rsa` crate and by JavaScript libraries. `cargo xtask bench` measures and writes all of this page but the earlier runs, \
         which are kept by hand.\n\n",
    );
    for section in [
        machine,
        in_short,
        runs::section,
        beside::section,
        keys,
        sessions,
        stages::section,
        larger_keys,
        slower_machines,
        networks,
        sizes,
        memory,
        many,
    ] {
        let section = section(results);
        if !section.is_empty() {
            page.push_str(&section);
            page.push('\n');
        }
    }
    page.push_str(METHOD);
    page
}

const METHOD: &str = include_str!("method.md");

fn machine(results: &Results) -> String {
    let machine = &results.machine;
    let versions = |versions: &[crate::results::Version]| {
        let versions: Vec<String> =
            versions.iter().map(|version| format!("{} {}", version.name, version.version)).collect();
        versions.join(", ")
    };
    let quick = if results.quick { " **A short run, for a look: the figures say little.**" } else { "" };
    format!(
        "{} with {}; {} cores, {}, {}; {}. {}. {}. Measured in {:.0} minutes; before it, and at its end, {:.1} and {:.1} processes \
         ran or waited to run.{quick}\n",
        machine.processor,
        machine.features.join(", "),
        machine.cores,
        Unit::Bytes.say(machine.memory as f64),
        machine.system,
        machine.rust,
        versions(&results.engines),
        versions(&results.libraries),
        results.minutes,
        machine.load.0,
        machine.load.1,
    )
}

/// Keys of the size that Enfuce documents and sessions with them, beside the other ways.
fn in_short(results: &Results) -> String {
    let mut text = "## In short\n\nA key pair of 2048 bits, its mean beside that of others made in turn with it; and whole sessions, by their medians.\n\n\
         | | key pair | ÷ WebCrypto | ÷ rsa crate | ÷ node-forge | session | ÷ pad on WebCrypto | pad on WebCrypto | pad on node-forge |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n"
        .to_owned();
    let say = |time: Option<f64>| time.map_or_else(|| "–".to_owned(), |time| Unit::Milliseconds.say(time));
    for engine in &results.engines {
        for contender in ["card-pin", "card-pin, no SIMD"] {
            let ours = results.key_times(&engine.name, contender);
            if ours.is_empty() {
                continue;
            }
            let how = contender.trim_start_matches("card-pin");
            let _ = write!(text, "| {}{how} | {} |", engine.name, say(mean(ours)));
            for rival in [REFERENCE, "rsa crate", "node-forge"] {
                let _ = write!(text, " {} |", ratio(contender, ours, results.key_times(&engine.name, rival)));
            }
            // All sessions have SIMD.
            let pads = ["card-pin", "pad on WebCrypto", "pad on node-forge"].map(|pad| {
                if how.is_empty() { results.session_times(&engine.name, pad) } else { Vec::new() }
            });
            let [session, on_webcrypto, on_forge] = pads.each_ref().map(|times| say(median(times)));
            let ratio = ratio_of(median, &pads[0], &pads[1]);
            let _ = writeln!(text, " {session} | {ratio} | {on_webcrypto} | {on_forge} |");
        }
    }
    text
}

fn keys(results: &Results) -> String {
    let mut text = "## Key pairs\n\n".to_owned();
    let mut sizes: Vec<u32> = results.keys.iter().map(|keys| keys.bits).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for bits in sizes {
        let _ = write!(
            text,
            "### {bits} bits\n\n![{bits} bits: times of each way to make a key pair](benchmark-keys-{bits}.svg)\n\n{KEYS_HEAD}"
        );
        for engine in &results.engines {
            let of_engine =
                |keys: &&Keys| keys.bits == bits && keys.slower == 1 && keys.engine == engine.name;
            let group: Vec<&Keys> = results.keys.iter().filter(of_engine).collect();
            text.push_str(&key_lines(&engine.name, &group));
        }
        text.push('\n');
    }
    text
}

fn sessions(results: &Results) -> String {
    let mut text = format!(
        "## Whole sessions\n\nFrom the page's opening to the server's word that the PIN is set, with a customer who types without a pause: \
         `<card-pin>`, and the same pad written by hand on WebCrypto and on node-forge.\n\n\
         ![Times of whole sessions with each pad](benchmark-sessions.svg)\n\n{SESSIONS_HEAD}"
    );
    for engine in &results.engines {
        let of_engine = |sessions: &&Sessions| sessions.slower == 1 && sessions.engine == engine.name;
        text.push_str(&session_lines(&engine.name, results.sessions.iter().filter(of_engine)));
    }
    text
}

/// How sessions grow with the size of the key.
fn larger_keys(results: &Results) -> String {
    const COLUMNS: [fn(&Marks) -> f64; 4] = [
        |marks| marks.drawn,
        |marks| marks.ready,
        |marks| marks.requested - marks.submitted,
        |marks| marks.accepted,
    ];
    let mut sizes: Vec<u32> = results.larger.iter().map(|(bits, _)| *bits).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let sizes: Vec<String> = iter::once(2048).chain(sizes).map(|bits| bits.to_string()).collect();
    let mut text = format!(
        "### Larger keys\n\nMedians with keys of {} bits.\n\n| | pad | drawn | ready | last key → request | set |\n\
         | --- | --- | --: | --: | --: | --: |\n",
        sizes.join(" → ")
    );
    for usual in results.sessions.iter().filter(|sessions| sessions.slower == 1) {
        let is_same = |sessions: &Sessions| sessions.engine == usual.engine && sessions.pad == usual.pad;
        let larger: Vec<_> = results.larger.iter().filter(|(_, sessions)| is_same(sessions)).collect();
        if larger.is_empty() {
            continue;
        }
        let _ = write!(text, "| {} | {} |", usual.engine, usual.pad);
        for read in COLUMNS {
            let by_size = iter::once(usual).chain(larger.iter().map(|(_, sessions)| sessions));
            let medians = by_size.map(|sessions| {
                let median = median(&sessions.runs.iter().map(read).collect::<Vec<_>>());
                median.map_or_else(|| "–".to_owned(), |time| Unit::Milliseconds.say(time))
            });
            let _ = write!(text, " {} |", medians.collect::<Vec<_>>().join(" → "));
        }
        text.push('\n');
    }
    text
}

/// Round trips and bytes.
fn networks(results: &Results) -> String {
    let mut text = "## Slower networks\n\nChromium at full speed. ".to_owned();
    for (name, round_trip, bits_per_second) in NETWORKS {
        let megabits = bits_per_second / 1e6;
        let _ = write!(
            text,
            "{name}: a round trip takes {round_trip} ms, and {megabits} Mbit come in a second. "
        );
    }
    let _ = write!(text, "\n\n{SESSIONS_HEAD}");
    for (name, ..) in NETWORKS {
        let sessions = results.networks.iter().filter(|(network, _)| network == name);
        text.push_str(&session_lines(name, sessions.map(|(_, sessions)| sessions)));
    }
    text
}

fn slower_machines(results: &Results) -> String {
    let mut text = "## Slower machines\n\nChromium, whose pages are made slower. The factors are how many times as long the same loop took on a page's thread.\n\n\
                    ![Key pairs and sessions on slower machines](benchmark-slower.svg)\n\n"
        .to_owned();
    for slowdown in &results.slowdowns {
        let _ = writeln!(
            text,
            "{:.1} times slower: in a worker the loop took {:.1} times as long; {} times was the aim.  ",
            slowdown.page, slowdown.worker, slowdown.asked
        );
    }
    let _ = write!(text, "\n{KEYS_HEAD}");
    for slower in rates(results) {
        let of_rate = |keys: &&Keys| keys.slower == slower && keys.bits == 2048 && keys.engine == "Chromium";
        let group: Vec<&Keys> = results.keys.iter().filter(of_rate).collect();
        text.push_str(&key_lines(&results.speed(slower), &group));
    }
    let _ = write!(text, "\n{SESSIONS_HEAD}");
    for slower in rates(results) {
        let of_rate = |sessions: &&Sessions| sessions.slower == slower && sessions.engine == "Chromium";
        text.push_str(&session_lines(&results.speed(slower), results.sessions.iter().filter(of_rate)));
    }
    text
}

fn sizes(results: &Results) -> String {
    let mut text = "## Bytes\n\nThe libraries draw no pad; the pads by hand do, with what of a library they need.\n\n\
                    ![What a page loads](benchmark-sizes.svg)\n\n| | minified | with brotli |\n| --- | --: | --: |\n"
        .to_owned();
    for size in &results.sizes {
        let say = |bytes: usize| Unit::Bytes.say(bytes as f64);
        let _ = writeln!(text, "| {} | {} | {} |", size.what, say(size.raw), say(size.brotli));
    }
    text
}

fn memory(results: &Results) -> String {
    let say = |bytes: i64| Unit::Bytes.say(bytes as f64);
    let wasm: Vec<String> = results
        .wasm_memory
        .iter()
        .map(|memory| format!("{} in {}", Unit::Bytes.say(memory.bytes as f64), memory.engine))
        .collect();
    let mut text = format!(
        "## Memory\n\nThe vault's WebAssembly memory at the end of a session, its most: {}.\n\n\
         JavaScript objects of the page in Chromium, beyond an empty page's and without garbage:\n\n\
         | pad | ready | PIN set |\n\
         | --- | --: | --: |\n",
        wasm.join(", ")
    );
    for heap in &results.heaps {
        let _ = writeln!(text, "| {} | {} | {} |", heap.pad, say(heap.ready), say(heap.set));
    }
    text.push_str("\nWorkers have objects of their own, which are not among these.\n");
    text
}

fn many(results: &Results) -> String {
    let mut text = "## Many sessions in one page\n\nOne after the other, without a pad: each makes a vault and a key pair, and sets a card's PIN.\n\
                    Whether they become slower is told by new browsers, warmed by a few sessions, that set PINs in turns with the one page.\n\n\
                    ![Time and memory over many sessions](benchmark-many.svg)\n\n"
        .to_owned();
    let _ = write!(
        text,
        "| | sessions | median of all | of the first {ENDS} | of the last {ENDS} | second half ÷ new browsers | JavaScript objects: first → last | process |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: |\n"
    );
    for many in &results.many {
        let (count, new) = (many.times.len(), &many.in_new_browsers);
        let ends = ENDS.min(count);
        let say = |times: &[f64]| median(times).map_or_else(String::new, |time| Unit::Milliseconds.say(time));
        let grew = |read: fn(&(usize, u64, u64)) -> u64| match (many.memory.first(), many.memory.last()) {
            (Some(first), Some(last)) => {
                format!("{} → {}", Unit::Bytes.say(read(first) as f64), Unit::Bytes.say(read(last) as f64))
            }
            _ => "–".to_owned(),
        };
        let _ = writeln!(
            text,
            "| {} | {count} | {} | {} | {} | {} | {} | {} |",
            many.engine,
            say(&many.times),
            say(&many.times[..ends]),
            say(&many.times[count - ends..]),
            ratio(&many.engine, &many.times[count / 2..], &new[new.len() / 2..]),
            grew(|(_, objects, _)| *objects),
            grew(|(_, _, process)| *process)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::samples::{keys_of, sessions_of};

    #[test]
    fn each_pad_has_its_medians_by_the_size_of_its_key() {
        let results = Results {
            sessions: vec![sessions_of("card-pin", 90.0), sessions_of("pad on node-forge", 999.0)],
            larger: vec![(3072, sessions_of("card-pin", 200.0)), (4096, sessions_of("card-pin", 800.0))],
            ..Results::default()
        };
        let text = larger_keys(&results);
        assert!(text.contains("keys of 2048 → 3072 → 4096 bits"), "{text}");
        let line = "| Chromium | card-pin | 1.0 ms → 1.0 ms → 1.0 ms | 2.0 ms → 2.0 ms → 2.0 ms | \
                    1.0 ms → 1.0 ms → 1.0 ms | 90 ms → 200 ms → 800 ms |\n";
        assert!(text.ends_with(&format!("--: |\n{line}")), "{text}");
    }

    #[test]
    fn a_key_without_simd_has_no_session_beside_it() {
        let results = Results {
            keys: vec![keys_of("card-pin", &[40.0; 6]), keys_of("card-pin, no SIMD", &[80.0; 6])],
            sessions: vec![sessions_of("card-pin", 90.0), sessions_of("pad on WebCrypto", 60.0)],
            engines: vec![crate::results::Version {
                name: "Chromium".to_owned(),
                version: "1.2.3".to_owned(),
            }],
            ..Results::default()
        };
        let lines = "| Chromium | 40 ms | – | – | – | 90 ms | **1.50** (1.50–1.50) | 60 ms | – |\n\
                     | Chromium, no SIMD | 80 ms | – | – | – | – | – | – | – |\n";
        assert!(in_short(&results).ends_with(lines), "{}", in_short(&results));
    }

    #[test]
    fn the_report_links_every_picture_and_no_other() {
        let results = Results {
            keys: vec![keys_of("card-pin", &[40.0; 6])],
            engines: vec![crate::results::Version {
                name: "Chromium".to_owned(),
                version: "1.2.3".to_owned(),
            }],
            ..Results::default()
        };
        let words = words(&results);
        let pictures = pictures::all(&results);
        assert_eq!(words.matches(".svg)").count(), pictures.len());
        for (name, _) in pictures {
            assert!(words.contains(&format!("]({name})")), "{name}");
        }
    }
}
