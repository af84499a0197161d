//! The name of a person in the address: lower case, so that one person has one address.

use std::fmt;
use std::str::FromStr;

use super::reserved_names::is_reserved;

/// A valid user name: 2 to 30 of `a-z`, `0-9` and `-`, beginning with a letter or digit.
///
/// The constraint `users_name_form` of schema.sql has the same rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
#[cfg_attr(feature = "sqlx", sqlx(transparent))]
pub struct Username(String);

/// Why a text is no user name, as a sentence for the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUsername {
    /// Too short or too long.
    #[error("A name has 2 to 30 characters.")]
    Length,
    /// Another character than the safe ones.
    #[error(
        "A name has only small letters a to z, digits and hyphens, and begins with a letter or digit."
    )]
    Form,
    /// A word that the site needs for itself.
    #[error("That name is reserved.")]
    Reserved,
}

impl Username {
    /// Reads a name from an address.
    ///
    /// # Errors
    ///
    /// When the text is no valid name.
    pub fn parse(text: &str) -> Result<Self, BadUsername> {
        if !(2..=30).contains(&text.len()) {
            return Err(BadUsername::Length);
        }
        let safe = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let mut bytes = text.bytes();
        if bytes.next().is_some_and(safe) && bytes.all(|byte| safe(byte) || byte == b'-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadUsername::Form)
        }
    }

    /// Reads a name for a new account: as [`Username::parse`], but a name that could be taken for the site is
    /// refused.
    ///
    /// # Errors
    ///
    /// When the text is no name, or the name is reserved.
    pub fn claim(text: &str) -> Result<Self, BadUsername> {
        let name = Self::parse(text)?;
        if is_reserved(name.as_str()) {
            return Err(BadUsername::Reserved);
        }
        Ok(name)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Username {
    type Err = BadUsername;

    fn from_str(text: &str) -> Result<Self, BadUsername> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_safe_in_an_address() {
        for good in ["ann", "a1", "4x4", "maria-lind", "x-", &"a".repeat(30)] {
            assert!(Username::parse(good).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "a",
            "Ann",
            "-ann",
            "ann.b",
            "änn",
            "a/b",
            "a b",
            &"a".repeat(31),
        ] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nobody_can_claim_to_be_the_site() {
        for name in ["admin", "support-", "flickrkillr"] {
            assert_eq!(Username::claim(name), Err(BadUsername::Reserved), "{name}");
            assert!(Username::parse(name).is_ok(), "{name}");
        }
    }
}
