//! The key under which nginx looks up a file: the same rule as the map in `nginx.conf`.

use std::fmt;
use std::sync::Arc;

/// The prefix of each key, so that no URL can address items of other programs in the same memcached.
pub const NAMESPACE: &str = "v1:";
/// How many bytes a path may have: with the namespace well below the 250 bytes that memcached allows.
///
/// A longer key makes memcached reply `CLIENT_ERROR`, which nginx counts as a failed server: three
/// long URLs would take three servers out of service.
pub const PATH_LEN_MAX: usize = 200;
/// How many hexadecimal digits a fingerprint has.
pub(crate) const HASH_LEN: std::ops::RangeInclusive<usize> = 8..=64;
/// How many bytes an extension has.
pub(crate) const EXTENSION_LEN: std::ops::RangeInclusive<usize> = 1..=11;

/// The two kinds of files that nginx looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `/static/{name}.{hash}.{ext}`: immutable, validated by the hash in its URL.
    Fingerprinted,
    /// `/i/...`: purgeable, without a validator.
    Derivative,
}

/// The key of a file that nginx looks up, and that the application may therefore store.
///
/// A key exists only for a request target that needs no escaping, no decoding and no normalising:
/// letters, digits, `-`, `_`, `.` and `/`, no empty segment and none that begins with a dot, no query,
/// of bounded length, below `/static/` (with a fingerprint) or `/i/`, with an extension. So the bytes that the
/// client sends, nginx hashes, memcached receives and the application routes are the same, and no two URLs share
/// an item.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    text: Arc<str>,
}

/// Why a request target has no key, as the end of the sentence "nginx never looks it up, because ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoKey {
    /// A page, or another path that the application answers itself.
    #[error("only paths below /static/ and /i/ are stored")]
    Elsewhere,
    /// More than [`PATH_LEN_MAX`] bytes.
    #[error("its path is longer than {PATH_LEN_MAX} bytes")]
    TooLong,
    /// A `?`: each of endless queries would be an item of its own, or all of them the same.
    #[error("it has a query")]
    Query,
    /// A byte that a program on the way might escape, decode or normalise.
    #[error("it has a byte other than a letter, a digit, '-', '_', '.' and '/'")]
    OddByte,
    /// Two slashes in a row, or one at the end, which some routers merge.
    #[error("one of its segments is empty")]
    EmptySegment,
    /// `.`, `..` or a hidden file.
    #[error("one of its segments begins with a dot")]
    HiddenSegment,
    /// The extension, from which nginx derives the type, is missing or not one.
    #[error("it does not end with an extension of up to 11 small letters and digits")]
    Extension,
    /// Below `/static/`, but not `{name}.{hash}.{ext}`: without a fingerprint a file is not immutable.
    #[error("its name has no fingerprint of 8 to 64 hexadecimal digits before the extension")]
    Fingerprint,
}

impl NoKey {
    /// Returns the reason with the length or the byte of this target that causes it, as the end of the sentence
    /// "nginx never looks it up, because ...".
    pub fn why(self, target: &str) -> String {
        let odd = |c: &char| !(c.is_ascii_alphanumeric() || "-_./".contains(*c));
        match (self, target.chars().find(odd)) {
            (Self::TooLong, _) => format!("{self} (it has {})", target.len()),
            (Self::OddByte, Some(odd)) => format!("{self} ({odd:?})"),
            _ => self.to_string(),
        }
    }

    /// Returns what to do about it, in a sentence.
    pub fn advice(self, target: &str) -> String {
        let advice = match self {
            Self::Elsewhere => "Nothing to do: the application answers it, for every request.",
            Self::Query => {
                let path = target.split('?').next().unwrap_or_default();
                return match Key::of(path) {
                    Some(_) => format!("Without its query it has a key: request {path}."),
                    None => "Put the content of the query into the path.".to_owned(),
                };
            }
            Self::TooLong => "Give it a shorter name.",
            Self::OddByte | Self::EmptySegment | Self::HiddenSegment => {
                "Give it a plain name of letters, digits, - and _."
            }
            Self::Extension => "Give it an extension, such as .webp or .css.",
            Self::Fingerprint => "Link to it by its fingerprinted address, /static/NAME.HASH.EXT.",
        };
        advice.to_owned()
    }
}

