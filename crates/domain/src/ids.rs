//! Ids that cannot be mistaken for one another, and the token that names a photo's pictures.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
        #[cfg_attr(feature = "sqlx", sqlx(transparent))]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            /// Takes exactly the text that `Display` writes, so that a thing has one address:
            /// no sign, no leading zero, no blank.
            fn from_str(text: &str) -> Result<Self, BadId> {
                match text.parse::<i64>() {
                    Ok(id) if id > 0 && !text.starts_with(['+', '0']) => Ok(Self(id)),
                    _ => Err(BadId),
                }
            }
        }
    };
}

id! {
    /// A person.
    UserId
}
id! {
    /// A photo. Grows with upload order, so it is also a cursor.
    PhotoId
}
id! {
    /// A comment. Grows with the time it was written.
    CommentId
}

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct BadId;

/// Names the pictures made from a photo; 122 random bits, written as 22 characters of base64url.
///
/// It changes with the picture and with its visibility, so that all old addresses become invalid at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
#[cfg_attr(feature = "sqlx", sqlx(transparent))]
pub struct PhotoToken(pub Uuid);

/// How many characters a written token has: 128 bits in base64 without padding.
const TOKEN_CHARS: usize = 22;

impl PhotoToken {
    /// A new token that cannot be guessed.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for PhotoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = [0_u8; TOKEN_CHARS];
        URL_SAFE_NO_PAD
            .encode_slice(self.0.as_bytes(), &mut chars)
            .map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&chars).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for PhotoToken {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let mut bytes = [0_u8; 16];
        let len = URL_SAFE_NO_PAD
            .decode_slice(text, &mut bytes)
            .map_err(|_| BadId)?;
        if len == bytes.len() && text.len() == TOKEN_CHARS {
            Ok(Self(Uuid::from_bytes(bytes)))
        } else {
            Err(BadId)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!("17".parse(), Ok(PhotoId(17)));
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "017",
            "1x",
            " 1",
            "9223372036854775808",
        ] {
            assert_eq!(text.parse::<PhotoId>(), Err(BadId), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_22_safe_characters_and_reads_back() {
        for _ in 0..100 {
            let token = PhotoToken::random();
            let text = token.to_string();
            assert_eq!(text.len(), TOKEN_CHARS);
            assert_eq!(text.parse(), Ok(token));
        }
        for text in [
            "",
            "a",
            "AAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAA==",
        ] {
            assert_eq!(text.parse::<PhotoToken>(), Err(BadId), "{text:?}");
        }
    }
}
