//! What `Debug` may print of a session: the names of its parts, and counts under their names. Everything else, any digit
//! of a PIN, any byte of a key, any part of a control id or a body, is a finding.

use proptest::{prelude::*, test_runner::TestCaseError};

/// The words a session is described with.
const WORDS: &str = "\
    Session random Source operation Set PinRules min max confirm true false weak_pin Reject Allow View \
    control_id_source Given Provider ControlId phase Open Ended Setting Showing key pin Searching Made AwaitingControlId \
    Requested Unwrapped KeyPairSearch bits KeyPair key_pair attempt control_id control_id_attempt tzpk Tdea TdeaKey Secret \
    Aes Aes128 Aes192 Aes256 Iso0 Iso1 Iso3 Pan Entering Entry rules first second Some None Digits of Chosen Pin Unasked \
    Asked actions SearchKeyPair AskControlId Post Request Tzpk Emit Ready PinValid valid digits step \
    Confirm Submitting EntryRefused SubmitRefused Success Shown Failed ViewFailed ControlIdUnavailable ControlIdExpired \
    AlreadyUsed Network Timeout OutcomeUnknown ServerError Rejected BadResponse TzpkInvalid EntropyUnavailable TooShort \
    TooLong Closed NotDigits WeakPin Mismatch";

/// What a number may follow: lengths, counts and rules.
const COUNTS: [&str; 8] = [
    "min: ",
    "max: ",
    "attempt: ",
    "control_id_attempt: ",
    "digits: ",
    "Digits(",
    "KeyPairSearch(",
    "Secret<",
];

pub(crate) fn check(printed: &str) -> Result<(), TestCaseError> {
    let is_part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    while let Some(start) = printed[from..].find(is_part_of_word).map(|start| from + start) {
        let end = printed[start..].find(|c| !is_part_of_word(c)).map_or(printed.len(), |len| start + len);
        let word = &printed[start..end];
        let is_count = word.len() <= 4
            && word.bytes().all(|digit| digit.is_ascii_digit())
            && COUNTS.iter().any(|name| printed[..start].ends_with(name));
        let is_known = is_count || WORDS.split(' ').any(|known| known == word);
        prop_assert!(is_known, "`{}` is printed in {}", word, printed);
        from = end;
    }
    Ok(())
}
