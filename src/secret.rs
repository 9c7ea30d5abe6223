//! The one type for secret bytes: kept in one place on the heap, wiped when dropped.

use alloc::boxed::Box;
use core::fmt;
use zeroize::Zeroize;

/// `N` secret bytes.
///
/// They are on the heap and are filled there, so that moving the value moves a pointer and leaves no copy on
/// the stack. There is no `Clone`, no comparison and no serialisation; `Debug` prints no content. The bytes are
/// reached through [`expose`](Secret::expose) only, each use under an `EXPOSE:` comment that says why it is safe.
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// `N` zero bytes, to be filled in place.
    #[must_use]
    pub fn zeroed() -> Self {
        Self(Box::new([0; N]))
    }

    /// The secret bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The secret bytes, to be changed in place.
    pub fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_length_alone() {
        let mut secret = Secret::<4>::zeroed();
        secret.expose_mut().copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
        assert_eq!(format!("{secret:?}"), "Secret<4>(…)");
    }
}
