//! The bill of materials of what ships.

use crate::{
    graph::{self, Crate, Id},
    integrity,
    project::Project,
    run::output,
};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const FILE: &str = "sbom.cdx.json";
const RELAY: &str = "card-pin-relay";
const WASM: &str = "card_pin_bg.wasm";
/// The files that contain the wasm.
const WITH_WASM: [&str; 3] = [WASM, "card_pin_scalar_bg.wasm", "card-pin.standalone.js"];

/// The subject of the bill, with the fields of `package.json` that are copied.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    description: String,
    license: String,
}

/// A file that contains crates, and its parts.
struct Made {
    file: &'static str,
    of: Vec<String>,
}

/// The tools that made the files, by name and version.
struct Tools {
    rustc: String,
    others: Vec<(&'static str, String)>,
}

/// Writes the bill of materials beside the files that it describes: CycloneDX 1.6 (ECMA-424) in JSON.
///
/// There is no time and no serial number in it, so that the same sources give the same bytes.
pub(crate) fn write(project: &Project, dist: &Path, crates: &[Crate]) -> Result<()> {
    let package = fs::read(dist.join("package.json")).context("package.json cannot be read")?;
    let package: Package = serde_json::from_slice(&package)
        .context("package.json lacks a name, version, description or license")?;
    let purl = format!("pkg:npm/{}@{}", package.name, package.version);
    let tools = tools_of_dist(project)?;
    let of = parts(crates, &tools);
    let made = WITH_WASM.map(|file| Made { file, of: of.clone() });
    let bom = bom(&package, &purl, &integrity::files(dist)?, &made, crates, &tools);
    save(&dist.join(FILE), &bom)
}

/// The same for the relay's binary and its image, which also has the list of authorities of a crate.
pub(crate) fn write_for_relay(
    project: &Project,
    target: &str,
    binary: (&'static str, &[u8]),
    image: (&'static str, &[u8]),
    authorities: &str,
    to: &Path,
) -> Result<()> {
    let mut crates = graph::crates_of(project, RELAY, target)?;
    let tools = tools_of_relay(project)?;
    let in_binary = parts(&crates, &tools);
    let mut lists = graph::crates_of(project, authorities, target)?;
    lists.retain(|list| list.id.name == authorities);
    // Only its data are used.
    lists.iter_mut().for_each(|list| list.uses.clear());
    let in_image = lists.iter().map(|list| purl_of(&list.id)).chain([file_ref(binary.0)]).collect();
    crates.extend(lists);
    let made = [Made { file: binary.0, of: in_binary }, Made { file: image.0, of: in_image }];
    let package = Package {
        name: RELAY.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "The relay, as a static binary for Linux on x86-64 and as an image".to_owned(),
        license: env!("CARGO_PKG_LICENSE").to_owned(),
    };
    let purl = format!("pkg:generic/{RELAY}@{}", package.version);
    let files = [binary, image].map(|(name, contents)| (name.to_owned(), contents.to_vec()));
    save(to, &bom(&package, &purl, &files, &made, &crates, &tools))
}

fn save(to: &Path, bom: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(bom)? + "\n";
    fs::write(to, text).with_context(|| format!("{} cannot be written", to.display()))
}

/// Checks the bill of `dist/` against CycloneDX's own schema, the files, and `Cargo.lock`, in another language.
pub(crate) fn check(project: &Project) -> Result<()> {
    check_file(project, &project.dist().join(FILE))
}

/// The same for any bill beside its files.
pub(crate) fn check_file(project: &Project, file: &Path) -> Result<()> {
    let python = project.work("python").join("bin/python");
    let printed = output(
        Command::new(python)
            .arg(project.root().join("xtask/python/check_sbom.py"))
            .arg(file)
            .arg(project.root().join("Cargo.lock")),
    )?;
    print!("{printed}");
    Ok(())
}

fn rustc(project: &Project) -> Result<String> {
    let printed = output(Command::new("rustc").current_dir(project.root()).arg("--version"))?;
    Ok(printed.split(' ').nth(1).context("`rustc --version` printed no version")?.to_owned())
}

/// The C of a crate is compiled by the machine's own compiler.
fn tools_of_relay(project: &Project) -> Result<Tools> {
    let gcc = output(Command::new("musl-gcc").arg("-dumpfullversion"))?.trim().to_owned();
    Ok(Tools { rustc: rustc(project)?, others: vec![("gcc", gcc)] })
}

fn tools_of_dist(project: &Project) -> Result<Tools> {
    let rustc = rustc(project)?;
    let npm = fs::read(project.root().join("xtask/npm/package.json"))
        .context("xtask/npm/package.json cannot be read")?;
    let npm: Value = serde_json::from_slice(&npm).context("xtask/npm/package.json is not JSON")?;
    let esbuild =
        npm["devDependencies"]["esbuild"].as_str().context("xtask/npm/package.json names no esbuild")?;
    let others = vec![
        ("esbuild", esbuild.to_owned()),
        ("wasm-bindgen-cli-support", project.locked_version("wasm-bindgen-cli-support")?),
    ];
    Ok(Tools { rustc, others })
}

fn std_of(tools: &Tools) -> String {
    format!("pkg:generic/rust-std@{}", tools.rustc)
}

/// The parts of a file that our own crates are linked into.
fn parts(crates: &[Crate], tools: &Tools) -> Vec<String> {
    let own = crates.iter().filter(|each| each.checksum.is_none());
    own.flat_map(|each| each.uses.iter().map(purl_of)).chain([std_of(tools)]).collect()
}

fn bom(
    package: &Package,
    purl: &str,
    files: &[(String, Vec<u8>)],
    made: &[Made],
    crates: &[Crate],
    tools: &Tools,
) -> Value {
    let std = std_of(tools);
    let fetched: Vec<_> = crates.iter().filter(|each| each.checksum.is_some()).collect();

    let mut components: Vec<Value> = fetched.iter().map(|each| component(each)).collect();
    components.push(json!({
        "type": "library",
        "bom-ref": std,
        "name": "rust-std",
        "version": tools.rustc,
        "description": "core, alloc and std, with what they are made of, as they come with the compiler",
        "licenses": licenses("MIT OR Apache-2.0"),
        "scope": "required",
    }));

    let mut dependencies: Vec<Value> =
        fetched.iter().map(|each| depends(&purl_of(&each.id), each.uses.iter().map(purl_of))).collect();
    dependencies.push(depends(purl, made.iter().map(|made| file_ref(made.file))));
    dependencies.extend(made.iter().map(|made| depends(&file_ref(made.file), made.of.iter().cloned())));

    let mut made_by = vec![json!({"type": "application", "name": "rustc", "version": tools.rustc})];
    let others = tools.others.iter();
    made_by.extend(
        others.map(|(name, version)| json!({"type": "application", "name": name, "version": version})),
    );
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": made_by},
            "component": {
                "type": "library",
                "bom-ref": purl,
                "name": package.name,
                "version": package.version,
                "description": package.description,
                "licenses": licenses(&package.license),
                "purl": purl,
                "components": files.iter().map(|(name, contents)| file(name, contents)).collect::<Vec<_>>(),
            },
        },
        "components": components,
        "dependencies": dependencies,
        "compositions": [
            {"aggregate": "complete", "assemblies": [purl], "dependencies": [purl]},
            {"aggregate": "unknown", "dependencies": [std]},
        ],
    })
}

fn component(of: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": purl_of(&of.id),
        "name": of.id.name,
        "version": of.id.version,
        "purl": purl_of(&of.id),
        "licenses": licenses(&of.license),
        "scope": if of.linked { "required" } else { "excluded" },
        "hashes": [{"alg": "SHA-256", "content": of.checksum}],
    });
    if !of.repository.is_empty() {
        component["externalReferences"] = json!([{"type": "vcs", "url": of.repository}]);
    }
    component
}

fn file(name: &str, contents: &[u8]) -> Value {
    json!({
        "type": "file",
        "bom-ref": file_ref(name),
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": integrity::sha256_of(contents)}],
    })
}

fn depends(on: &str, parts: impl IntoIterator<Item = String>) -> Value {
    json!({"ref": on, "dependsOn": parts.into_iter().collect::<Vec<_>>()})
}

fn licenses(expression: &str) -> Value {
    json!([{"expression": expression}])
}

fn purl_of(id: &Id) -> String {
    format!("pkg:cargo/{}@{}", id.name, id.version)
}

fn file_ref(name: &str) -> String {
    format!("file:{name}")
}
