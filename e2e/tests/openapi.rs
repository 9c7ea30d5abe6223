//! Schemathesis tests the sandbox and the relay against their OpenAPI documents: whatever the request is, the answer is not a
//! 5xx, and is documented. The sandbox runs without a quota, because most answers would otherwise be 429.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::Sandbox;
use card_pin_relay::{Log, Relay, read_config};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// How many requests are generated for each operation in each phase. It is a number instead of a time, so that a slow machine
/// tries as many.
const EXAMPLES: &str = "100";
/// The number for a part with many operations whose fields are of the same kinds.
const FEWER_EXAMPLES: &str = "50";
/// Paths that Enfuce does not have: those of the issuer's own systems, and the test controls.
const OURS: &str = "^/(issuer|idp|sandbox)/";
const ISSUER: &str = "^/(issuer|idp)/";
const LEVERS: &str = "^/sandbox/";
/// Seconds for an answer. The issuer's list of cards calls Enfuce twice for each of them, and there are hundreds in the end.
const PATIENCE: &str = "120";
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_answers_as_documented() -> Result<()> {
    let sandbox = Sandbox::start_unlimited().await?;
    let document = project().join("sandbox/openapi.json");
    let enfuce = ["--auth", "e2e:e2e", "--exclude-path-regex", OURS];
    fuzz(&document, &sandbox.url(""), FEWER_EXAMPLES, &enfuce).await.context("with HTTP Basic")?;
    let token = sandbox.access_token().await?;
    let bearer = format!("Authorization: Bearer {token}");
    let nextgen = ["--include-path-regex", "^/v1/", "-H", &bearer];
    fuzz(&document, &sandbox.url(""), EXAMPLES, &nextgen).await.context("with a token")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuers_systems_answer_as_documented() -> Result<()> {
    let sandbox = Sandbox::start_unlimited().await?;
    let document = project().join("sandbox/openapi.json");
    fuzz(&document, &sandbox.url(""), EXAMPLES, &["--include-path-regex", ISSUER]).await
}

/// They have a sandbox of their own, because a planned fault, a small limit or a reset would spoil the other runs.
#[tokio::test(flavor = "multi_thread")]
async fn the_test_controls_answer_as_documented() -> Result<()> {
    let sandbox = Sandbox::start_unlimited().await?;
    let document = project().join("sandbox/openapi.json");
    fuzz(&document, &sandbox.url(""), EXAMPLES, &["--include-path-regex", LEVERS]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_answers_as_documented() -> Result<()> {
    let sandbox = Sandbox::start_unlimited().await?;
    let base_url = sandbox.url("");
    let fields = [
        ("LISTEN", "127.0.0.1:0"),
        ("CUSTOMER", "peer-address"),
        ("ENFUCE__PLATFORM", "classic"),
        ("ENFUCE__BASE_URL", &base_url),
        ("ENFUCE__AUDIT_USER", "e2e"),
        ("ENFUCE__AUTH__KIND", "basic"),
        ("ENFUCE__AUTH__USER", "e2e"),
        ("ENFUCE__AUTH__PASSWORD", "e2e"),
        ("QUOTA__PER_SECOND", "1000000"),
        ("QUOTA__PER_MINUTE", "60000000"),
        ("LIMITS__PER_MINUTE", "1000000"),
        ("LIMITS__BURST", "1000000"),
    ];
    let variables = fields.map(|(name, value)| (format!("CARDPIN__{name}"), value.to_owned()));
    let relay = Relay::new(read_config(None, variables)?, Log::new(|_| {}))?;
    let running = card_pin_relay::start(relay).await?;
    fuzz(&project().join("relay/openapi.json"), &running.listen().to_string(), EXAMPLES, &[]).await
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

async fn fuzz(document: &Path, url: &str, examples: &str, options: &[&str]) -> Result<()> {
    let schemathesis = project().join("target/python/bin/schemathesis");
    ensure!(schemathesis.is_file(), "schemathesis is not installed: run `cargo xtask setup`");
    // Schemathesis leaves a database of its findings in the folder in which it runs.
    let folder = TempDir::new()?;
    let mut command = Command::new(schemathesis);
    command
        .current_dir(folder.path())
        .arg("run")
        .arg(document)
        .args(["--url", url, "--checks", CHECKS, "--seed", "1"])
        .args(["--max-examples", examples, "--no-color", "--warnings", "off"])
        .args(["--request-timeout", PATIENCE])
        .args(options);
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(printed.contains("Test cases:"), "nothing was tried:\n{printed}");
    Ok(())
}
