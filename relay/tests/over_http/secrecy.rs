//! The relay cannot learn a PIN: the test searches its whole memory and its log for every form of the PINs that went through it,
//! and of the keys that encrypted them.
//!
//! The PINs have twelve digits, because four digits would be found anywhere by chance. The control id and the ciphertext of a
//! request under way, and a PIN that is put into the process on purpose, show that the search works.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use base64ct::{Base64, Encoding};
use memchr::memmem;
use serde_json::json;

use crate::device::{self, key_request, set_request, unwrap};
use crate::issuer::{SigningKey, issuing};
use crate::pin_api::PinApi;
use crate::process::{Folder, Relay, classic, nextgen};
use crate::upstream::{Upstream, ok, until};

const PINS: [&str; 4] = ["739182640517", "284619573062", "915037264826", "460281937550"];
/// The PIN that is under way while the memory is read.
const HELD_PIN: &str = "826405173918";
/// A PIN in the process's environment, which the search has to find.
const LEAKED_PIN: &str = "371950284661";

/// The memory of a process, region by region.
fn memory(pid: u32) -> Vec<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut regions = Vec::new();
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        // The kernel's own pages cannot be read.
        if !rest.starts_with('r') || rest.contains("[v") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut region = vec![0; usize::try_from(end - start).unwrap()];
        if memory.read_exact_at(&mut region, start).is_ok() {
            regions.push(region);
        }
    }
    assert!(regions.iter().map(Vec::len).sum::<usize>() > 1024 * 1024, "the memory was not read");
    regions
}