impl Key {
    /// Returns the key of a request target as the client sent it (path and query), if it has one.
    pub fn of(target: &str) -> Option<Self> {
        Self::parse(target).ok()
    }

    /// Returns the key of a request target as the client sent it (path and query).
    ///
    /// # Errors
    /// When nginx would not look it up, with the first reason.
    pub fn parse(target: &str) -> Result<Self, NoKey> {
        kind_of(target)?;
        // Built on the stack, so that there is one allocation, which all clones share.
        let mut text = [0; NAMESPACE.len() + PATH_LEN_MAX];
        let text = &mut text[..NAMESPACE.len() + target.len()];
        text[..NAMESPACE.len()].copy_from_slice(NAMESPACE.as_bytes());
        text[NAMESPACE.len()..].copy_from_slice(target.as_bytes());
        let text = std::str::from_utf8(text).map_err(|_| NoKey::OddByte)?;
        Ok(Self { text: text.into() })
    }

    /// Returns the key as memcached sees it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &str {
        &self.text[NAMESPACE.len()..]
    }

    /// Returns the kind of file.
    pub fn kind(&self) -> Kind {
        if self.path().starts_with("/static/") {
            Kind::Fingerprinted
        } else {
            Kind::Derivative
        }
    }

    /// Returns the extension, without its dot.
    pub fn extension(&self) -> &str {
        self.path()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }

    /// Returns the strong entity tag that the fingerprint in the URL gives, quotes included.
    pub fn etag(&self) -> Option<String> {
        let (stem, _) = self.path().rsplit_once('.')?;
        let (_, hash) = stem.rsplit_once('.')?;
        (self.kind() == Kind::Fingerprinted).then(|| format!("\"{hash}\""))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn kind_of(target: &str) -> Result<Kind, NoKey> {
    let (kind, rest) = match target.strip_prefix("/static/") {
        Some(rest) => (Kind::Fingerprinted, rest),
        None => match target.strip_prefix("/i/") {
            Some(rest) => (Kind::Derivative, rest),
            None => return Err(NoKey::Elsewhere),
        },
    };
    if target.len() > PATH_LEN_MAX {
        return Err(NoKey::TooLong);
    }
    let mut file = rest;
    for segment in rest.split('/') {
        check_segment(segment)?;
        file = segment;
    }
    let (stem, extension) = file.rsplit_once('.').ok_or(NoKey::Extension)?;
    let lower_alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !EXTENSION_LEN.contains(&extension.len()) || !extension.bytes().all(lower_alphanumeric) {
        return Err(NoKey::Extension);
    }
    if kind == Kind::Fingerprinted {
        let (name, hash) = stem.rsplit_once('.').ok_or(NoKey::Fingerprint)?;
        let hexadecimal = hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if name.is_empty() || !HASH_LEN.contains(&hash.len()) || !hexadecimal {
            return Err(NoKey::Fingerprint);
        }
    }
    Ok(kind)
}

/// Checks that nginx, memcached and every router leave a segment unchanged.
fn check_segment(segment: &str) -> Result<(), NoKey> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    match segment.bytes().find(|b| !plain(*b)) {
        Some(b'?') => Err(NoKey::Query),
        Some(_) => Err(NoKey::OddByte),
        None if segment.is_empty() => Err(NoKey::EmptySegment),
        None if segment.starts_with('.') => Err(NoKey::HiddenSegment),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Kind, NoKey, PATH_LEN_MAX};
    use proptest::prelude::*;

    #[test]
    fn a_fingerprinted_file_has_a_key_and_a_tag() {
        let key = Key::of("/static/css/site.0123456789abcdef.css").unwrap();
        let text = "v1:/static/css/site.0123456789abcdef.css";
        assert_eq!(key.as_str(), text);
        assert_eq!(
            (format!("{key}"), format!("{key:?}")),
            (text.into(), text.into())
        );
        assert_eq!(key.kind(), Kind::Fingerprinted);
        assert_eq!(key.extension(), "css");
        assert_eq!(key.etag().as_deref(), Some("\"0123456789abcdef\""));
    }

    #[test]
    fn a_derivative_has_a_key_and_no_tag() {
        let key = Key::of("/i/anna/Zx-9_q.0123456789/640.webp").unwrap();
        assert_eq!(
            (key.kind(), key.extension(), key.etag()),
            (Kind::Derivative, "webp", None)
        );
    }

    #[test]
    fn what_could_be_written_in_two_ways_has_no_key() {
        for (target, reason) in [
            ("/", NoKey::Elsewhere),
            ("/I/a.webp", NoKey::Elsewhere),
            ("//i/a.webp", NoKey::Elsewhere),
            ("/people/anna/1/image/640.webp", NoKey::Elsewhere),
            ("/i/", NoKey::EmptySegment),
            ("/i//a.webp", NoKey::EmptySegment),
            ("/i/a.webp/", NoKey::EmptySegment),
            ("/i/a.webp?", NoKey::Query),
            ("/i/a.webp?w=1/2", NoKey::Query),
            ("/i/./a.webp", NoKey::HiddenSegment),
            ("/i/../i/a.webp", NoKey::HiddenSegment),
            ("/i/.a.webp", NoKey::HiddenSegment),
            ("/static/.01234567.css", NoKey::HiddenSegment),
            ("/i/%61.webp", NoKey::OddByte),
            ("/i/a b.webp", NoKey::OddByte),
            ("/i/é.webp", NoKey::OddByte),
            ("/i/a\n.webp", NoKey::OddByte),
            ("/i/a", NoKey::Extension),
            ("/i/a.WEBP", NoKey::Extension),
            ("/i/a.", NoKey::Extension),
            ("/i/a.abcdefghijkl", NoKey::Extension),
            ("/static/site.css", NoKey::Fingerprint),
            ("/static/01234567.css", NoKey::Fingerprint),
            ("/static/site.0123456.css", NoKey::Fingerprint),
            ("/static/site.0123456G.css", NoKey::Fingerprint),
        ] {
            assert_eq!(Key::parse(target), Err(reason), "{target}");
        }
    }

    #[test]
    fn a_path_may_be_as_long_as_the_limit_and_no_longer() {
        let path = |len: usize| format!("/i/{}.webp", "a".repeat(len - "/i/.webp".len()));
        assert!(Key::of(&path(PATH_LEN_MAX)).is_some());
        assert_eq!(Key::parse(&path(PATH_LEN_MAX + 1)), Err(NoKey::TooLong));
    }

    #[test]
    fn a_reason_names_the_byte_and_the_length_and_a_query_is_taken_away() {
        let no_key = |target: &str| Key::parse(target).unwrap_err();
        let long = format!("/i/{}.webp", "a".repeat(200));
        assert!(no_key(&long).why(&long).ends_with("(it has 208)"));
        let odd = "/i/a\u{1b}.webp";
        assert!(no_key(odd).why(odd).ends_with(r"('\u{1b}')"));
        let query = "/i/a.webp?w=1";
        assert!(no_key(query).advice(query).contains("request /i/a.webp."));
        let page = "/people/anna?page=2";
        assert_eq!(no_key(page).why(page), NoKey::Elsewhere.to_string());
    }

    proptest! {
        #[test]
        fn a_key_never_needs_escaping_and_always_fits(target in "/(static|i)/[ -~]{0,260}") {
            if let Some(key) = Key::of(&target) {
                prop_assert!(key.as_str().len() <= 250);
                prop_assert_eq!(key.path(), target.as_str());
                prop_assert!(key.as_str().bytes().all(|b| b.is_ascii_graphic() && b != b'%' && b != b'?'));
            }
        }
    }
}
