//! The site's own files (css, js, icons): those of this build are embedded, those of all builds are in a
//! folder that the processes share.

mod embedded;
mod store;

pub use embedded::{Asset, Assets, all, fingerprint, has_fingerprint, url};
pub use store::{AssetStore, GRACE};
