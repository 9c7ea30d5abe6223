//! What the browser's JavaScript heaps contain.

use super::report::Report;
use crate::{Browser, patience::PATIENCE};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::TcpStream};
use tungstenite::{Message, WebSocket, client, client::IntoClientRequest as _};

/// Digits that do not occur in a PIN. The test plants them, to show that the search works.
pub(super) const PLANTED: &str = "909090303030";
/// As in the search of the memory: fewer digits in a row occur by chance.
const DIGITS_IN_A_ROW: usize = 6;

/// The JavaScript heaps of a page and its workers, read with the Chrome DevTools Protocol, which only Chromium has.
#[derive(Debug)]
pub struct Heaps {
    /// The snapshots by their heap, `page` or `worker`.
    snapshots: BTreeMap<String, Snapshot>,
}

/// The traces of given digits in a heap.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    /// Texts that contain some.
    texts: usize,
    /// Arrays and objects that contain some of them one after the other, as numbers or as texts.
    sequences: usize,
}

impl Heaps {
    /// Takes a snapshot of each heap after a garbage collection.
    ///
    /// # Errors
    ///
    /// If the browser does not give them.
    pub async fn of(browser: &Browser, page: &str) -> Result<Self> {
        let address = browser.devtools_address()?;
        let page = page.to_owned();
        // It blocks while it waits for the browser, and the page may wait for a server that runs on this thread.
        tokio::task::spawn_blocking(move || DevTools::connect(&address)?.snapshots(&page)).await?
    }

    /// Searches each heap for these digits, and for what was planted there.
    ///
    /// # Errors
    ///
    /// If there is no page or no worker.
    pub(super) fn search(
        &self,
        (session, stage): (&str, &str),
        pin: &str,
        report: &mut Report,
    ) -> Result<()> {
        ensure!(
            self.snapshots.keys().eq(["page", "worker"]),
            "there are heaps of {:?}",
            self.snapshots.keys()
        );
        for (heap, snapshot) in &self.snapshots {
            let (of_pin, of_planted) = (snapshot.traces(pin), snapshot.traces(PLANTED));
            // The reader of a hit has to see whether it is the PIN, or a number that looks like a part of it.
            let texts: Vec<_> =
                snapshot.texts(pin).map(|text| text.chars().take(80).collect::<String>()).collect();
            let line = format!(
                "{session:<34}{stage:<24}the {heap}'s JavaScript heap, {} strings and {} objects: PIN {} {texts:?}; planted (text {}, lists {})",
                snapshot.strings.len(),
                snapshot.objects(),
                of_pin.texts + of_pin.sequences,
                of_planted.texts,
                of_planted.sequences,
            );
            // A text, a list of numbers, and a list of texts.
            let finds = of_planted.texts >= 1 && of_planted.sequences >= 2;
            report.note(line, finds && of_pin == Traces { texts: 0, sequences: 0 });
        }
        Ok(())
    }
}

/// V8's heap snapshot: every object is a fixed count of numbers in a row.
#[derive(Debug, Deserialize)]
struct Snapshot {
    snapshot: Described,
    nodes: Vec<usize>,
    edges: Vec<usize>,
    strings: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Described {
    meta: Meta,
}

#[derive(Debug, Deserialize)]
struct Meta {
    node_fields: Vec<String>,
    edge_fields: Vec<String>,
    edge_types: Vec<Value>,
}

/// Every row of digits that is too long to occur by chance.
fn rows(digits: &str) -> Vec<&str> {
    (0..=digits.len() - DIGITS_IN_A_ROW).map(|from| &digits[from..from + DIGITS_IN_A_ROW]).collect()
}

fn holds(text: &str, rows: &[&str]) -> bool {
    rows.iter().any(|row| text.contains(row))
}

impl Snapshot {
    fn objects(&self) -> usize {
        self.nodes.len() / self.snapshot.meta.node_fields.len()
    }

    fn traces(&self, digits: &str) -> Traces {
        let rows = rows(digits);
        let sequences = self.sequences().filter(|sequence| holds(sequence, &rows));
        Traces { texts: self.texts(digits).count(), sequences: sequences.count() }
    }

    /// Texts that contain some of these digits.
    fn texts<'a>(&'a self, digits: &'a str) -> impl Iterator<Item = &'a String> {
        let rows = rows(digits);
        self.strings.iter().filter(move |text| {
            let bare: String = text.chars().filter(|sign| !matches!(sign, ',' | ' ' | '"')).collect();
            holds(&bare, &rows)
        })
    }

