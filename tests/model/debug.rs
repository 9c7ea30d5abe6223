//! Checks what `Debug` prints of a session: only the names of its parts and counts are allowed. Everything else, any digit
//! of a PIN, any byte of a key, any part of a control id or a body, is a finding.

use proptest::{prelude::*, test_runner::TestCaseError};
use std::{collections::HashSet, sync::LazyLock};

/// The words a session is described with.
const WORDS: &str = "\
    Session random Source operation Set PinRules personal Personal min max confirm true false weak_pin Reject Allow View \
    key_size Rsa2048 control_id_source Given Provider ControlId formats Formats can_look_up phase Open Setting LookingUp cause Arrived Showing \
    Ended End code retryable key pin Searching KeyReady AwaitingControlId Requested Waiting seconds Unwrapped KeyPairSearch \
    2048 bits KeyPair key_pair control_id tzpk Tdea TdeaKey Secret Aes Aes128 Aes192 Aes256 Iso0 Iso1 Iso3 Pan Entering Entry \
    rules first second Some None Digits of Chosen Pin Idle attempts Attempts key_requests control_ids key_pairs waits waited_seconds \
    requested sent actions SearchKeyPair AskControlId Post Request Tzpk Status Wait ready refusals refused submitted Confirm \
    ControlIdUnavailable ControlIdExpired NotAllowed Busy AlreadyUsed Network Timeout OutcomeUnknown ServerError Rejected \
    BadResponse TzpkInvalid EntropyUnavailable TooShort TooLong Closed NotDigits WeakPin Mismatch \
    suggested weak_reason reason Run Repeat Year Pattern Common";

static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split(' ').collect());

/// The names after which a number is allowed: lengths, counts and rules.
const COUNTS: [&str; 17] = [
    "min: ",
    "max: ",
    "bits: ",
    "attempts: ",
    "key_requests: ",
    "control_ids: ",
    "key_pairs: ",
    "waits: ",
    "waited_seconds: ",
    "seconds: ",
    "refusals: ",
    "Wait(",
    // What was submitted: the entry, and how many digits it had.
    "(Entry, ",
    "(Confirm, ",
    "Digits(",
    "Secret<",
    "Pin(",
];

pub(crate) fn check(printed: &str) -> Result<(), TestCaseError> {
    let is_part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    while let Some(start) = printed[from..].find(is_part_of_word).map(|start| from + start) {
        let end = printed[start..].find(|c| !is_part_of_word(c)).map_or(printed.len(), |len| start + len);
        let word = &printed[start..end];
        // A PIN has at least four digits.
        let is_count = word.len() <= 2
            && word.bytes().all(|digit| digit.is_ascii_digit())
            && COUNTS.iter().any(|name| printed[..start].ends_with(name));
        let is_known = is_count || KNOWN.contains(word);
        prop_assert!(is_known, "`{}` is printed in {}", word, printed);
        from = end;
    }
    Ok(())
}