fn holds(regions: &[Vec<u8>], needle: &[u8]) -> bool {
    let finder = memmem::Finder::new(needle);
    regions.iter().any(|region| finder.find(region).is_some())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes in every form in which they could be written.
fn spelled(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    vec![
        (name.to_owned(), bytes.to_vec()),
        (format!("{name} in hex"), hex(bytes).into_bytes()),
        (format!("{name} in HEX"), hex(bytes).to_uppercase().into_bytes()),
        // Without the end, which depends on the padding.
        (format!("{name} in base64"), Base64::encode_string(&bytes[..bytes.len() / 3 * 3]).into_bytes()),
    ]
}

fn bcd(pin: &str) -> Vec<u8> {
    let digits: Vec<u8> = pin.bytes().map(|digit| digit - b'0').collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The bytes of a format 1 block that are not random: control nibble, length and twelve digits (ISO 9564-1:2017, 9.3.3).
fn block(pin: &str) -> Vec<u8> {
    [vec![0x1c], bcd(pin)].concat()
}

fn forms_of_pin(pin: &str) -> Vec<(String, Vec<u8>)> {
    let mut forms = vec![
        (format!("{pin} as text"), pin.as_bytes().to_vec()),
        (format!("{pin} in UTF-16"), pin.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (format!("{pin} as digits"), pin.bytes().map(|digit| digit - b'0').collect()),
        (format!("{pin} backwards"), pin.bytes().rev().collect()),
    ];
    forms.extend(spelled(&format!("{pin} in BCD"), &bcd(pin)));
    forms.extend(spelled(&format!("the block of {pin}"), &block(pin)));
    forms
}

/// Gets a TZPK from the relay, and encrypts a PIN under it. Adds what the relay must not learn to `secrets`.
async fn encrypted(
    relay: &Relay,
    control_id: &str,
    pin: &str,
    secrets: &mut Vec<(String, Vec<u8>)>,
) -> [u8; 8] {
    let tzpk = unwrap(&relay.post("/tzpk", &key_request(control_id)).await);
    let mut clear = block(pin);
    clear.push(0xa5);
    secrets.extend(forms_of_pin(pin));
    secrets.extend(spelled(&format!("the clear block of {pin}"), &clear));
    for (name, key) in [("the TZPK", &*tzpk), ("its first half", &tzpk[..8]), ("its second half", &tzpk[8..])]
    {
        secrets.extend(spelled(&format!("{name} for {pin}"), key));
    }
    device::encrypt(&tzpk, clear.try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_log_hold_ciphertext_and_control_ids_alone() {
    let enfuce = PinApi::start().await;
    let signing = SigningKey::make("k1");
    let jwks = signing.jwks();
    let issuer = Upstream::start(move |request| {
        if request.line.contains("/jwks") { ok(&jwks) } else { ok(json!({"allowed": true})) }
    })
    .await;
    let audit = "[audit]\nkey = \"0123456789abcdef0123456789abcdef\"";
    let classic = classic(enfuce.base_url(), audit);
    let folder = Folder::make();
    let issuing = issuing(&classic, &folder, &issuer.base_url);
    for (config, token) in [
        (classic, None),
        (nextgen(enfuce.base_url(), ""), None),
        (issuing, Some(signing.token("ada-lovelace", json!({})))),
    ] {
        let mut relay = Relay::start_with(Folder::make(), &config, &[("LEAK", LEAKED_PIN)]);
        relay.token = token;
        let relay = relay;
        // A relay that issues control ids is asked for one. Otherwise it is Enfuce's own, which is the card's id.
        let new_control_id = async |card: &str| {
            if relay.token.is_none() {
                return card.to_owned();
            }
            let question = json!({"cardId": card, "operation": "set-pin"});
            let answer = relay.post("/control-id", &question).await;
            answer.json()["controlId"].as_str().unwrap().to_owned()
        };
        let (mut secrets, mut control_ids) = (Vec::new(), Vec::new());
        for pin in PINS {
            let card = PinApi::card();
            let control_id = new_control_id(&card).await;
            let block = encrypted(&relay, &control_id, pin, &mut secrets).await;
            assert_eq!(relay.post("/set", &set_request(&control_id, &block)).await.status, 200);
            assert_eq!(enfuce.pin(&card).as_deref(), Some(pin));
            control_ids.push(control_id);
        }

        let card = PinApi::card();
        let control_id = new_control_id(&card).await;
        let block = encrypted(&relay, &control_id, HELD_PIN, &mut secrets).await;
        enfuce.stall_at_the_next_set();
        let request = set_request(&control_id, &block);
        let sets = enfuce.sets();
        let held = relay.client.post(format!("{}/set", relay.base_url)).json(&request);
        let held = held.bearer_auth(relay.token.as_deref().unwrap_or_default()).send();
        let held = tokio::spawn(held);
        until("the PIN is under way", async || enfuce.sets() > sets).await;
        let under_way = memory(relay.child.id());
        held.abort();
        until("the relay has noticed", async || relay.log(0).iter().any(|line| line["status"] == 499)).await;
        assert_eq!(relay.post("/set", &request).await.status, 200);
        assert_eq!(enfuce.pin(&card).as_deref(), Some(HELD_PIN));
        let afterwards = memory(relay.child.id());
        let (pid, token) = (relay.child.id(), relay.token.clone());
        let (_, log) = relay.end();
        let log = [log.into_bytes()];

        if token.is_none() {
            assert!(holds(&under_way, control_id.as_bytes()), "it missed the control id");
        }
        assert!(holds(&under_way, Base64::encode_string(&block).as_bytes()), "it missed the ciphertext");
        for regions in [&under_way, &afterwards] {
            assert!(holds(regions, LEAKED_PIN.as_bytes()), "the search missed a PIN that is there, in {pid}");
        }
        assert!(holds(&log, b"\"route\":\"set\""), "there is no log");
        for (name, secret) in &secrets {
            for (place, regions) in [("memory", &*under_way), ("memory", &*afterwards), ("log", &log)] {
                assert!(!holds(regions, secret), "{name} is in the {place}");
            }
        }
        for name in token.iter().flat_map(|token| token.split('.').chain(["ada-lovelace", &card])) {
            assert!(!holds(&log, name.as_bytes()), "{name} is in the log");
        }
        for control_id in control_ids.iter().chain([&control_id]) {
            assert!(!holds(&log, control_id.as_bytes()), "a control id is in the log");
        }
    }
}
