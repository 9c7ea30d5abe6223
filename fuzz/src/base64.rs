use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64ct::{Base64, Encoding};

/// Base64 as every part uses it, against another implementation: both decode the same texts to the same bytes.
pub fn base64(data: &[u8]) {
    let encoded = Base64::encode_string(data);
    assert_eq!(encoded, STANDARD.encode(data));
    assert_eq!(Base64::decode_vec(&encoded).unwrap(), data);
    if let Ok(text) = std::str::from_utf8(data) {
        let decoded = Base64::decode_vec(text).ok();
        assert_eq!(decoded, STANDARD.decode(text).ok());
        // One spelling for each value.
        assert!(decoded.is_none_or(|bytes| Base64::encode_string(&bytes) == text));
    }
}
