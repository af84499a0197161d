//! The levels of visibility.

/// Which visitors may see a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// All visitors.
    Public,
    /// The owner and the people that the owner follows.
    Contacts,
    /// Only the owner.
    Private,
}

impl Visibility {
    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Contacts => "contacts",
            Self::Private => "private",
        }
    }
}
