//! What operators of the relay get.

mod image;

use crate::{
    project::Project,
    relay,
    run::{self, cargo, output},
    sbom,
};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The path of the binary in the unit, which does not exist during the check.
const INSTALLED: &str = "/usr/local/bin/card-pin-relay";
/// The highest exposure that systemd may report for the service, of 100. Half of it is due to the network.
const EXPOSURE: &str = "15";

/// Checks the operators' files with the tools that read them: the image runs, and systemd, Kubernetes, Prometheus and nginx accept
/// their files.
pub(crate) fn check(project: &Project) -> Result<()> {
    unit(project)?;
    manifests(project)?;
    alerts(project)?;
    gateway(project)?;
    let image = relay::make(project)?;
    sbom::check_file(project, &image.with_file_name(relay::BILL))?;
    image::run(&image)
}

fn file(project: &Project, name: &str) -> PathBuf {
    project.root().join("relay/deploy").join(name)
}

fn unit(project: &Project) -> Result<()> {
    let name = "card-pin-relay.service";
    let text = fs::read_to_string(file(project, name)).with_context(|| format!("{name} cannot be read"))?;
    ensure!(text.contains(INSTALLED), "{name} does not start {INSTALLED}");
    let folder = project.work("deployment");
    fs::create_dir_all(&folder)?;
    let unit = folder.join(name);
    fs::write(&unit, text.replace(INSTALLED, "/bin/true"))?;
    // systemd only warns about unknown settings.
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output()?;
    let said = String::from_utf8_lossy(&verified.stderr);
    ensure!(verified.status.success() && said.is_empty(), "systemd does not take {name}:\n{said}");
    let security = ["security", "--offline=true", "--no-pager", "--threshold", EXPOSURE];
    let report = output(Command::new("systemd-analyze").args(security).arg(&unit))?;
    println!("deployment: {}", report.lines().last().unwrap_or_default().trim_start_matches('→').trim());
    Ok(())
}

fn manifests(project: &Project) -> Result<()> {
    let python = project.work("python").join("bin/python");
    let script = project.root().join("xtask/python/check_manifests.py");
    let said = output(Command::new(python).arg(script).arg(file(project, "kubernetes.yaml")))?;
    print!("deployment: {said}");
    Ok(())
}

fn alerts(project: &Project) -> Result<()> {
    let promtool = |test: &[&str], path: &Path| run::run(Command::new("promtool").args(test).arg(path));
    promtool(&["check", "rules"], &file(project, "alerts.yaml"))?;
    promtool(&["test", "rules"], &file(project, "alerts.test.yaml"))
}

fn gateway(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args([
        "test",
        "--package",
        "card-pin-relay",
        "--test",
        "over_http",
        "gateway::",
        "--",
        "--ignored",
    ]))
}
