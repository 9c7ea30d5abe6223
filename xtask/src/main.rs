//! The developer commands of card-pin. People and CI call only these, so that every check has one definition.
//!
//! A module uses only modules that are listed above it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its terminal")]

mod project;
mod run;
mod package;
mod setup;
mod graph;
mod identity;
mod integrity;
mod notices;
mod sbom;
mod dist;
mod size;
mod site;
mod layers;
mod supply_chain;
mod reproduce;
mod fuzz;
mod soak;
mod stacks;
mod relay;
mod deployment;
mod demo;
mod bench;
mod release_files;
mod pictures;
mod check;
mod checks;
mod nightly;
mod release;

use anyhow::{Result, bail};
use lexopt::prelude::{Long, Value, ValueExt as _};
use project::Project;
use setup::Part;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <command> [--yes]

A command asks before it installs system packages. --yes answers yes. Without a terminal, it installs them only with
--yes, in CI, or as root.

  setup [--no-browsers]           installs what is missing to build and test
  build                           makes dist/
  demo [--port N] [--db FILE] [-- OPTION…]
                                  builds, then runs the sandbox on http://127.0.0.1:8080;
                                  `-- --help` lists the sandbox's own options
  check                           the quick check: format, layers, lints, types, tests without a browser
  test [NAME…]                    every check, also in real browsers, or only the named ones: format, layers, workflows,
                                  supply-chain, clippy, clippy-wasm, native, docs, build, sbom, reproduce, size, package, release,
                                  site, types, page, wasm-chromium, wasm-firefox, stacks, e2e (or one engine of it: e2e-chromium,
                                  e2e-firefox, e2e-webkit)
  nightly [NAME…]                 the checks that take long and rarely fail, or only the named ones: deployment, model, fuzz, soak, load,
                                  screen-reader, stacks, timing (needs a quiet machine), memcheck
  NAME                            the check of this name, as with `test` or `nightly`
  stacks [NAME…]                  builds the examples with their own bundlers, and sets a PIN in each
  bench [--quick] [--sessions N] [--report] [--beside TREE]
                                  measures key pairs and whole sessions in each browser, compares them with WebCrypto and JavaScript
                                  libraries, and writes docs/benchmark.md: half an hour on a quiet machine. --quick makes few runs;
                                  --report measures nothing and writes the last report again; --beside also measures the build of
                                  another tree, in which this command has run
  fuzz [--seconds N] [--runs N] [TARGET…]
                                  fuzzes each target for N seconds (60), or for N runs if they take less
  pictures                        makes pictures of every state of the pad: contact sheets in target/pictures/, the small ones for
                                  the tests in e2e/pictures/, and those in docs/
  soak [--pairs N] [--operands N] checks many pairs of primes with OpenSSL (100000), and many products with another
                                  implementation (1000000); takes hours
  soak --sessions N [--engine webkit|firefox|chromium] [--dist FOLDER]
                                  runs N whole sessions instead, each in a newly loaded page; counts the failures that the customer
                                  sees and those that are recovered; --dist runs another build, as a control
  site                            makes a website of the documents in target/site/, with the current dist/; it needs no server
  audit                           looks up known vulnerabilities of the dependencies; needs the network
  release [--dry-run]             runs every check, and makes the files of a release, from its tagged commit; --dry-run skips the
                                  checks, takes any commit, and says what is missing for a release
  relay-image                     makes the relay as a static binary and as an OCI image, in target/relay-image/
";

