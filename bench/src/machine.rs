//! What the figures depend on.

use crate::results::{Machine, Version};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{fs, path::Path, process::Command, thread};

/// Features of processors that change how fast big numbers are multiplied: by the browsers' own libraries, and by WebAssembly's
/// SIMD, of x86-64 and of AArch64.
const FEATURES: [&str; 8] = ["adx", "avx", "avx2", "avx512f", "avx512ifma", "bmi2", "asimd", "sve"];

/// Describes the machine as far as it matters for the figures, but not its owner.
pub(crate) fn describe() -> Machine {
    let first = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once([':', '='])?.1.trim().trim_matches('"').to_owned())
    };
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let unknown = || "unknown".to_owned();
    let kilobytes = first(&read("/proc/meminfo"), "MemTotal")
        .and_then(|size| size.trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let features = first(&processor, "flags").or_else(|| first(&processor, "Features")).unwrap_or_default();
    let features = features.split_whitespace().filter(|feature| FEATURES.contains(feature));
    Machine {
        processor: first(&processor, "model name").unwrap_or_else(unknown),
        features: features.map(str::to_owned).collect(),
        cores: thread::available_parallelism().map_or(1, usize::from),
        memory: kilobytes * 1024,
        system: first(&read("/etc/os-release"), "PRETTY_NAME").unwrap_or_else(unknown),
        rust: first_line("rustc").unwrap_or_else(unknown),
        load: (load(), load()),
    }
}

/// How many processes ran or waited to run, on average over the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default()
}

/// The libraries beside which card-pin is measured.
pub(crate) fn libraries(project: &Path) -> Result<Vec<Version>> {
    let lock = fs::read_to_string(project.join("bench/npm/package-lock.json"))
        .context("bench/npm/package-lock.json cannot be read")?;
    let lock: Value = serde_json::from_str(&lock)?;
    let packages = lock["packages"].as_object().context("the lock file has no packages")?;
    let mut libraries: Vec<Version> = packages
        .iter()
        .filter_map(|(path, package)| {
            let name = path.strip_prefix("node_modules/")?.to_owned();
            Some(Version { name, version: package["version"].as_str()?.to_owned() })
        })
        .collect();
    let lock = fs::read_to_string(project.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"rsa\"").skip(1);
    let version = lines.next().context("Cargo.lock has no `rsa`")?;
    let version = version.trim_start_matches("version = ").trim_matches('"').to_owned();
    libraries.push(Version { name: "rsa crate".to_owned(), version });
    Ok(libraries)
}

fn first_line(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    // Without the commit's hash.
    Some(printed.lines().next()?.split(" (").next()?.to_owned())
}
