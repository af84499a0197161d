//! The caching policy of a response, as a value; handlers never write header syntax.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, Response, response};

/// `Cache-Control` of [`Policy::Immutable`]: browsers may keep a fingerprinted file for a year, in effect for ever.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// `Cache-Control` of [`Policy::Purgeable`]: a day, because a picture may be deleted and a purge does not reach browsers.
pub const PURGEABLE: &str = "public, max-age=86400";
/// `Cache-Control` of [`Policy::Private`]: for one person, and not even that person's browser keeps it.
pub const PRIVATE: &str = "private, no-store";
/// `Cache-Control` of [`Policy::NoStore`]: public, and no cache keeps it.
pub const NO_STORE: &str = "no-store";

/// How a response may be cached. The [`AcceleratorLayer`](crate::AcceleratorLayer) turns it into headers.
///
/// A handler puts it into the *extensions* of its response: with [`Policy::on`], or in axum by
/// returning `(Extension(Policy::Immutable), bytes)`. A response without a policy is [`Policy::NoStore`],
/// so a forgotten policy costs speed and never privacy.
///
/// A policy holds only for a complete, successful response: the 404 of a fingerprinted file is `no-store`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The bytes under this URL never change, because the URL contains their fingerprint.
    Immutable,
    /// Any cache may keep these bytes for a day; a purge removes them from memcached, not from browsers.
    Purgeable,
    /// Made for one person; no cache may keep it.
    Private,
    /// Not personal, and rendered anew for every request.
    #[default]
    NoStore,
}

/// How long memcached may keep a response, instead of [`Options::lifetime`](crate::Options::lifetime).
///
/// Put it into the extensions of a response, beside its [`Policy`]. memcached counts whole seconds, so a response
/// with less than one is not stored. The headers for browsers depend on the policy alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredFor(pub Duration);

impl Policy {
    /// Attaches the policy to a response.
    pub fn on<B>(self, mut response: Response<B>) -> Response<B> {
        response.extensions_mut().insert(self);
        response
    }

    /// Returns the policy of a response; [`Policy::NoStore`] if its handler chose none.
    pub(crate) fn of(parts: &response::Parts) -> Self {
        parts.extensions.get().copied().unwrap_or_default()
    }

    /// Returns the value of `Cache-Control` for this policy.
    pub fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Immutable => IMMUTABLE,
            Self::Purgeable => PURGEABLE,
            Self::Private => PRIVATE,
            Self::NoStore => NO_STORE,
        })
    }

    /// Writes `Cache-Control` on a response that does not pass through the layer; on all others the layer does.
    pub fn write_on(self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, self.cache_control());
    }

    /// Returns whether shared caches may keep the response.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Immutable | Self::Purgeable)
    }
}

#[cfg(test)]
mod tests {
    use super::Policy;

    #[test]
    fn what_says_nothing_is_kept_nowhere() {
        assert_eq!(Policy::default(), Policy::NoStore);
        assert!(!Policy::default().is_public());
    }

    #[test]
    fn only_the_two_public_promises_let_anybody_keep_a_response() {
        for policy in [
            Policy::Immutable,
            Policy::Purgeable,
            Policy::Private,
            Policy::NoStore,
        ] {
            let says_no_store = policy
                .cache_control()
                .to_str()
                .unwrap()
                .contains("no-store");
            assert_eq!(policy.is_public(), !says_no_store, "{policy:?}");
        }
    }
}
