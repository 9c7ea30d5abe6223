//! The one source of randomness: the operating system's.

use rand::TryRng;
use rand::rngs::SysRng;
use uuid::Uuid;

/// The system's source did not answer. There is no fallback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoEntropy;

/// Fills `bytes` from the system's source.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoEntropy> {
    SysRng.try_fill_bytes(bytes).map_err(|_| NoEntropy)
}

/// A version 4 UUID (RFC 9562 §5.4): 122 random bits.
pub(crate) fn make_uuid() -> Result<Uuid, NoEntropy> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// A number below `bound`, each equally likely. `bound` is 1 to 128.
pub(crate) fn below(bound: u8) -> Result<u8, NoEntropy> {
    // Bytes at or above the largest multiple would make the small numbers likelier.
    let limit = u8::MAX - u8::MAX % bound.max(1);
    loop {
        let mut byte = [0];
        fill(&mut byte)?;
        if byte[0] < limit {
            return Ok(byte[0] % bound.max(1));
        }
    }
}