    /// For each object, the digits that it refers to: elements in their order, and then everything else in the order of the
    /// snapshot. Anything but a digit is a dot.
    fn sequences(&self) -> impl Iterator<Item = String> {
        let Meta { node_fields, edge_fields, edge_types } = &self.snapshot.meta;
        let place =
            |fields: &[String], name: &str| fields.iter().position(|field| field == name).unwrap_or(0);
        let (name, count) = (place(node_fields, "name"), place(node_fields, "edge_count"));
        let (kind, index, to) =
            (place(edge_fields, "type"), place(edge_fields, "name_or_index"), place(edge_fields, "to_node"));
        let element = edge_types
            .first()
            .and_then(Value::as_array)
            .and_then(|types| types.iter().position(|name| name == "element"));
        let mut edges = self.edges.chunks(edge_fields.len());
        self.nodes.chunks(node_fields.len()).map(move |node| {
            let mut referred: Vec<_> = edges
                .by_ref()
                .take(node[count])
                .map(|edge| {
                    let order = if Some(edge[kind]) == element { edge[index] } else { usize::MAX };
                    (order, self.strings[self.nodes[edge[to] + name]].as_str())
                })
                .collect();
            referred.sort_by_key(|(order, _)| *order);
            let digit = |name: &str| match name.as_bytes() {
                [digit @ b'0'..=b'9'] => char::from(*digit),
                _ => '.',
            };
            referred.into_iter().map(|(_, name)| digit(name)).collect()
        })
    }
}

struct DevTools {
    socket: WebSocket<TcpStream>,
    commands: u64,
    /// Events, as they come between the answers.
    events: Vec<Value>,
}

impl DevTools {
    fn connect(address: &str) -> Result<Self> {
        let request = address.into_client_request()?;
        let host = request.uri().authority().context("no address")?.as_str();
        let stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (socket, _) = client(request.clone(), stream)?;
        Ok(Self { socket, commands: 0, events: Vec::new() })
    }

    fn snapshots(mut self, page: &str) -> Result<Heaps> {
        let (origin, _) = page.rsplit_once('/').context("the page has no address")?;
        let targets = self.call(None, "Target.getTargets", json!({}))?;
        let targets = targets["targetInfos"].as_array().context("no targets")?;
        let target =
            targets.iter().find(|target| target["url"] == page).context("the page is not a target")?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call(None, "Target.attachToTarget", attach)?;
        let session = attached["sessionId"].as_str().context("no session with the page")?;
        let auto = json!({"autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true});
        self.call(Some(session), "Target.setAutoAttach", auto)?;
        let mut sessions = vec![("page".to_owned(), session.to_owned())];
        for event in self.events.drain(..).filter(|event| event["method"] == "Target.attachedToTarget") {
            let parameters = &event["params"];
            let kind = parameters["targetInfo"]["type"].as_str().unwrap_or_default();
            let session = parameters["sessionId"].as_str().unwrap_or_default();
            // The browser may keep a page of another origin for the way back. Its worker is frozen, and would not answer.
            let url = parameters["targetInfo"]["url"].as_str().unwrap_or_default();
            if url != page && url.starts_with(origin) {
                sessions.push((kind.to_owned(), session.to_owned()));
            }
        }
        let mut snapshots = BTreeMap::new();
        for (heap, session) in sessions {
            self.events.clear();
            self.call(
                Some(&session),
                "HeapProfiler.takeHeapSnapshot",
                json!({"reportProgress": false, "captureNumericValue": true}),
            )?;
            let chunks = self.events.iter().filter_map(|event| event["params"]["chunk"].as_str());
            let snapshot = serde_json::from_str(&chunks.collect::<String>())
                .with_context(|| format!("what came is not a snapshot of the {heap}"))?;
            snapshots.insert(heap, snapshot);
        }
        Ok(Heaps { snapshots })
    }

    /// A command, and its answer.
    fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        self.commands += 1;
        let mut command = json!({"id": self.commands, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(command.to_string()))?;
        loop {
            let mut message: Value = serde_json::from_str(self.socket.read()?.to_text()?)?;
            if message["id"] != self.commands {
                self.events.push(message);
            } else if message["error"].is_null() {
                return Ok(message["result"].take());
            } else {
                bail!("{method}: {}", message["error"]);
            }
        }
    }
}
