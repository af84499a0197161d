//! Which derivative, and where its file lies.

use std::path::{Path, PathBuf};

use domain::{PhotoToken, UserId};

use crate::Size;

/// Who may see the derivatives of a photo, as far as files are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// Everybody. A web server may send these files itself.
    Public,
    /// Only whom the app lets in, each time. No web server sees this folder.
    Private,
}

impl Shelf {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Public, Self::Private];

    /// The name of the folder.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// Names one derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which folder.
    pub shelf: Shelf,
    /// Whose photo.
    pub owner: UserId,
    /// The photo's token of now. It changes when the picture changes or who may see it.
    pub token: PhotoToken,
    /// Which width, and encoded how.
    pub size: Size,
}

impl Key {
    /// The folder of the token: all sizes of one picture lie together, so that they go together.
    pub(super) fn folder(&self, root: &Path) -> PathBuf {
        token_folder(root, self.shelf, self.owner, self.token)
    }
}

/// `public/{owner}/{token}`: as in the URL, so that a web server can map one onto the other.
pub(super) fn token_folder(root: &Path, shelf: Shelf, owner: UserId, token: PhotoToken) -> PathBuf {
    root.join(shelf.folder())
        .join(owner.0.to_string())
        .join(token.to_string())
}
