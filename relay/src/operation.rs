//! What a device asks for.

/// An operation of the pin API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A TZPK under its public key, to set a PIN.
    Tzpk,
    /// To set the PIN.
    Set,
    /// The PIN under a TZPK, and that under its public key.
    View,
}
