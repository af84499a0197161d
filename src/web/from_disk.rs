//! Files from the disk by tower-http's `ServeDir`, in versions 0.2 and 0.3.
//!
//! Only names that the site itself gives to files are looked up, so a request cannot list a folder, leave it, or read
//! a temporary file. A file that is missing is left to the handler that makes it. Of the headers of `ServeDir` only the
//! length is kept: its validators would let a browser keep a deleted picture, and the accelerator writes the headers of
//! both.
//!
//! The time of a picture's last use, by which the sweep chooses, is that of the file system: reading a
//! file sets its time of access, once a day where it is mounted as Linux does by itself
//! (`relatime`). Where it is mounted `noatime`, the oldest picture goes first.

use std::path::Path;

use accelerator::Policy;
use accelerator::media::Media;
use axum::Extension;
use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use images::Key;
use tower_http::services::ServeDir;

/// The two folders.
#[derive(Debug, Clone)]
pub struct FromDisk {
    statics: ServeDir,
    pictures: ServeDir,
}

impl FromDisk {
    /// The folder that `flickr-killr static-files` has written, and that of the public pictures.
    #[must_use]
    pub fn new(statics: &Path, pictures: &Path) -> Self {
        let folder = |path| ServeDir::new(path).append_index_html_on_directories(false);
        Self {
            statics: folder(statics),
            pictures: folder(pictures),
        }
    }

    /// A file of the site, of this build or an older one.
    pub(super) async fn static_file(&self, key: &accelerator::Key) -> Option<Response> {
        let path = key.path().strip_prefix("/static")?;
        find(&self.statics, path, key.extension(), Policy::Immutable).await
    }

    /// A public picture that is made already.
    ///
    /// Its visibility is not checked: a purge has removed the files of a photo that is not public.
    pub(super) async fn picture(&self, key: &Key) -> Option<Response> {
        let path = format!("/{}/{}/{}", key.owner, key.token, key.size);
        let extension = key.size.encoding.extension();
        find(&self.pictures, &path, extension, Policy::Purgeable).await
    }
}

async fn find(folder: &ServeDir, path: &str, extension: &str, policy: Policy) -> Option<Response> {
    let media = Media::of(extension)?;
    let request = Request::get(path).body(Body::empty()).ok()?;
    let found = match folder.clone().try_call(request).await {
        Ok(found) if found.status() == StatusCode::OK => found,
        Ok(_) => return None,
        Err(error) => {
            tracing::warn!(%error, path, "a file cannot be read");
            return None;
        }
    };
    let (parts, body) = found.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH)?.clone();
    let media_type = axum::http::HeaderValue::from_static(media.content_type);
    let headers = [(CONTENT_TYPE, media_type), (CONTENT_LENGTH, length)];
    Some((headers, Extension(policy), Body::new(body)).into_response())
}
