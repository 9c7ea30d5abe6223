//! Version and commit of a build.

use crate::{package::VERSION, project::Project, run};
use std::{env, process::Command, sync::OnceLock};

/// The variable that names the commit in a copy of the sources, which has no Git. The programs also read it when they
/// are compiled.
pub(crate) const COMMIT: &str = "CARD_PIN_COMMIT";

/// How many digits of a commit are shown.
const DIGITS: usize = 12;

/// The text of `CardPin.version`: the package's version, and the commit.
pub(crate) fn version(project: &Project) -> String {
    format!("{VERSION}+{}", commit(project))
}

/// The commit that is checked out, with `.modified` if files differ from it; `unknown` if there is no Git.
pub(crate) fn commit(project: &Project) -> &'static str {
    static ASKED: OnceLock<String> = OnceLock::new();
    ASKED.get_or_init(|| env::var(COMMIT).unwrap_or_else(|_| ask_git(project)))
}

fn ask_git(project: &Project) -> String {
    let git = |args: &[&str]| run::output(Command::new("git").current_dir(project.root()).args(args));
    let asked = git(&["rev-parse", "HEAD"]).and_then(|head| Ok((head, git(&["status", "--porcelain"])?)));
    match asked {
        Ok((head, changes)) => written(&head, !changes.trim().is_empty()),
        Err(_) => "unknown".to_owned(),
    }
}

fn written(head: &str, is_modified: bool) -> String {
    let digits = head.trim().get(..DIGITS).unwrap_or(head.trim());
    if is_modified { format!("{digits}.modified") } else { digits.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn a_commit_is_short_and_says_whether_files_differ_from_it() {
        let head = "3f2c9a1b7d04e5f60718293a4b5c6d7e8f901234\n";
        assert_eq!(written(head, false), "3f2c9a1b7d04");
        assert_eq!(written(head, true), "3f2c9a1b7d04.modified");
    }
}
