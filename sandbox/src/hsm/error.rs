use crate::random::NoEntropy;

/// Why the HSM refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HsmError {
    /// The system gave no random bytes.
    Entropy,
    /// A sealed value was not sealed here for this owner.
    Seal,
    /// The block is not a PIN block of a known format under this key. Deliberately one answer for every reason.
    Block,
}

impl From<NoEntropy> for HsmError {
    fn from(_: NoEntropy) -> Self {
        Self::Entropy
    }
}
