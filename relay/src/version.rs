use std::sync::LazyLock;

/// The version, followed by the commit where `cargo xtask` built it, which sets `CARD_PIN_COMMIT`: `0.1.0+1f2e3d4c5b6a`.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    let commit = option_env!("CARD_PIN_COMMIT").unwrap_or("unknown");
    format!("{}+{commit}", env!("CARGO_PKG_VERSION"))
});
