//! Whether a request shows its page to a person, so that it counts as a view.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

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
}
