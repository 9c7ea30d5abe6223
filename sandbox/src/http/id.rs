//! Reads ids, from paths and bodies.

use uuid::Uuid;

use super::problem::Problem;

/// Reads a UUID in its usual spelling, with hyphens.
pub(crate) fn parse_uuid(name: &str, text: &str) -> Result<Uuid, Problem> {
    // The parser also takes braces, a URN prefix and no hyphens; only one of the spellings has 36 characters.
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    id.ok_or_else(|| Problem::malformed(format!("{name} has to be a UUID.")))
}

/// Reads an id or role that the issuer chose itself.
pub(crate) fn parse_id(name: &str, text: String) -> Result<String, Problem> {
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits {
        Ok(text)
    } else {
        Err(Problem::malformed(format!("{name} has to be 1 to 64 letters, digits, - or _.")))
    }
}
