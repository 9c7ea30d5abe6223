//! A slow line.

use anyhow::Result;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    time::{Instant, sleep, sleep_until},
};

/// How slow a network is.
#[derive(Clone, Copy, Debug)]
pub struct Slowness {
    /// From a request's beginning to its answer's, where the server takes no time.
    pub round_trip: Duration,
    /// All answers together, compressed.
    pub bytes_per_second: f64,
}

/// A slow line that all answers share. A connection is open already: each request takes one round trip.
#[derive(Debug)]
pub(super) struct Line {
    slowness: Slowness,
    free: Mutex<Instant>,
    /// How large a path's answer is with brotli. The sandbox does not compress.
    compressed: Mutex<HashMap<String, f64>>,
}

/// Answers take turns on the line, in parts that are about as large as packets.
const PART: usize = 4096;

impl Line {
    pub(super) fn new(slowness: Slowness) -> Self {
        Self { slowness, free: Mutex::new(Instant::now()), compressed: Mutex::default() }
    }

    /// Waits until a request has come there, or an answer begins to come back.
    pub(super) async fn one_way(&self) {
        sleep(self.slowness.round_trip / 2).await;
    }

    /// Sends an answer as slowly as its compressed bytes would come.
    pub(super) async fn send<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        path: &str,
        answer: &[u8],
    ) -> Result<()> {
        let whole = self.compressed(path, answer)? / self.slowness.bytes_per_second;
        for part in answer.chunks(PART) {
            let time = Duration::from_secs_f64(whole * part.len() as f64 / answer.len() as f64);
            let until = self.reserve(time);
            sleep_until(until).await;
            stream.write_all(part).await?;
        }
        Ok(())
    }

    /// When the line is done with what takes that long, after all that it was given before.
    fn reserve(&self, time: Duration) -> Instant {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = (*free).max(Instant::now()) + time;
        *free
    }

    fn compressed(&self, path: &str, answer: &[u8]) -> Result<f64> {
        let mut known = self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(size) = known.get(path) {
            return Ok(*size);
        }
        let mut compressed = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() };
        brotli::BrotliCompress(&mut &*answer, &mut compressed, &parameters)?;
        let size = compressed.len() as f64;
        known.insert(path.to_owned(), size);
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};

    #[tokio::test]
    async fn answers_share_the_line_and_are_as_large_as_with_brotli() -> Result<()> {
        let round_trip = Duration::from_millis(20);
        let line = Line::new(Slowness { round_trip, bytes_per_second: 1000.0 });
        // Nothing compresses the numbers of a generator, and zeros nearly vanish.
        let mut noise = [0; 50];
        SmallRng::seed_from_u64(1).fill_bytes(&mut noise);
        let start = Instant::now();
        line.one_way().await;
        line.one_way().await;
        assert!(start.elapsed() >= round_trip);

        let (start, mut first, mut second, mut third) = (Instant::now(), Vec::new(), Vec::new(), Vec::new());
        let sent = tokio::join!(line.send(&mut first, "/a", &noise), line.send(&mut second, "/b", &noise));
        sent.0?;
        sent.1?;
        let together = start.elapsed();
        assert!(
            (first == noise) && (second == noise) && together >= Duration::from_millis(100),
            "{together:?}"
        );
        line.send(&mut third, "/c", &[0; 100_000]).await?;
        assert!(third.len() == 100_000 && line.compressed("/c", &[])? < 100.0);
        Ok(())
    }
}
