//! Each sentence that the comments here quote is in the document that they name.

use std::{fs, path::Path};

/// The words, without the asterisks before the lines of a comment.
fn normalized(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "*").collect::<Vec<_>>().join(" ")
}

/// The comments of a file, with the lines of each in one.
fn comments(source: &str) -> Vec<String> {
    let text_of =
        |line: &str| Some(line.trim().strip_prefix("//")?.trim_start_matches(['/', '!']).to_owned());
    let lines: Vec<_> = source.lines().map(text_of).collect();
    lines.split(Option::is_none).map(|lines| lines.iter().flatten().cloned().collect()).collect()
}

#[test]
fn every_quoted_sentence_is_in_its_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut quotes = 0;
    for file in
        ["tests/model", "tests/common"].iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
    {
        let path = file.unwrap().path();
        for comment in comments(&fs::read_to_string(&path).unwrap()) {
            let parts: Vec<_> = comment.split('"').collect();
            for [before, quote] in parts.as_chunks().0 {
                let name = before.strip_suffix(": ").and_then(|before| before.rsplit(' ').next());
                let name = name.unwrap_or_else(|| panic!("{path:?} quotes no document: {quote}"));
                let document = fs::read_to_string(root.join(name)).expect(name);
                assert!(normalized(&document).contains(&normalized(quote)), "not in {name}: {quote}");
                quotes += 1;
            }
        }
    }
    assert!(quotes > 10, "{quotes}");
}
