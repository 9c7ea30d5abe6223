//! How much refusing weak PINs hinders a thief, and how many people it affects: makes the tables of `docs/pin-policy.md`, which
//! says where the files come from.
//!
//! ```text
//! cargo run --example pin_policy -- FILE…
//! ```
//!
//! A file has a PIN on each line, as often as it was chosen; or `PIN : COUNT`; or each PIN once, the most used first. Any
//! other line is left out.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

use card_pin::{
    entry::{Entry, PinRules},
    weak_pin::{WeakPin, WeakReason},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    env,
    error::Error,
    fs,
};

/// After how many guesses a thief is looked at: a card takes three, and at most six on two terminals.
const GUESSES: [usize; 4] = [3, 6, 10, 30];
/// How much of a ranking is looked at.
const TOPS: [usize; 4] = [10, 20, 50, 100];
/// How many PINs of four digits `src/weak_pin/common.rs` has.
const LISTED: usize = 200;
/// This PIN is rank 4 in one source and rarely chosen in the others, so it comes from a data set and not from people's choice.
const ARTEFACT: &str = "1342";
/// The rank of a PIN that a ranking does not have.
const UNRANKED: usize = 5000;

/// What the vault refuses.
const VAULT: &str = "all rules, and the list";

/// The PINs of one length in one file, the most used first, with how often they were chosen; once each in a ranking.
struct Source {
    name: String,
    pins: Vec<(String, u64)>,
    has_counts: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut by_length: BTreeMap<usize, Vec<Source>> = BTreeMap::new();
    for path in env::args().skip(1) {
        for (length, source) in read(&path)? {
            by_length.entry(length).or_default().push(source);
        }
    }
    for (length, sources) in &by_length {
        println!("\n## {length} digits");
        let simple_policy = if *length == 4 { "the rules alone" } else { "runs and repeats alone" };
        if *length <= 6 {
            let all = || (0..10_usize.pow(*length as u32)).map(|pin| format!("{pin:0length$}"));
            let simple = all().filter(|pin| is_refused_simply(pin)).count();
            let refused = all().filter(|pin| reason(pin).is_some()).count();
            println!("\nRefused of all PINs: {simple} by {simple_policy}, {refused} by {VAULT}");
        }
        let (counted, ranked): (Vec<_>, Vec<_>) = sources.iter().partition(|source| source.has_counts);
        if !counted.is_empty() {
            println!("\n| PINs refused | chosen by | a thief succeeds, % | first choice refused, % |");
            println!("| --- | --- | --- | --- |");
        }
        for source in counted {
            row("none", source, |_| false);
            row(simple_policy, source, is_refused_simply);
            row(VAULT, source, |pin| reason(pin).is_some());
            if *length == 4 && sources.len() > 1 {
                // A list must not be judged by the data from which it was made.
                let others: Vec<_> = sources.iter().filter(|other| other.name != source.name).collect();
                let list: HashSet<_> = most_used(&others).into_iter().collect();
                row("all rules, and a list made from the other sources", source, |pin| {
                    is_refused_simply(pin) || list.contains(pin)
                });
            }
        }
        for source in ranked {
            println!();
            for (policy, refuses) in
                [(simple_policy, is_refused_simply as fn(&str) -> bool), (VAULT, |pin| reason(pin).is_some())]
            {
                let refused =
                    |top: usize| source.pins.iter().take(top).filter(|(pin, _)| refuses(pin)).count();
                println!(
                    "{} of {}, refused of the first {TOPS:?} by {policy}: {:?}",
                    source.name,
                    source.pins.len(),
                    TOPS.map(refused)
                );
            }
        }
        if *length == 4 && sources.len() > 1 {
            let list = most_used(&sources.iter().collect::<Vec<_>>());
            let is_list = list.iter().all(|pin| reason(pin) == Some(WeakReason::Common));
            println!("\nThe list of src/weak_pin/common.rs is what these files make: {is_list}");
        }
    }
    Ok(())
}

