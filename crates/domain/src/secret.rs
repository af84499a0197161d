//! Random secrets of sessions, and the hashes that the database stores.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::ids::BadId;

/// 256 random bits that a browser holds as its session.
#[derive(Clone)]
pub struct Secret([u8; 32]);

/// The SHA-256 of a secret, which the database stores: a reader of the database cannot log in with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl Secret {
    /// A new secret from a cryptographic random number generator.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The hash to store. One plain hash is enough, because the secret has 256 random bits.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0).into())
    }

    /// The text for the cookie.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl FromStr for Secret {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let mut bytes = [0_u8; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(BadId),
        }
    }
}

impl SecretHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_never_shows_in_logs() {
        let secret = Secret::random();
        let again: Secret = secret.reveal().parse().unwrap();
        assert_eq!(again.hash(), secret.hash());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert!("short".parse::<Secret>().is_err());
        assert!("A".repeat(64).parse::<Secret>().is_err());
    }
}
