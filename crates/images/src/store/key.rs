//! Names a derivative and the path of its file.

use std::path::{Path, PathBuf};

use domain::{PhotoToken, UserId};

use crate::Size;

/// The folder of a derivative, by the visibility of its photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// Visible to all visitors. A web server may send these files itself.
    Public,
    /// Visible to some visitors: the app checks each request. No web server serves this folder.
    Private,
}

impl Shelf {
    pub(super) const ALL: [Self; 2] = [Self::Public, Self::Private];

    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// The name of one derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub shelf: Shelf,
    /// The owner of the photo.
    pub owner: UserId,
    /// The photo's current token. It changes with the picture and with its visibility.
    pub token: PhotoToken,
    /// The width and the encoding.
    pub size: Size,
}

impl Key {
    /// The folder of the token: all sizes of one picture are in one folder, so that they are removed together.
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
