//! What tells whether a block's code has changed.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The first 16 hexadecimal digits of the code's SHA-256.
pub fn of_code(code: &str) -> String {
    let mut digest = String::new();
    for byte in Sha256::digest(code.as_bytes()).iter().take(8) {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

#[cfg(test)]
mod tests {
    #[test]
    fn digest_is_the_start_of_sha_256() {
        assert_eq!(super::of_code("abc"), "ba7816bf8f01cfea");
    }
}
