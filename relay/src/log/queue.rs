//! Writes lines from a bounded queue, in a thread of its own: a reader that stalls delays nothing else.
//!
//! `tracing-appender` has the same queue. But it does not count lines that could not be written. And if a reader stalls while the
//! queue is full, it waits at the end without limit.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

/// The most lines that wait to be written. Further lines are dropped and counted.
pub(super) const MAX_WAITING_LINES: usize = 8192;

/// The time between two attempts to put a last message into a full queue.
const PAUSE: Duration = Duration::from_millis(10);

enum Message {
    Line(String),
    /// Everything before this message is written.
    Flushed(Sender<()>),
}

#[derive(Clone)]
pub(super) struct Queue {
    messages: SyncSender<Message>,
    /// The number of lines that were not written, or not completely.
    lost: Arc<AtomicU64>,
}

impl Queue {
    pub(super) fn start(output: impl Write + Send + 'static) -> Self {
        let (messages, received) = mpsc::sync_channel(MAX_WAITING_LINES);
        let lost = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&lost);
        thread::spawn(move || write(output, &received, &counted));
        Self { messages, lost }
    }

    pub(super) fn push(&self, mut line: String) {
        line.push('\n');
        if self.messages.try_send(Message::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written, or for `longest`.
    pub(super) fn flush(&self, longest: Duration) {
        let until = Instant::now() + longest;
        let (flushed, wait) = mpsc::channel();
        let mut last = Message::Flushed(flushed);
        while let Err(TrySendError::Full(back)) = self.messages.try_send(last) {
            if Instant::now() >= until {
                return;
            }
            last = back;
            thread::sleep(PAUSE);
        }
        // Lines that are not written by then are lost.
        let _ = wait.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn write(mut output: impl Write, messages: &Receiver<Message>, lost: &AtomicU64) {
    while let Ok(message) = messages.recv() {
        match message {
            Message::Line(line) => {
                if output.write_all(line.as_bytes()).is_err() {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
            }
            // The caller may have stopped waiting.
            Message::Flushed(flushed) => drop(flushed.send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::Mutex;

    /// Writes nothing until the other end of its channel is gone.
    struct Stalled(Receiver<()>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Keeps what it is given, unless it is too long.
    #[derive(Clone, Default)]
    struct Short(Arc<Mutex<Vec<u8>>>);

    impl Write for Short {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > 4 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_reads_are_dropped_and_counted() {
        let (let_go, stalled) = mpsc::channel();
        let queue = Queue::start(Stalled(stalled));
        for _ in 0..MAX_WAITING_LINES + 100 {
            queue.push("line".to_owned());
        }
        // One line is being written.
        let lost = queue.lost();
        assert!((99..=100).contains(&lost), "{lost}");
        // It does not wait for the reader, who never comes.
        queue.flush(Duration::from_millis(50));
        drop(let_go);
        queue.flush(Duration::from_secs(600));
        assert_eq!(queue.lost(), lost);
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let output = Short::default();
        let queue = Queue::start(output.clone());
        for line in ["one", "two and more", "six"] {
            queue.push(line.to_owned());
        }
        queue.flush(Duration::from_secs(600));
        assert_eq!((&**output.0.lock().unwrap(), queue.lost()), (&b"one\nsix\n"[..], 1));
    }
}
