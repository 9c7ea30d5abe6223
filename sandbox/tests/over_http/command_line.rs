//! The binary: what it prints, how it refuses, how it stops.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use crate::support::Sandbox;

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_card-pin-sandbox"))
}

#[track_caller]
fn assert_refused(output: &Output, hints: &[&str]) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    assert_eq!(said.lines().count(), 1, "one sentence: {said}");
    for hint in hints {
        assert!(said.contains(hint), "{hint} not in {said}");
    }
}

#[tokio::test]
async fn it_says_where_it_is_and_stops_on_ctrl_c() {
    let sandbox = Sandbox::start().await;
    let (db, dist) = (sandbox.folder.join("other/deep/db.sqlite"), sandbox.folder.join("dist"));
    let mut child = command()
        .args(["--port", "0", "--frame", "shop=https://shop.example", "--page-minutes", "1"])
        // A small system has no certificates of authorities, and the sandbox needs none.
        .envs([("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")])
        .arg("--db")
        .arg(db)
        .arg("--dist")
        .arg(dist)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<_> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(3).map(Result::unwrap).collect();
    assert!(lines[0].starts_with("http://127.0.0.1:"), "{lines:?}");
    assert_eq!(lines[1..], ["user: sandbox", "password: sandbox"]);
    assert_eq!(sandbox.client.get(&lines[0]).send().await.unwrap().status(), 200);
    let framed = sandbox.client.get(format!("{}/pin-page/frame?key=shop", lines[0])).send().await.unwrap();
    let policy = framed.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors https://shop.example;"), "{policy}");
    assert_eq!(framed.status(), 200);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_failed_start_is_explained_in_one_sentence() {
    let sandbox = Sandbox::start().await;
    let port = sandbox.address().rsplit(':').next().unwrap().to_owned();
    let (dist, other) = (sandbox.folder.join("dist"), sandbox.folder.join("other.sqlite"));
    let run = |port: &str, db: &std::path::Path, dist: &std::path::Path| {
        command().args(["--port", port]).arg("--db").arg(db).arg("--dist").arg(dist).output().unwrap()
    };
    assert_refused(&run(&port, &other, &dist), &[&port, "in use", "--port"]);
    assert!(!other.exists(), "it made a file although the port is taken");
    assert_refused(&run("0", &other, &sandbox.folder.join("nowhere")), &["nowhere", "page.html", "--dist"]);
    assert_refused(&run("0", &sandbox.folder, &dist), &["is a folder", "--db"]);
    fs::write(&other, "this is not a database, but long enough to be looked at as one").unwrap();
    assert_refused(&run("0", &other, &dist), &["other.sqlite", "master key"]);
    fs::copy(sandbox.folder.join("data/sandbox.sqlite.key"), sandbox.folder.join("other.sqlite.key"))
        .unwrap();
    assert_refused(&run("0", &other, &dist), &["other.sqlite", "not a database", "--db"]);
    let themed = |file: &std::path::Path| {
        command().args(["--port", "0"]).arg("--dist").arg(&dist).arg("--theme").arg(file).output().unwrap()
    };
    let theme = sandbox.folder.join("theme.css");
    assert_refused(&themed(&theme), &["theme.css", "cannot be read", "--theme"]);
    fs::write(&theme, "card-pin {\n  --card-pin-surface: url(//elsewhere.example);\n}").unwrap();
    assert_refused(&themed(&theme), &["theme.css", "line 2", "loads nothing"]);
    assert_refused(&run("0", &dist.join("page.js/x.sqlite"), &dist), &["page.js", "--db"]);
}

#[test]
fn arguments_that_are_not_understood() {
    for (arguments, hint) in [
        (["--port", "many"], "--port"),
        (["--port", "65536"], "--port"),
        (["--port", "-1"], "--port"),
        (["--embossing", "weekly"], "hourly or daily"),
        (["--page-minutes", "0"], "1 to 1440"),
        (["--page-minutes", "1441"], "1 to 1440"),
        (["--page-minutes", "five"], "--page-minutes is five"),
        (["--requests-per-second", "-1"], "--requests-per-second is -1"),
        (["--frame", "shop"], "KEY=ORIGIN"),
        (["--frame", "=https://shop.example"], "KEY=ORIGIN"),
        (["--frame", "shop=shop.example"], "KEY=ORIGIN"),
        (["--frame", "shop=https://shop.example/"], "KEY=ORIGIN"),
        (["--frame", "shop=https://shop.example; script-src *"], "KEY=ORIGIN"),
        (["--colour", "red"], "--colour"),
        (["extra", "words"], "extra"),
    ] {
        assert_refused(&command().args(arguments).output().unwrap(), &[hint]);
    }
    assert_refused(&command().arg("--db").output().unwrap(), &["--db"]);
    let help = command().arg("--help").output().unwrap();
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("--dist DIR"));
    let version = String::from_utf8(command().arg("--version").output().unwrap().stdout).unwrap();
    assert!(version.starts_with(concat!("card-pin-sandbox ", env!("CARGO_PKG_VERSION"), "+")), "{version}");
}
