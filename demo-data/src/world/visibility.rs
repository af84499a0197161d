//! The levels of visibility.

/// Who may look at a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// The people whom the owner follows.
    Contacts,
    /// The owner alone.
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
