//! Reads the issuer's theme for the hosted page: a style sheet that may set the pad's own properties and nothing else.
//!
//! The reader is our own because it accepts so little: one rule, listed properties, listed functions. A CSS parser such as
//! lightningcss reads the whole language, and everything else in it would then have to be refused.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// The pad's properties, as in `docs/theming.md`.
const PROPERTIES: [&str; 14] = [
    "--card-pin-surface",
    "--card-pin-text",
    "--card-pin-quiet-text",
    "--card-pin-key",
    "--card-pin-key-line",
    "--card-pin-key-pressed",
    "--card-pin-line",
    "--card-pin-accent",
    "--card-pin-on-accent",
    "--card-pin-problem",
    "--card-pin-good",
    "--card-pin-on-good",
    "--card-pin-radius",
    "--card-pin-font",
];

/// The functions that a value may use. None of them loads anything.
const FUNCTIONS: [&str; 16] = [
    "calc",
    "clamp",
    "color",
    "color-mix",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "light-dark",
    "max",
    "min",
    "oklab",
    "oklch",
    "rgb",
    "rgba",
];

/// Reads a file such as `dist/themes/warm.css`: one rule for `card-pin` that sets its properties. Returns a rule for the whole
/// page that is written anew, so that nothing in the file is passed on that was not understood.
///
/// # Errors
///
/// If the file cannot be read, or contains anything else; see [`Error`].
pub(super) fn read(file: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(file)
        .map_err(|source| Error::ThemeUnreadable { file: file.to_owned(), source })?;
    parse(&text).map_err(|(line, reason)| Error::Theme { file: file.to_owned(), line, reason })
}

/// Returns the style sheet, or the line that is wrong and what it should contain.
fn parse(text: &str) -> Result<String, (usize, &'static str)> {
    let text = without_comments(text)?;
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    let form = "write one rule, `card-pin { --card-pin-accent: #9a3412; }`, and no other";
    let (selector, rest) = text.split_once('{').ok_or((1, form))?;
    let (settings, after) = rest.split_once('}').ok_or((line_of(text.trim_end().len()), form))?;
    if selector.trim() != "card-pin" {
        return Err((line_of(selector.len()), form));
    }
    if !after.trim().is_empty() {
        return Err((line_of(text.len() - after.trim_start().len()), form));
    }
    let mut at = selector.len() + 1;
    let mut rule = ":root{".to_owned();
    for setting in settings.split(';') {
        let line = line_of(at + setting.len() - setting.trim_start().len());
        at += setting.len() + 1;
        if setting.trim().is_empty() {
            continue;
        }
        let (property, value) =
            setting.split_once(':').ok_or((line, "a setting is a property, `:` and a value"))?;
        if !PROPERTIES.contains(&property.trim()) {
            return Err((line, "this is not one of the pad's properties, which docs/theming.md lists"));
        }
        if !is_plain(value.trim()) {
            return Err((line, "a value is a colour, a length or the names of fonts, and loads nothing"));
        }
        for part in [property.trim(), ":", value.trim(), ";"] {
            rule.push_str(part);
        }
    }
    rule.push('}');
    Ok(rule)
}

/// Replaces each comment by its line breaks, so that lines keep their numbers.
fn without_comments(text: &str) -> Result<String, (usize, &'static str)> {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        kept.push_str(before);
        let line = kept.matches('\n').count() + 1;
        let (comment, after) = comment.split_once("*/").ok_or((line, "this comment does not end"))?;
        kept.extend(comment.chars().filter(|character| *character == '\n'));
        kept.push(' ');
        rest = after;
    }
    kept.push_str(rest);
    Ok(kept)
}

