//! What a handler promises about its response, in words; never in header syntax.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, Response};

/// How long a browser may keep a fingerprinted file: a year, which is what everybody means by "for ever".
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// How long a browser may keep a derivative: a day, because a picture may be deleted and a browser is not asked.
pub const FOR_A_TIME: &str = "public, max-age=86400";
/// Kept by nobody but the person whom it was made for, and not even there.
pub const SHARED_BY_NOBODY: &str = "private, no-store";
/// Public, but kept by nobody.
pub const KEPT_NOWHERE: &str = "no-store";

/// A promise about a response, which the [`AcceleratorLayer`](crate::AcceleratorLayer) turns into headers.
///
/// A handler puts it into the *extensions* of its response: with [`Policy::on`], or in axum by
/// returning `(Extension(Policy::ForEver), bytes)`. A response without one is [`Policy::KeptNowhere`],
/// so that forgetting it costs speed and never privacy.
///
/// A promise holds only for a whole, successful answer: a 404 of a fingerprinted file is kept nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// These bytes will be under this URL for ever, because the URL holds their fingerprint.
    ForEver,
    /// Anybody may keep these bytes for a day; they can be purged from memcached, not from browsers.
    ForATime,
    /// Made for one person; nothing between us and that person may keep it.
    SharedByNobody,
    /// Not personal, but made anew for every request.
    #[default]
    KeptNowhere,
}

/// How long memcached may have a response, if not for [`Options::lifetime`](crate::Options::lifetime).
///
/// Put it into the extensions of a response, beside its [`Policy`]. memcached counts whole seconds, so
/// less than one is not stored. What browsers are told is the policy's business and stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredFor(pub Duration);

impl Policy {
    /// Puts the promise on a response.
    pub fn on<B>(self, mut response: Response<B>) -> Response<B> {
        response.extensions_mut().insert(self);
        response
    }

    /// Returns the value of `Cache-Control` which says this to browsers.
    pub fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::ForEver => FOR_EVER,
            Self::ForATime => FOR_A_TIME,
            Self::SharedByNobody => SHARED_BY_NOBODY,
            Self::KeptNowhere => KEPT_NOWHERE,
        })
    }

    /// Writes this on a response that does not pass through the layer; on any other the layer does.
    pub fn write_on(self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, self.cache_control());
    }

    /// Tells whether anybody may keep the response.
    pub fn is_public(self) -> bool {
        matches!(self, Self::ForEver | Self::ForATime)
    }
}

#[cfg(test)]
mod tests {
    use super::Policy;

    #[test]
    fn what_says_nothing_is_kept_nowhere() {
        assert_eq!(Policy::default(), Policy::KeptNowhere);
        assert!(!Policy::default().is_public());
    }

    #[test]
    fn only_the_two_public_promises_let_anybody_keep_a_response() {
        for policy in [
            Policy::ForEver,
            Policy::ForATime,
            Policy::SharedByNobody,
            Policy::KeptNowhere,
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
