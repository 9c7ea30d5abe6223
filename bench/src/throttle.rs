//! A slower machine.

use crate::results::Slowdown;
use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Browser, Sandbox, WebDriver};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long the pages run before they stand still again.
const TURN: Duration = Duration::from_millis(5);

/// The same sums on the page's thread and in a worker, once they are compiled.
const LOOPS: &str = "
    const { loop } = await import('./loop.js');
    const worker = new Worker('./loop.worker.js', { type: 'module' });
    const inWorker = () => new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(0);
    });
    loop();
    await inWorker();
    const took = { page: loop(), worker: await inWorker() };
    worker.terminate();
    return took;
";

/// Makes a Chromium's pages slower: their processes stand still for most of the time, in short turns, with all their
/// threads. Chromium's own throttle (`Emulation.setCPUThrottlingRate`) slows a page's main thread alone, and neither workers
/// nor the threads on which WebCrypto makes its keys. Dropping it ends it.
pub(crate) struct Throttle {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Throttle {
    /// Pages are this many times as slow from here on.
    pub(crate) fn start(browser: &Browser, slower: u32) -> Result<Self> {
        let processes = browser.page_processes();
        let mut known = processes();
        ensure!(!known.is_empty(), "the browser's pages have no processes that could be slowed");
        let ends = Arc::new(AtomicBool::new(slower <= 1));
        let ended = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            let mut turn = Instant::now();
            while !ended.load(Ordering::Relaxed) {
                thread::sleep(TURN.saturating_sub(turn.elapsed()));
                send(&known, Signal::STOP);
                // However long they really ran.
                let until = Instant::now() + turn.elapsed() * (slower - 1);
                // A page that was opened may have got another process. Looking for it takes a while, which is not the pages' turn.
                let all = processes();
                send(&all, Signal::STOP);
                thread::sleep(until.saturating_duration_since(Instant::now()));
                // Before the signals: a page may run at once, and this thread only when that waits.
                turn = Instant::now();
                send(&known, Signal::CONT);
                send(&all, Signal::CONT);
                known = all;
            }
        });
        Ok(Self { ends, thread: Some(thread) })
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends with its pages running, and does not panic.
            let _ = thread.join();
        }
    }
}

/// One that has ended meanwhile needs no signal.
fn send(processes: &[u32], signal: Signal) {
    for process in processes {
        if let Some(process) = Pid::from_raw(process.cast_signed()) {
            let _ = kill_process(process, signal);
        }
    }
}

/// The loops' times, in milliseconds.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Loops {
    page: f64,
    worker: f64,
}

impl Loops {
    /// As fast as the pages are now.
    pub(crate) async fn time(sandbox: &Sandbox, driver: &WebDriver) -> Result<Self> {
        driver.open(&sandbox.url("/pin-page/blank.html")).await?;
        driver.run(LOOPS, Value::Null).await.context("the loops that tell how slow it is")
    }

    pub(crate) fn slower_than(self, full_speed: Self, asked: u32) -> Slowdown {
        Slowdown { asked, page: self.page / full_speed.page, worker: self.worker / full_speed.worker }
    }
}