/// Whether a value is one that only colours, sizes and fonts are made of: brackets and quotation marks in pairs, and no function
/// but those above.
fn is_plain(value: &str) -> bool {
    let mut depth = 0_usize;
    let mut name = String::new();
    let mut quoted: Option<char> = None;
    for character in value.chars() {
        if let Some(mark) = quoted {
            if character == mark {
                quoted = None;
            } else if !character.is_alphanumeric() && !matches!(character, ' ' | '-' | '_' | '.') {
                return false;
            }
            continue;
        }
        match character {
            '"' | '\'' => quoted = Some(character),
            // A bracket without a name belongs to a calculation.
            '(' if !name.is_empty() && !FUNCTIONS.contains(&&*name.to_ascii_lowercase()) => return false,
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            character if character.is_ascii_alphanumeric() || character.is_ascii_whitespace() => {}
            '#' | '%' | '.' | ',' | '-' | '_' | '/' | '+' | '*' => {}
            _ => return false,
        }
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_') {
            name.push(character);
        } else {
            name.clear();
        }
    }
    depth == 0 && quoted.is_none() && !value.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_pad_get_through_and_nothing_else() {
        let theme = "/* Warm\n */\ncard-pin {\n  --card-pin-accent: light-dark(#9a3412, rgb(253 186 116 / 90%)); /* two */\n  \
                     --card-pin-font: \"Bank Sans\", sans-serif;\n  --card-pin-radius: calc(2 * (4px + 1px))\n}\n";
        let expected = ":root{--card-pin-accent:light-dark(#9a3412, rgb(253 186 116 / 90%));\
                        --card-pin-font:\"Bank Sans\", sans-serif;--card-pin-radius:calc(2 * (4px + 1px));}";
        assert_eq!(parse(theme).as_deref(), Ok(expected));
    }

    #[test]
    fn the_error_names_the_wrong_line() {
        let refused = |text: &str| parse(text).map_err(|(line, reason)| (line, &reason[..12]));
        for (text, line, reason) in [
            ("", 1, "write one ru"),
            ("@import 'x.css';\ncard-pin { }", 2, "write one ru"),
            ("body { --card-pin-accent: red }", 1, "write one ru"),
            ("card-pin {\n  --card-pin-accent: red;\n", 2, "write one ru"),
            ("card-pin { }\n\np { }", 3, "write one ru"),
            ("card-pin {\n  color: red\n}", 2, "this is not "),
            ("card-pin {\n  --card-pin-acent: red\n}", 2, "this is not "),
            ("card-pin {\n\n  --card-pin-accent red\n}", 3, "a setting is"),
            ("/* one\n two */ card-pin {\n  --card-pin-accent: url(x)\n}", 3, "a value is a"),
            ("/* no end", 1, "this comment"),
        ] {
            assert_eq!(refused(text), Err((line, reason)), "{text}");
        }
    }

    #[test]
    fn a_value_is_a_colour_a_length_or_fonts() {
        for value in
            ["#1b54d9", "transparent", "oklch(70% 0.1 200)", "0.5rem", "999px", "'A', \"B c\", serif"]
        {
            assert!(is_plain(value), "{value}");
        }
        for value in [
            "",
            "url(//x.example)",
            "URL(x)",
            "image-set(x)",
            "src(x)",
            "var(--x)",
            "attr(x)",
            "rgb(1",
            "rgb)1(",
            "'open",
            "\"a;b\"",
            "red!important",
            "\\75rl(x)",
            "a{b",
            "expression(x)",
            "<!--",
        ] {
            assert!(!is_plain(value), "{value}");
        }
    }

    /// The pad's own style sheet, the documentation and this list name the same properties.
    #[test]
    fn the_properties_are_those_of_the_pad() {
        let found = |text: &str| -> std::collections::BTreeSet<String> {
            let is_in_name = |character: char| character.is_ascii_lowercase() || character == '-';
            let names = text.match_indices("--card-pin-").map(|(at, _)| {
                let end = text[at..].find(|character| !is_in_name(character)).unwrap_or(text.len() - at);
                text[at..at + end].to_owned()
            });
            names.collect()
        };
        let listed = PROPERTIES.map(str::to_owned).into();
        assert_eq!(found(include_str!("../../../www/card-pin.css")), listed);
        assert_eq!(found(include_str!("../../../docs/theming.md")), listed);
    }

    #[test]
    fn the_themes_that_ship_are_taken() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/themes");
        let themes: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(themes.len(), 3);
        for theme in themes {
            assert!(read(&theme).unwrap().contains("--card-pin-radius:"), "{}", theme.display());
        }
    }
}
