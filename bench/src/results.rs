//! What was measured, as it is kept in `target/bench-results.json`, so that the report can be written again without
//! measuring again. Times are in milliseconds, sizes in bytes.

use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) engines: Vec<Version>,
    pub(crate) libraries: Vec<Version>,
    /// The commit of the build that was measured in turn with this one, if there was one.
    pub(crate) beside: Option<String>,
    pub(crate) keys: Vec<Keys>,
    pub(crate) sessions: Vec<Sessions>,
    pub(crate) stages: Vec<Stages>,
    /// Over slow networks, by the network's name.
    pub(crate) networks: Vec<(String, Sessions)>,
    /// With keys larger than Enfuce documents, by their bits.
    pub(crate) larger: Vec<(u32, Sessions)>,
    /// Counted whenever a report is written: that takes no time.
    #[serde(skip)]
    pub(crate) sizes: Vec<Size>,
    pub(crate) wasm_memory: Vec<WasmMemory>,
    pub(crate) heaps: Vec<Heap>,
    pub(crate) many: Vec<Many>,
    pub(crate) slowdowns: Vec<Slowdown>,
    /// How long the whole run took.
    pub(crate) minutes: f64,
    /// Whether it was a short run.
    pub(crate) quick: bool,
}

impl Results {
    /// The times of key pairs of 2048 bits at full speed.
    pub(crate) fn key_times(&self, engine: &str, contender: &str) -> &[f64] {
        let is_wanted = |keys: &&Keys| {
            keys.bits == 2048 && keys.slower == 1 && keys.engine == engine && keys.contender == contender
        };
        self.keys.iter().find(is_wanted).map_or(&[], |keys| &keys.times)
    }

    /// How long sessions took until the PIN was set, at full speed.
    pub(crate) fn session_times(&self, engine: &str, pad: &str) -> Vec<f64> {
        let is_wanted =
            |sessions: &&Sessions| sessions.slower == 1 && sessions.engine == engine && sessions.pad == pad;
        let sessions = self.sessions.iter().filter(is_wanted);
        sessions.flat_map(|sessions| &sessions.runs).map(|marks| marks.accepted).collect()
    }

    /// What a machine is called that was to be so many times slower: by how slow its pages' own thread really was. Only a machine
    /// at full speed was not made slower.
    pub(crate) fn speed(&self, asked: u32) -> String {
        let slowdown = self.slowdowns.iter().find(|slowdown| slowdown.asked == asked);
        slowdown.map_or_else(
            || "at full speed".to_owned(),
            |slowdown| format!("{:.1} times slower", slowdown.page),
        )
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    /// Those that matter.
    pub(crate) features: Vec<String>,
    pub(crate) cores: usize,
    pub(crate) memory: u64,
    pub(crate) system: String,
    pub(crate) rust: String,
    /// How many processes ran or waited to run in the last minute, before the run and at its end.
    pub(crate) load: (f64, f64),
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// Key pairs of one size, made one way, in one engine.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Keys {
    pub(crate) engine: String,
    /// How many times slower the machine was made.
    pub(crate) slower: u32,
    pub(crate) contender: String,
    pub(crate) bits: u32,
    pub(crate) times: Vec<f64>,
    /// Why there are no times.
    pub(crate) skipped: Option<String>,
}

/// Whole sessions with one pad in one engine.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Sessions {
    pub(crate) engine: String,
    pub(crate) slower: u32,
    pub(crate) pad: String,
    pub(crate) runs: Vec<Marks>,
}

/// When each event of a session happened, since its page was asked for.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Marks {
    /// The pad is there, and takes digits.
    pub(crate) drawn: f64,
    /// The key pair is made, and the TZPK unwrapped.
    pub(crate) ready: f64,
    /// The customer pressed the last key.
    pub(crate) submitted: f64,
    /// The request with the PIN has reached the server.
    pub(crate) requested: f64,
    /// The server has accepted the PIN.
    pub(crate) accepted: f64,
    /// The longest task of the page's thread, if the engine reports it.
    pub(crate) longest_task: Option<f64>,
}

/// Where the time of card-pin's sessions goes in one engine.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Stages {
    pub(crate) engine: String,
    pub(crate) runs: Vec<Moments>,
}

/// When each stage of a session until it is ready has ended, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Moments {
    /// The page was asked for.
    pub(crate) opened: f64,
    /// The page's script has run.
    pub(crate) defined: f64,
    /// The worker's script runs.
    pub(crate) script: f64,
    pub(crate) compiled: f64,
    /// The search for primes begins.
    pub(crate) begun: f64,
    pub(crate) found: f64,
    pub(crate) assembled: f64,
    pub(crate) tried: f64,
    pub(crate) asked: f64,
    /// The server's answer with the TZPK is here.
    pub(crate) answered: f64,
    pub(crate) ready: f64,
}

/// What a page loads.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Size {
    pub(crate) what: String,
    pub(crate) raw: usize,
    pub(crate) brotli: usize,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct WasmMemory {
    pub(crate) engine: String,
    pub(crate) bytes: u64,
}

/// JavaScript objects of a page's own thread in Chromium, garbage collected, without those of an empty page.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Heap {
    pub(crate) pad: String,
    /// When the pad is ready.
    pub(crate) ready: i64,
    /// When the PIN is set.
    pub(crate) set: i64,
}

/// Many sessions in one page, one after the other.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Many {
    pub(crate) engine: String,
    pub(crate) times: Vec<f64>,
    /// The same in new browsers, which had their turns in between: so many in each, and the last at the end.
    pub(crate) in_new_browsers: Vec<f64>,
    /// In Chromium: after how many sessions, JavaScript objects, and the memory of the process.
    pub(crate) memory: Vec<(usize, u64, u64)>,
}

/// The effect of a slowdown: how many times as long the same loop took.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Slowdown {
    pub(crate) asked: u32,
    pub(crate) page: f64,
    pub(crate) worker: f64,
}

/// Results that the tests of the report are made of.
#[cfg(test)]
pub(crate) mod samples {
    use super::{Keys, Marks, Sessions};

    pub(crate) fn keys_of(contender: &str, times: &[f64]) -> Keys {
        let (engine, contender) = ("Chromium".to_owned(), contender.to_owned());
        Keys { engine, slower: 1, contender, bits: 2048, times: times.to_vec(), skipped: None }
    }

    pub(crate) fn sessions_of(pad: &str, accepted: f64) -> Sessions {
        let (drawn, ready, submitted, requested) = (1.0, 2.0, 3.0, 4.0);
        let marks = Marks { drawn, ready, submitted, requested, accepted, longest_task: None };
        Sessions { engine: "Chromium".to_owned(), slower: 1, pad: pad.to_owned(), runs: vec![marks; 6] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_as_slow_as_was_measured() {
        let slowdowns = vec![Slowdown { asked: 4, page: 3.87, worker: 3.9 }];
        let results = Results { slowdowns, ..Results::default() };
        assert_eq!([results.speed(1), results.speed(4)], ["at full speed", "3.9 times slower"]);
    }
}