fn row(policy: &str, source: &Source, refuses: impl Fn(&str) -> bool) {
    let pins = source.pins.iter().filter(|(pin, _)| pin != ARTEFACT);
    let (refused, left): (Vec<_>, Vec<_>) = pins.partition(|(pin, _)| refuses(pin));
    let chosen_by = |pins: &[&(String, u64)]| pins.iter().map(|(_, count)| *count).sum::<u64>() as f64;
    let all_left = chosen_by(&left);
    // People whose PIN is refused choose again like the others.
    let succeeds = GUESSES
        .map(|guesses| format!("{:.2}", 100.0 * chosen_by(&left[..guesses.min(left.len())]) / all_left));
    let cost = 100.0 * chosen_by(&refused) / (chosen_by(&refused) + all_left);
    println!("| {policy} | {} | {} | {cost:.1} |", source.name, succeeds.join(" / "));
}

/// Four digits: the first by the product of their ranks that no other rule refuses.
fn most_used(sources: &[&Source]) -> Vec<String> {
    let ranks: Vec<HashMap<&str, usize>> = sources
        .iter()
        .map(|source| source.pins.iter().zip(1..).map(|((pin, _), rank)| (pin.as_str(), rank)).collect())
        .collect();
    let product = |pin: &String| -> usize {
        ranks.iter().map(|ranks| ranks.get(pin.as_str()).copied().unwrap_or(UNRANKED)).product()
    };
    let mut pins: Vec<_> = (0..10_000).map(|pin| format!("{pin:04}")).collect();
    pins.retain(|pin| !is_refused_simply(pin) && pin != ARTEFACT);
    pins.sort_by_cached_key(product);
    pins.truncate(LISTED);
    pins
}

/// Why the vault refuses a PIN.
fn reason(pin: &str) -> Option<WeakReason> {
    let count = u8::try_from(pin.len()).ok()?;
    let mut entry = Entry::new(PinRules::new(count, count, false, WeakPin::Reject)?);
    pin.bytes().try_for_each(|digit| entry.press(digit - b'0')).ok()?;
    entry.finish().err()?.0.weak_reason()
}

/// Whether the policy that is compared with the vault's refuses a PIN: for four digits all rules without the list; for more, only
/// digits up or down by one, one digit repeated, and two digits in turn.
fn is_refused_simply(pin: &str) -> bool {
    let digits = pin.as_bytes();
    if digits.len() == 4 {
        return reason(pin).is_some_and(|reason| reason != WeakReason::Common);
    }
    let is_run = |step: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
    [0, 1, 9].into_iter().any(is_run) || digits.windows(3).all(|three| three[0] == three[2])
}

fn read(path: &str) -> Result<Vec<(usize, Source)>, Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let mut by_length: BTreeMap<usize, Vec<(String, u64)>> = BTreeMap::new();
    let mut places = HashMap::new();
    let mut has_counts = false;
    for line in String::from_utf8_lossy(&bytes).lines() {
        let (pin, count) = line.split_once(':').unwrap_or((line, "1"));
        let (pin, Ok(count)) = (pin.trim(), count.trim().parse()) else { continue };
        if !(4..=12).contains(&pin.len()) || !pin.bytes().all(|digit| digit.is_ascii_digit()) {
            continue;
        }
        let pins = by_length.entry(pin.len()).or_default();
        let place = *places.entry(pin.to_owned()).or_insert(pins.len());
        has_counts |= place < pins.len() || line.contains(':');
        match pins.get_mut(place) {
            Some((_, total)) => *total += count,
            None => pins.push((pin.to_owned(), count)),
        }
    }
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    Ok(by_length
        .into_iter()
        .map(|(length, mut pins)| {
            if has_counts {
                pins.sort_by(|(pin, count), (other, more)| more.cmp(count).then(pin.cmp(other)));
            }
            (length, Source { name: name.clone(), pins, has_counts })
        })
        .collect())
}
