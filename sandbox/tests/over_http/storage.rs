//! The files on the disk survive a restart, and contain no readable PIN.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use card_pin_sandbox::{Error, start};
use serde_json::json;

use crate::support::{BLOCK_1234, Sandbox, encrypt};

/// This PIN has 12 digits, so that a file does not contain them by chance.
const LONG_PIN: &str = "908172635400";
const LONG_BLOCK: u64 = 0x1C90_8172_6354_00FE;

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_restart_keeps_cards_pins_and_control_ids() {
    let mut sandbox = Sandbox::start().await;
    let (set_card, set_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&set_id).await;
    assert_eq!(sandbox.send_block(&set_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    let (open_card, open_id) = sandbox.card_and_control_id().await;
    let open_tzpk = sandbox.tzpk(&open_id).await;
    sandbox.stop().await;
    sandbox.start_again().await;
    assert_eq!(sandbox.hsm_pin(&set_card).await.as_deref(), Some("1234"));
    assert_eq!(sandbox.send_block(&set_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 409);
    assert_eq!(sandbox.send_block(&open_id, &encrypt(&open_tzpk, 0x1456_78AA_AAAA_AAAA)).await.status, 200);
    assert_eq!(sandbox.hsm_pin(&open_card).await.as_deref(), Some("5678"));
}

#[tokio::test]
async fn no_pin_and_no_key_at_rest() {
    let mut sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    let db_with_key = fs::read(sandbox.db()).unwrap();
    assert!(!contains(&db_with_key, &tzpk));
    assert!(!contains(&db_with_key, &tzpk[..8]));
    assert_eq!(sandbox.send_block(&control_id, &encrypt(&tzpk, LONG_BLOCK)).await.status, 200);
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some(LONG_PIN));
    sandbox.stop().await;
    let db = fs::read(sandbox.db()).unwrap();
    // The search works, because it finds the card.
    assert!(contains(&db, card_id.as_bytes()));
    let digits: Vec<u8> = LONG_PIN.bytes().map(|byte| byte - b'0').collect();
    for form in [LONG_PIN.as_bytes(), &digits, &LONG_BLOCK.to_be_bytes(), &LONG_BLOCK.to_be_bytes()[1..7]] {
        assert!(!contains(&db, form));
    }
    let files: Vec<_> =
        fs::read_dir(sandbox.db().parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files.len(), 2, "only the database and its key are left: {files:?}");
}

#[tokio::test]
async fn a_sealed_pin_moved_to_another_card_does_not_open() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    assert_eq!(sandbox.send_block(&control_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    let other = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let db = rusqlite::Connection::open(sandbox.db()).unwrap();
    let copy = "UPDATE cards SET pin_status = 'S', sealed_pin = (SELECT sealed_pin FROM cards WHERE id = ?1) WHERE id = ?2";
    assert_eq!(db.execute(copy, [&card_id, &other]).unwrap(), 1);
    sandbox.get(&format!("/sandbox/cards/{other}/pin")).await.assert_problem(
        500,
        "internal",
        "does not open",
    );
}

#[tokio::test]
async fn whoever_reads_the_database_holds_up_no_other_reader() {
    let sandbox = Sandbox::start().await;
    let (card_id, _) = sandbox.card_and_control_id().await;
    let reader = rusqlite::Connection::open(sandbox.db()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM cards;").unwrap();
    assert_eq!(sandbox.pin_status(&card_id).await, "W");
}

#[tokio::test]
async fn the_master_key_is_its_owners_alone() {
    let mut sandbox = Sandbox::start().await;
    let key = sandbox.folder.join("data/sandbox.sqlite.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&key).unwrap().len(), 32);
    sandbox.stop().await;
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let refused = start(sandbox.config()).await.unwrap_err();
        assert!(matches!(refused, Error::MasterKeyExposed { .. }), "{mode:o}: {refused}");
        assert!(refused.to_string().contains("chmod 600"));
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, [0; 31]).unwrap();
    assert!(matches!(start(sandbox.config()).await, Err(Error::MasterKeyMalformed { .. })));
    fs::remove_file(&key).unwrap();
    assert!(matches!(start(sandbox.config()).await, Err(Error::MasterKeyMissing { .. })));
}

#[tokio::test]
async fn the_database_is_its_owners_alone() {
    let mut sandbox = Sandbox::start().await;
    let rights = |file: &Path| fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights(&sandbox.db()), 0o600);
    // Everybody could read the file of an earlier version: its rights are corrected.
    sandbox.stop().await;
    fs::set_permissions(sandbox.db(), fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.start_again().await;
    assert_eq!(rights(&sandbox.db()), 0o600);
    // A file of another program keeps its rights.
    let other = sandbox.folder.join("data/other.sqlite");
    fs::copy(sandbox.folder.join("data/sandbox.sqlite.key"), other.with_extension("sqlite.key")).unwrap();
    fs::write(&other, "this is not a database, but long enough to be looked at as one").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
    let mut config = sandbox.config();
    config.db = other.clone();
    assert!(matches!(start(config).await, Err(Error::Database { .. })));
    assert_eq!(rights(&other), 0o644);
}

#[tokio::test]
async fn reset_empties_everything() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    sandbox.post("/issuer/api/cards", &json!({"firstName": "Ada", "lastName": "L"})).await;
    sandbox.plan("tzpk", json!("cut")).await;
    sandbox.advance(1_000_000).await;
    assert_eq!(sandbox.post("/sandbox/reset", &json!({})).await.status, 200);
    assert_eq!(sandbox.get("/sandbox/wire").await.json(), json!({"requests": []}));
    assert_eq!(sandbox.get("/issuer/api/cards").await.json(), json!({"cards": []}));
    let path = format!("/card/v4/MC_CARD/{card_id}");
    assert_eq!(sandbox.issuer(reqwest::Method::GET, &path, None).await.status, 404);
    assert_eq!(sandbox.fetch_page(&control_id).await.status, 404);
    let clock = sandbox.post("/sandbox/clock", &json!({"advanceSeconds": 0})).await.json();
    assert_eq!(clock["offsetSeconds"], 0);
    // The planned fault is gone as well.
    let (_, control_id) = sandbox.card_and_control_id().await;
    assert_eq!(sandbox.tzpk(&control_id).await.len(), 16);
}
