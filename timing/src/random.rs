//! The system's randomness, for choosing inputs. The code under test gets a constant instead, because its own draws would
//! only blur what is measured.

use rand::{TryRng, rngs::SysRng};

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

    /// A random number below `limit`, each equally likely.
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
