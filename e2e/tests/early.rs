//! A page that loads the vault's files early, as `docs/headers.md` shows.

use anyhow::{Context, Result, ensure};
use axum::{
    Router,
    extract::{Path as Segment, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use card_pin_e2e::{Engine, Stage, copy_dist, in_each_engine};
use serde_json::Value;
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>PIN</title>\
    <script src=\"early.js\"></script><script type=\"module\" src=\"card-pin.js\"></script>\
    <card-pin tzpk-url=\"/pin/tzpk\" set-url=\"/pin/set\"></card-pin></html>";
const FILES: [&str; 2] = ["card-pin.worker.js", "card_pin_bg.wasm"];

in_each_engine! { Stage::open =>
    the_vaults_files_can_be_loaded_early,
}

/// Files that a browser may keep, and the names of those that were requested.
struct Served {
    folder: PathBuf,
    requests: Mutex<Vec<String>>,
}

async fn file(State(served): State<Arc<Served>>, Segment(name): Segment<String>) -> Response {
    let Ok(contents) = fs::read(served.folder.join(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media_type = match name.rsplit('.').next() {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        _ => "application/wasm",
    };
    served.requests.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    let keep = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, keep)], contents).into_response()
}

/// The vault takes them from the browser's cache. WebKit under WebDriver shares no cache with workers: there the pad only works.
async fn the_vaults_files_can_be_loaded_early(stage: &Stage<'_>) -> Result<()> {
    let folder = TempDir::new()?;
    copy_dist(folder.path())?;
    fs::write(folder.path().join("index.html"), PAGE)?;
    fs::write(folder.path().join("early.js"), documented()?.replace("/card-pin/", "./"))?;
    let served = Arc::new(Served { folder: folder.path().to_owned(), requests: Mutex::default() });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/index.html", listener.local_addr()?);
    let router = Router::new().route("/{name}", get(file)).with_state(Arc::clone(&served));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    stage.driver.open(&url).await?;
    let ready = "const pad = document.querySelector('card-pin');
                 const ready = new Promise((resolve) => pad.addEventListener('ready', ({ detail }) => resolve(detail.isolation)));
                 pad.controlIdProvider = () => 'never asked for';
                 return ready";
    let isolation: Value = stage.driver.run(ready, Value::Null).await?;
    ensure!(isolation == "worker", "the vault runs in {isolation}");
    let requests = served.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
    server.abort();
    for name in FILES {
        let count = requests.iter().filter(|request| *request == name).count();
        let is_right = count == 1 || stage.engine == Engine::WebKit && count == 2;
        ensure!(is_right, "{name} was requested {count} times: {requests:?}");
    }
    Ok(())
}

/// The script in the document.
fn documented() -> Result<String> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/headers.md");
    let document = fs::read_to_string(document)?;
    let (_, script) = document.split_once("```js\n").context("docs/headers.md has no script")?;
    let (script, _) = script.split_once("```").context("the script has no end")?;
    Ok(script.to_owned())
}
