use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use card_pin_relay::read_config;
use toml::{Table, Value};

/// Marks a value that must not be repeated; no message of ours contains it.
const SECRET: char = '¤';

/// The relay's configuration: a TOML file, and behind a zero byte the environment, `NAME=value` in lines. An error
/// must not repeat a value.
pub fn relay_config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (file, environment) = text.split_once('\0').unwrap_or((text, ""));
    let environment: Vec<_> = environment
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (format!("CARDPIN__{name}"), value.to_owned()))
        .collect();
    let table = file.parse::<Table>().ok();
    let values = table.iter().flat_map(texts).chain(environment.iter().map(|(_, value)| value.clone()));
    if values.into_iter().any(|value| names_device(&value)) {
        return;
    }
    let names_secret = environment.iter().any(|(name, _)| name.contains(SECRET))
        || table.as_ref().is_some_and(has_secret_key);
    let read = {
        let (written, path) = &*FILE.lock().unwrap_or_else(PoisonError::into_inner);
        // Not emptied first: some file systems then wait for the disk.
        written.write_all_at(file.as_bytes(), 0).unwrap();
        written.set_len(file.len().try_into().unwrap()).unwrap();
        read_config(Some(path), environment)
    };
    if table.is_none() {
        assert!(read.is_err());
    }
    match read {
        Ok(config) => assert!(!format!("{:?}", config.enfuce.auth).is_empty()),
        Err(error) => assert!(names_secret || !error.to_string().contains(SECRET), "{error}"),
    }
}

/// The file that is written for each run, beside the program.
static FILE: LazyLock<Mutex<(File, PathBuf)>> = LazyLock::new(|| {
    let path = std::env::current_exe().unwrap().with_extension("toml");
    Mutex::new((File::create(&path).unwrap(), path))
});

/// Whether a field names a file that never ends or waits for a person, which is not a test of the reader.
fn names_device(value: &str) -> bool {
    ["/dev", "/proc", "/sys"].iter().any(|folder| value.contains(folder))
}

fn texts(table: &Table) -> Vec<String> {
    table
        .values()
        .flat_map(|value| match value {
            Value::String(text) => vec![text.clone()],
            Value::Table(table) => texts(table),
            _ => Vec::new(),
        })
        .collect()
}

fn has_secret_key(table: &Table) -> bool {
    table.iter().any(|(key, value)| {
        key.contains(SECRET) || matches!(value, Value::Table(table) if has_secret_key(table))
    })
}