fn main() -> ExitCode {
    let command = match Command::from_args(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match Project::find().and_then(|project| command.run(&project)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

enum Command {
    Setup(&'static [Part]),
    Build,
    Demo(demo::Options),
    Check,
    Test(Vec<String>),
    Nightly(Vec<String>),
    Stacks(Vec<String>),
    Bench(bench::Options),
    Fuzz(fuzz::Options),
    Pictures,
    Soak(soak::Options),
    Audit,
    Release { is_rehearsal: bool },
    Site,
    RelayImage,
}

impl Command {
    fn from_args(mut args: lexopt::Parser) -> Result<Self> {
        let Some(Value(name)) = args.next()? else { bail!("which command?") };
        let mut command = match &*name.to_string_lossy() {
            "setup" => Self::Setup(setup::TESTS),
            "build" => Self::Build,
            "demo" => Self::Demo(demo::Options::default()),
            "check" => Self::Check,
            "test" => Self::Test(Vec::new()),
            "nightly" => Self::Nightly(Vec::new()),
            "stacks" => Self::Stacks(Vec::new()),
            "bench" => Self::Bench(bench::Options::default()),
            "fuzz" => Self::Fuzz(fuzz::Options::default()),
            "pictures" => Self::Pictures,
            "soak" => Self::Soak(soak::Options::default()),
            "audit" => Self::Audit,
            "release" => Self::Release { is_rehearsal: false },
            "site" => Self::Site,
            "relay-image" => Self::RelayImage,
            check if checks::is_known(check) => Self::Test(vec![check.to_owned()]),
            check if nightly::is_known(check) => Self::Nightly(vec![check.to_owned()]),
            unknown => bail!("there is no command or check `{unknown}`"),
        };
        while let Some(argument) = args.next()? {
            match (&mut command, argument) {
                (_, Long("yes")) => setup::agree(),
                (Self::Setup(parts), Long("no-browsers")) => *parts = setup::NATIVE,
                (Self::Demo(options), Long("port")) => options.port = args.value()?.parse()?,
                (Self::Demo(options), Long("db")) => options.database = Some(args.value()?.into()),
                (Self::Test(names) | Self::Nightly(names) | Self::Stacks(names), Value(name)) => {
                    names.push(name.string()?)
                }
                (Self::Soak(options), Long("pairs")) => options.pairs = args.value()?.parse()?,
                (Self::Soak(options), Long("operands")) => options.operands = args.value()?.parse()?,
                (Self::Soak(options), Long("sessions")) => options.sessions = Some(args.value()?.parse()?),
                (Self::Soak(options), Long("engine")) => options.engine = Some(args.value()?),
                (Self::Soak(options), Long("dist")) => options.dist = Some(args.value()?.into()),
                (Self::Fuzz(options), Long("seconds")) => options.seconds = args.value()?.parse()?,
                (Self::Fuzz(options), Long("runs")) => options.runs = args.value()?.parse()?,
                (Self::Fuzz(options), Value(target)) => options.targets.push(target),
                (Self::Bench(options), Long("quick")) => options.quick = true,
                (Self::Bench(options), Long("sessions")) => {
                    options.sessions = Some(args.value()?.parse()?);
                }
                (Self::Release { is_rehearsal }, Long("dry-run")) => *is_rehearsal = true,
                (Self::Bench(options), Long("report")) => options.report = true,
                (Self::Bench(options), Long("beside")) => options.beside = Some(args.value()?.into()),
                // Behind `--` everything is a value.
                (Self::Demo(options), Value(option)) => options.passed_on.push(option),
                (_, argument) => return Err(argument.unexpected().into()),
            }
        }
        Ok(command)
    }

    fn run(self, project: &Project) -> Result<()> {
        match self {
            Self::Setup(parts) => setup::install(project, parts),
            Self::Build => {
                setup::install(project, setup::BUILD)?;
                dist::build(project)
            }
            Self::Demo(options) => demo::run(project, &options),
            Self::Check => checks::run_quick(project),
            Self::Test(names) => checks::run_all(project, &names),
            Self::Nightly(names) => nightly::run_all(project, &names),
            Self::Stacks(names) => {
                setup::install(project, setup::STACKS)?;
                stacks::build_and_run(project, &names)
            }
            Self::Bench(options) => bench::run(project, &options),
            Self::Fuzz(options) => fuzz::run(project, &options),
            Self::Pictures => pictures::make(project),
            Self::Soak(options) => soak::run_all(project, &options),
            Self::Audit => supply_chain::audit(project),
            Self::Release { is_rehearsal: false } => release::make(project),
            Self::Release { is_rehearsal: true } => release::rehearse(project),
            Self::Site => {
                setup::install(project, &[Part::Scripts, Part::NewerNode])?;
                site::build(project)
            }
            Self::RelayImage => {
                setup::install(project, &[Part::Musl])?;
                relay::make(project).map(drop)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, USAGE, checks, nightly};

    #[test]
    fn the_name_of_a_check_is_a_command() {
        let read = |name: &str| Command::from_args(lexopt::Parser::from_args([name]));
        assert!(matches!(read("layers"), Ok(Command::Test(names)) if names == ["layers"]));
        assert!(matches!(read("timing"), Ok(Command::Nightly(names)) if names == ["timing"]));
        assert!(matches!(read("stacks"), Ok(Command::Stacks(names)) if names.is_empty()));
        assert!(read("unheard-of").is_err());
    }

    #[test]
    fn the_usage_names_every_check() {
        let (_, usage) = USAGE.split_once("\n  test ").unwrap();
        let (test, usage) = usage.split_once("\n  nightly ").unwrap();
        let (nightly, _) = usage.split_once("\n  NAME ").unwrap();
        for (usage, checks) in
            [(test, &checks::CHECKS[..]), (test, &checks::ENGINES), (nightly, &nightly::NIGHTLY)]
        {
            let named = checks::words(usage);
            for check in checks {
                assert!(named.contains(check.name), "{}", check.name);
            }
        }
    }
}
