//! Views of photos, counted in memory and written down together every few seconds.
//!
//! A page that shows a photo writes nothing, so that pages of one photo do not wait for its row. A process
//! that dies loses the views of its last seconds, and nothing else.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

use crate::domain::{PhotoId, UserId};

/// How many photos are counted between two writes; views of further ones are not counted.
const PHOTOS_MAX: usize = 10_000;

/// Whether a request shows its page to a person: neither a HEAD nor a prefetch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown(pub bool);

/// Headers by which browsers announce that they fetch ahead: the Fetch standard's, that of older
/// versions of Chromium, Firefox's before 115, and that of previews in Safari.
const PREFETCH_HEADERS: [&str; 4] = ["sec-purpose", "purpose", "x-moz", "x-purpose"];

impl Shown {
    fn of(method: &Method, headers: &HeaderMap) -> Self {
        let ahead = PREFETCH_HEADERS
            .iter()
            .flat_map(|name| headers.get_all(*name))
            .any(|value| {
                let value = value.as_bytes().to_ascii_lowercase();
                value.starts_with(b"prefetch")
                    || value.starts_with(b"prerender")
                    || value.starts_with(b"preview")
            });
        Self(*method == Method::GET && !ahead)
    }
}

impl<S: Sync> FromRequestParts<S> for Shown {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.method, &parts.headers))
    }
}

/// The views that this process has not yet written down.
#[derive(Debug, Default)]
pub struct Views(Mutex<HashMap<PhotoId, (UserId, i32)>>);

impl Views {
    /// Counts a view.
    pub fn count(&self, photo: PhotoId, owner: UserId) {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if views.len() < PHOTOS_MAX || views.contains_key(&photo) {
            views.entry(photo).or_insert((owner, 0)).1 += 1;
        }
    }

    /// Takes what was counted.
    pub fn take(&self) -> Vec<(PhotoId, UserId, i32)> {
        let views = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        views
            .into_iter()
            .map(|(photo, (owner, count))| (photo, owner, count))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_for_a_person_is_shown() {
        let shown = |method: Method, header: Option<(&'static str, &'static str)>| {
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().unwrap());
            }
            Shown::of(&method, &headers).0
        };
        assert!(shown(Method::GET, None));
        assert!(shown(Method::GET, Some(("sec-purpose", ""))));
        assert!(!shown(Method::HEAD, None));
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("sec-purpose", "Prefetch;anonymous-client-ip"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
            ("x-purpose", "preview"),
        ] {
            assert!(!shown(Method::GET, Some((name, value))), "{name}: {value}");
        }
    }

    #[test]
    fn views_add_up_and_are_taken_once() {
        let views = Views::default();
        views.count(PhotoId(1), UserId(7));
        views.count(PhotoId(1), UserId(7));
        assert_eq!(views.take(), [(PhotoId(1), UserId(7), 2)]);
        assert_eq!(views.take(), []);
    }

    #[test]
    fn views_of_a_bounded_number_of_photos_are_held() {
        let views = Views::default();
        for _ in 0..2 {
            for photo in 1..=PHOTOS_MAX as i64 + 1 {
                views.count(PhotoId(photo), UserId(7));
            }
        }
        let taken = views.take();
        assert_eq!(taken.len(), PHOTOS_MAX);
        assert!(taken.iter().all(|(_, _, count)| *count == 2));
    }
}
