//! Randomness: the system's for choosing inputs, and none at all for the code under test, whose own draws would only
//! blur what is measured.

use core::convert::Infallible;
use rand::{TryCryptoRng, TryRng, rngs::SysRng};

/// Gives the same byte for ever.
#[derive(Debug)]
pub(crate) struct Constant;

impl TryRng for Constant {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x5a5a_5a5a)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x5a5a_5a5a_5a5a_5a5a)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0x5a);
        Ok(())
    }
}

impl TryCryptoRng for Constant {}

/// The system's randomness, fetched many bytes at a time.
#[derive(Debug, Default)]
pub(crate) struct Dice {
    bytes: Vec<u8>,
}

impl Dice {
    /// A random byte.
    pub(crate) fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.bytes.pop() {
                return byte;
            }
            self.bytes.resize(1 << 16, 0);
            if SysRng.try_fill_bytes(&mut self.bytes).is_err() {
                self.bytes.clear();
            }
        }
    }

    /// `N` random bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    /// A random number below `limit`, each as likely as the others.
    pub(crate) fn below(&mut self, limit: u8) -> u8 {
        let top = u8::MAX - u8::MAX % limit;
        loop {
            let byte = self.byte();
            if byte < top {
                return byte % limit;
            }
        }
    }

    /// `N` random decimal digits.
    pub(crate) fn digits<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.below(10))
    }
}
