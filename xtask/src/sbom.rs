use crate::{
    graph::{Crate, Id},
    integrity,
    project::Project,
    run::output,
};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const FILE: &str = "sbom.cdx.json";
const WASM: &str = "card_pin_bg.wasm";
/// The files that have the wasm in them.
const WITH_WASM: [&str; 3] = [WASM, "card_pin_scalar_bg.wasm", "card-pin.standalone.js"];

/// The parts of `package.json` that go over.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    description: String,
    license: String,
}

/// What made the files, by name and version.
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
    let bom = bom(&package, &integrity::files(dist)?, crates, &tools(project)?);
    let text = serde_json::to_string_pretty(&bom)? + "\n";
    fs::write(dist.join(FILE), text).with_context(|| format!("dist/{FILE} cannot be written"))
}

/// Holds what was written to CycloneDX's own schema, to the files, and to `Cargo.lock`, in another language.
pub(crate) fn check(project: &Project) -> Result<()> {
    let python = project.work("python").join("bin/python");
    let printed = output(
        Command::new(python)
            .arg(project.root().join("xtask/python/check_sbom.py"))
            .arg(project.dist().join(FILE))
            .arg(project.root().join("Cargo.lock")),
    )?;
    print!("{printed}");
    Ok(())
}

fn tools(project: &Project) -> Result<Tools> {
    let printed = output(Command::new("rustc").current_dir(project.root()).arg("--version"))?;
    let rustc = printed.split(' ').nth(1).context("`rustc --version` printed no version")?.to_owned();
    let npm = fs::read(project.root().join("xtask/npm/package.json"))
        .context("xtask/npm/package.json cannot be read")?;
    let npm: Value = serde_json::from_slice(&npm).context("xtask/npm/package.json is no JSON")?;
    let esbuild =
        npm["devDependencies"]["esbuild"].as_str().context("xtask/npm/package.json names no esbuild")?;
    let others = vec![
        ("esbuild", esbuild.to_owned()),
        ("wasm-bindgen-cli-support", project.locked_version("wasm-bindgen-cli-support")?),
    ];
    Ok(Tools { rustc, others })
}

fn bom(package: &Package, files: &[(String, Vec<u8>)], crates: &[Crate], tools: &Tools) -> Value {
    let purl = format!("pkg:npm/{}@{}", package.name, package.version);
    let std = format!("pkg:generic/rust-std@{}", tools.rustc);
    let (own, fetched): (Vec<_>, Vec<_>) = crates.iter().partition(|each| each.checksum.is_none());

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

    let mut wasm: Vec<String> = own.iter().flat_map(|each| each.uses.iter().map(purl_of)).collect();
    wasm.push(std.clone());
    let mut dependencies: Vec<Value> =
        fetched.iter().map(|each| depends(&purl_of(&each.id), each.uses.iter().map(purl_of))).collect();
    dependencies.push(depends(&purl, WITH_WASM.map(file_ref)));
    dependencies.extend(WITH_WASM.map(|name| depends(&file_ref(name), wasm.clone())));

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
