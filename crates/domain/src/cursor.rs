//! Cursors: where a page of a list begins.
//!
//! A cursor contains its sort key, so that no row is read for it: a page continues after a
//! photo that was deleted meanwhile, and an address made with the id of a private photo returns
//! the same as one with an id that does not exist.

use std::fmt;
use std::str::FromStr;

use time::{Date, OffsetDateTime, Time};

use super::{PhotoId, UserId};

/// Where a page of photos begins: at the newest, or just beside a place in upload order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// The newest photos.
    Newest,
    /// Older than this place (`?before=ID`).
    Before(PhotoId),
    /// Newer than this place (`?after=ID`).
    After(PhotoId),
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This link is damaged. Please go back to the first page of the list.")]
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

/// Where a page of the archive ended: the time and the id of its last photo, written
/// `2020-05-20T10:00:00Z.17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TakenCursor {
    /// When the photo was taken, in UTC.
    pub taken_at: OffsetDateTime,
    /// Its id, which orders photos of the same microsecond.
    pub photo: PhotoId,
}

impl fmt::Display for TakenCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.taken_at.to_offset(time::UtcOffset::UTC);
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, micro) = at.to_hms_micro();
        let month = u8::from(month);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if micro > 0 {
            write!(f, ".{micro:06}")?;
        }
        write!(f, "Z.{}", self.photo)
    }
}

impl FromStr for TakenCursor {
    type Err = BadCursor;

    /// Takes exactly the text that `Display` writes, of the years 0 to 9999.
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (at, photo) = text.split_once("Z.").ok_or(BadCursor)?;
        let photo = photo.parse().map_err(|_| BadCursor)?;
        let (date, clock) = at.split_once('T').ok_or(BadCursor)?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let (clock, micro) = match clock.split_once('.') {
            None => (clock, 0),
            Some((clock, micro)) => match numbers(micro, '.', [6])? {
                [0] => return Err(BadCursor),
                [micro] => (clock, micro),
            },
        };
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let month = u8::try_from(month).ok().and_then(|n| n.try_into().ok());
        let taken_at = || {
            let date = Date::from_calendar_date(
                i32::try_from(year).ok()?,
                month?,
                u8::try_from(day).ok()?,
            );
            let time = Time::from_hms_micro(
                u8::try_from(hour).ok()?,
                u8::try_from(minute).ok()?,
                u8::try_from(second).ok()?,
                micro,
            );
            Some(date.ok()?.with_time(time.ok()?).assume_utc())
        };
        let taken_at = taken_at().ok_or(BadCursor)?;
        Ok(Self { taken_at, photo })
    }
}

/// Reads numbers with a fixed count of digits each, and nothing else.
fn numbers<const N: usize>(
    text: &str,
    between: char,
    digits: [usize; N],
) -> Result<[u32; N], BadCursor> {
    let mut parts = text.split(between);
    let mut read = [0; N];
    for (number, digits) in read.iter_mut().zip(digits) {
        let part = parts.next().ok_or(BadCursor)?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadCursor);
        }
        *number = part.parse().map_err(|_| BadCursor)?;
    }
    match parts.next() {
        None => Ok(read),
        Some(_) => Err(BadCursor),
    }
}

/// How many characters of a name a cursor holds; `users.sort_name` has no more.
const NAME_CHARS_MAX: usize = 60;

/// A place in the list of people by name, written `17.ann lee`: after this sort name and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameCursor {
    /// `users.sort_name` of the last person, or a letter at which the list begins.
    pub sort_name: String,
    /// That person's id, because many people may have one name.
    pub person: UserId,
}

impl fmt::Display for NameCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.person, self.sort_name)
    }
}

impl FromStr for NameCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (person, sort_name) = text.split_once('.').ok_or(BadCursor)?;
        // PostgreSQL takes every character but NUL.
        if sort_name.chars().count() > NAME_CHARS_MAX || sort_name.contains('\0') {
            return Err(BadCursor);
        }
        Ok(Self {
            sort_name: sort_name.to_owned(),
            person: person.parse().map_err(|_| BadCursor)?,
        })
    }
}

/// A place in the list of people by their number of photos, written `420.17`: after this number
/// and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountCursor {
    /// How many public photos the last person has.
    pub photos: i32,
    /// That person's id, because many people have as many.
    pub person: UserId,
}

impl fmt::Display for CountCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.photos, self.person)
    }
}

impl FromStr for CountCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (photos, person) = text.split_once('.').ok_or(BadCursor)?;
        let photos = photos.parse().map_err(|_| BadCursor)?;
        let person = person.parse().map_err(|_| BadCursor)?;
        Ok(Self { photos, person })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

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

    #[test]
    fn a_place_in_the_archive_has_one_spelling_and_reads_back() {
        for (taken_at, text) in [
            (
                datetime!(2020-05-20 10:00:00 UTC),
                "2020-05-20T10:00:00Z.17",
            ),
            (
                datetime!(2020-05-20 23:59:59.000_120 UTC),
                "2020-05-20T23:59:59.000120Z.17",
            ),
            (
                datetime!(2020-05-20 01:00:00 +02:00),
                "2020-05-19T23:00:00Z.17",
            ),
        ] {
            let cursor = TakenCursor {
                taken_at,
                photo: PhotoId(17),
            };
            assert_eq!(cursor.to_string(), text);
            assert_eq!(text.parse(), Ok(cursor));
        }
        for text in [
            "",
            "17",
            "Z.17",
            "2020-05-20T10:00:00Z",
            "2020-05-20T10:00:00Z.",
            "2020-05-20T10:00:00Z.0",
            "2020-05-20T10:00:00.000000Z.17",
            "2020-05-20T10:00:00.1Z.17",
            "2020-05-32T10:00:00Z.17",
            "2020-13-20T10:00:00Z.17",
            "2020-05-20T24:00:00Z.17",
            "2020-05-20T10:00Z.17",
            "2020-5-20T10:00:00Z.17",
            "+020-05-20T10:00:00Z.17",
            "2020-05-20T10:00:00Z.17\0",
            "2020-05-20T10:00:00+02:00.17",
            "٢٠٢٠-05-20T10:00:00Z.17",
        ] {
            assert_eq!(text.parse::<TakenCursor>(), Err(BadCursor), "{text:?}");
        }
    }

    #[test]
    fn a_place_among_people_reads_back_with_any_name() {
        for name in ["", "ann lee", "a.b", "渡辺", "17"] {
            let cursor = NameCursor {
                sort_name: name.to_owned(),
                person: UserId(17),
            };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in [
            "",
            "17",
            "x.ann",
            "0.ann",
            "17.a\0b",
            &format!("17.{}", "é".repeat(61)),
        ] {
            assert_eq!(text.parse::<NameCursor>(), Err(BadCursor), "{text:?}");
        }
        let cursor = CountCursor {
            photos: 420,
            person: UserId(17),
        };
        assert_eq!("420.17".parse(), Ok(cursor));
        assert_eq!(cursor.to_string(), "420.17");
        for text in ["", "420", "x.17", "420.x", "99999999999.17", "420.17.1"] {
            assert_eq!(text.parse::<CountCursor>(), Err(BadCursor), "{text:?}");
        }
    }
}
