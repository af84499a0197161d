//! Where in an endless list a page begins.

use super::PhotoId;

/// Where a page of photos begins: at the newest, or just beside a photo that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// The newest photos.
    Newest,
    /// Older than this photo (`?before=ID`).
    Before(PhotoId),
    /// Newer than this photo (`?after=ID`).
    After(PhotoId),
}

/// A cursor that says nothing sensible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "A page is asked for by ?before=ID or by ?after=ID, with the id of a photo, and not by both."
)]
pub struct BadCursor;

impl Cursor {
    /// Reads the two parameters of an address.
    ///
    /// # Errors
    ///
    /// When one of them is no id, or both are given.
    pub fn parse(before: Option<&str>, after: Option<&str>) -> Result<Self, BadCursor> {
        let id = |text: &str| text.parse().map_err(|_| BadCursor);
        match (before, after) {
            (None, None) => Ok(Self::Newest),
            (Some(before), None) => id(before).map(Self::Before),
            (None, Some(after)) => id(after).map(Self::After),
            (Some(_), Some(_)) => Err(BadCursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_direction_at_a_time() {
        assert_eq!(Cursor::parse(None, None), Ok(Cursor::Newest));
        assert_eq!(
            Cursor::parse(Some("7"), None),
            Ok(Cursor::Before(PhotoId(7)))
        );
        assert_eq!(
            Cursor::parse(None, Some("7")),
            Ok(Cursor::After(PhotoId(7)))
        );
        assert_eq!(Cursor::parse(Some("7"), Some("8")), Err(BadCursor));
        assert_eq!(Cursor::parse(Some(""), None), Err(BadCursor));
        assert_eq!(Cursor::parse(Some("7'"), None), Err(BadCursor));
    }
}
