//! The visibility of a photo, and the relation of a visitor to its owner.

use std::fmt;
use std::str::FromStr;

/// The audience of a photo. The order matters: visitors that may see a level may see all levels before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
#[cfg_attr(
    feature = "sqlx",
    sqlx(type_name = "visibility", rename_all = "lowercase")
)]
pub enum Visibility {
    /// All visitors.
    Public,
    /// The people that the owner follows.
    Contacts,
    /// The owner alone.
    Private,
}

impl Visibility {
    /// All levels, widest first.
    pub const ALL: [Self; 3] = [Self::Public, Self::Contacts, Self::Private];

    /// The levels that a form offers for a photo that has this one. "People you follow" is hidden
    /// until members can follow each other, except where a photo has it already.
    pub fn choices(self) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|level| *level != Self::Contacts || self == Self::Contacts)
            .collect()
    }

    /// The word in forms and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Contacts => "contacts",
            Self::Private => "private",
        }
    }

    /// The label of the choice in a form.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Public => "Everybody",
            Self::Contacts => "People you follow",
            Self::Private => "Only you",
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no visibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Please choose who can see the photo.")]
pub struct BadVisibility;

impl FromStr for Visibility {
    type Err = BadVisibility;

    fn from_str(text: &str) -> Result<Self, BadVisibility> {
        Self::ALL
            .into_iter()
            .find(|visibility| visibility.as_str() == text)
            .ok_or(BadVisibility)
    }
}

/// The relation of a visitor to the owner of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// A member that the owner does not follow, or a visitor that is not logged in.
    Stranger,
    /// A member that the owner follows.
    Contact,
    /// The owner.
    Owner,
}

impl Relation {
    /// The narrowest level that this visitor may see.
    pub fn sees(self) -> Visibility {
        match self {
            Self::Stranger => Visibility::Public,
            Self::Contact => Visibility::Contacts,
            Self::Owner => Visibility::Private,
        }
    }

    /// Whether this visitor may see a photo of that level.
    pub fn may_see(self, visibility: Visibility) -> bool {
        visibility <= self.sees()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_offers_no_dead_choice_but_keeps_the_one_that_a_photo_has() {
        use Visibility::{Contacts, Private, Public};
        assert_eq!(Public.choices(), [Public, Private]);
        assert_eq!(Private.choices(), [Public, Private]);
        assert_eq!(Contacts.choices(), [Public, Contacts, Private]);
    }

    #[test]
    fn who_may_see_what() {
        let table = Visibility::ALL.map(|visibility| {
            [Relation::Stranger, Relation::Contact, Relation::Owner]
                .map(|who| who.may_see(visibility))
        });
        assert_eq!(
            table,
            [
                [true, true, true],
                [false, true, true],
                [false, false, true]
            ]
        );
    }
}
