//! Reads from EXIF when the picture was taken.
//!
//! EXIF is a TIFF file of tables: entries of a name, a kind, a number of values, and the value or
//! where it begins. Two dates of it are read here, and nothing else is kept or logged.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, macros::datetime};

/// How many bytes of a block of EXIF are read; JPEG cannot hold more than 64 KiB, and the rest of a
/// larger one is thumbnails and makers' notes.
const EXIF_BYTES_MAX: usize = 1 << 20;

/// The oldest photograph that we know of was taken in 1826; a date before it is a clock never set.
const FIRST_PHOTOGRAPH: OffsetDateTime = datetime!(1826-01-01 0:00 UTC);

/// The prefix of EXIF in JPEG files, and with some programs also in PNG and WebP files.
const PREFIX: &[u8] = b"Exif\0\0";

/// Where the table of the exposure begins.
const EXPOSURE_TABLE: u16 = 0x8769;

/// When the picture was taken, and when it was digitized: by cameras the same moment, by scanners
/// that of the scan.
const DATES: [u16; 2] = [0x9003, 0x9004];

/// How long a text with a date may be.
const DATE_BYTES_MAX: usize = 64;

/// The block without the letters `Exif` and two zeros.
pub(super) fn without_prefix(mut exif: Vec<u8>) -> Vec<u8> {
    if exif.starts_with(PREFIX) {
        exif.drain(..PREFIX.len());
    }
    exif
}

/// The moment that the camera's clock showed, read as UTC: cameras know no time zone worth trusting,
/// and a month of holidays should be the month that people remember.
pub(super) fn taken_at(exif: &[u8]) -> Option<OffsetDateTime> {
    if exif.len() > EXIF_BYTES_MAX {
        return None;
    }
    let tiff = Tiff::read(exif)?;
    let main = tiff.number(4)?;
    let exposure = tiff
        .entry(main, EXPOSURE_TABLE)
        .and_then(|at| tiff.number(at + 8));
    // No time zone is further ahead than a day.
    let latest = OffsetDateTime::now_utc() + Duration::DAY;
    DATES
        .into_iter()
        // Some programs write them into the main table.
        .flat_map(|tag| {
            exposure
                .into_iter()
                .chain([main])
                .map(move |table| (table, tag))
        })
        .filter_map(|(table, tag)| shown(tiff.text(tiff.entry(table, tag)?)?))
        .find(|date| (FIRST_PHOTOGRAPH..=latest).contains(date))
}

/// A block of TIFF. An offset outside of it reads as an absent entry.
struct Tiff<'a> {
    bytes: &'a [u8],
    little_endian: bool,
}

impl<'a> Tiff<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let little_endian = match bytes.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self {
            bytes,
            little_endian,
        })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn number(&self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        let number = if self.little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        };
        usize::try_from(number).ok()
    }

    /// Where the entry of this name begins, in the table that begins at `table`.
    fn entry(&self, table: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.short(table)?);
        let first = table.checked_add(2)?;
        (0..count)
            .map(|n| first.saturating_add(12 * n))
            .find(|at| self.short(*at) == Some(tag))
    }

    /// The bytes of an entry, up to the first zero. Its kind must be one whose values are bytes: bytes, texts,
    /// undefined, UTF-8.
    fn text(&self, entry: usize) -> Option<&'a [u8]> {
        if !matches!(self.short(entry + 2)?, 1 | 2 | 7 | 129) {
            return None;
        }
        let length = self.number(entry + 4)?;
        let at = if length <= 4 {
            entry + 8
        } else {
            self.number(entry + 8)?
        };
        let text = self.bytes.get(at..)?;
        let text = text.get(..length.min(DATE_BYTES_MAX)).unwrap_or(text);
        text.split(|byte| *byte == 0).next()
    }
}

/// Reads a date and a time of day: `2019:07:14 09:30:05`, and what programs make of it, with dashes,
/// with a T, with a fraction or a zone at the end. The zone is ignored.
fn shown(text: &[u8]) -> Option<OffsetDateTime> {
    let mut rest = text.trim_ascii();
    let year = digits(&mut rest, 4)?;
    separator(&mut rest, b":-/.");
    let month = Month::try_from(digits(&mut rest, 2)? as u8).ok()?;
    separator(&mut rest, b":-/.");
    let day = digits(&mut rest, 2)?;
    let date = Date::from_calendar_date(i32::from(year), month, day as u8).ok()?;
    let time = if rest.is_empty() {
        Time::MIDNIGHT
    } else {
        time_of_day(&mut rest)?
    };
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

fn time_of_day(rest: &mut &[u8]) -> Option<Time> {
    separator(rest, b"Tt ");
    *rest = rest.trim_ascii_start();
    let hour = digits(rest, 2)?;
    separator(rest, b":.");
    let minute = digits(rest, 2)?;
    let mut second = 0;
    if rest
        .first()
        .is_some_and(|byte| b":.".contains(byte) || byte.is_ascii_digit())
    {
        separator(rest, b":.");
        // A leap second counts as the second before it.
        second = digits(rest, 2).map(|second| if second == 60 { 59 } else { second })?;
    }
    if separator(rest, b".,") {
        while separator(rest, b"0123456789") {}
    }
    *rest = rest.trim_ascii_start();
    is_zone(rest).then(|| Time::from_hms(hour as u8, minute as u8, second as u8).ok())?
}

/// Nothing, `Z`, or a sign, hours and minutes.
fn is_zone(text: &[u8]) -> bool {
    match text {
        [] | b"Z" | b"z" => true,
        [b'+' | b'-', offset @ ..] => {
            let is_offset = |byte: &u8| byte.is_ascii_digit() || *byte == b':';
            (2..=5).contains(&offset.len()) && offset.iter().all(is_offset)
        }
        _ => false,
    }
}

/// Takes exactly so many digits.
fn digits(rest: &mut &[u8], count: usize) -> Option<u16> {
    let (digits, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u16::from(digit - b'0'))
    })
}

/// Takes one of these bytes, if it is there.
fn separator(rest: &mut &[u8], any: &[u8]) -> bool {
    let found = rest.first().is_some_and(|byte| any.contains(byte));
    if found {
        *rest = &rest[1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::samples;

    #[test]
    fn the_camera_s_clock_is_read_in_every_form_that_programs_write() {
        for text in [
            "2019:07:14 09:30:05",
            "2019:07:14 09:30:05+02:00",
            "2019:07:14 09:30:05 -0800",
            "2019:07:14 09:30:05.25",
            "2019:07:14 09:30:05,123456789Z",
            "2019-07-14 09:30:05",
            "2019-07-14T09:30:05",
            "2019-07-14T09:30:05.000+13:00",
            "2019/07/14 09:30:05",
            "2019.07.14 09.30.05",
            "20190714T093005Z",
            "20190714093005",
            "  2019:07:14  09:30:05  ",
        ] {
            let exif = samples::exif(1, text);
            assert_eq!(
                taken_at(&exif),
                Some(datetime!(2019-07-14 9:30:05 UTC)),
                "{text:?}"
            );
        }
        for (text, expected) in [
            ("2019:07:14 09:30", datetime!(2019-07-14 9:30 UTC)),
            ("2019:07:14", datetime!(2019-07-14 0:00 UTC)),
            ("1999:12:31 23:59:60", datetime!(1999-12-31 23:59:59 UTC)),
            ("2024:02:29 00:00:00", datetime!(2024-02-29 0:00 UTC)),
        ] {
            assert_eq!(
                taken_at(&samples::exif(1, text)),
                Some(expected),
                "{text:?}"
            );
        }
    }

    const NONSENSE: [&str; 16] = [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "1700:01:01 00:00:00",
        "9999:01:01 00:00:00",
        "2019:13:41 25:61:61",
        "2019:02:30 10:00:00",
        "2019:07:14 24:00:00",
        "2019:07:14 09:30:05 in the morning",
        "2019:07:14 09:30:05+",
        "2019:07:14 9:30:05",
        "14.07.2019 09:30:05",
        "2019:7:14 09:30:05",
        "2019",
        "+019:07:14 09:30:05",
        "yesterday, at about",
        "",
    ];

    #[test]
    fn a_clock_that_was_never_set_says_nothing() {
        for text in NONSENSE {
            assert_eq!(taken_at(&samples::exif(1, text)), None, "{text:?}");
        }
    }

    #[test]
    fn the_second_date_counts_where_the_first_is_nonsense() {
        for text in NONSENSE {
            let exif = samples::exif_of_two_dates(text, "2011:03:04 05:06:07");
            assert_eq!(
                taken_at(&exif),
                Some(datetime!(2011-03-04 5:06:07 UTC)),
                "{text:?}"
            );
        }
        let exif = samples::exif_of_two_dates("2010:01:01 00:00:00", "2011:03:04 05:06:07");
        assert_eq!(taken_at(&exif), Some(datetime!(2010-01-01 0:00 UTC)));
    }

    #[test]
    fn damaged_descriptions_are_no_descriptions() {
        let exif = samples::exif(6, "2019:07:14 09:30:05");
        for length in 0..exif.len() {
            let _ = taken_at(&exif[..length]);
        }
        for position in 0..exif.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = exif.clone();
                damaged[position] ^= flip;
                let _ = taken_at(&damaged);
            }
        }
        for text in [
            &b"no exif at all"[..],
            b"II*\0",
            b"II*\0\xff\xff\xff\xff",
            b"MM\0*\0\0\0\x04",
        ] {
            assert_eq!(taken_at(text), None);
        }
    }

    #[test]
    fn the_letters_before_it_are_taken_away_once() {
        assert_eq!(without_prefix(b"Exif\0\0II*\0".to_vec()), b"II*\0");
        assert_eq!(without_prefix(b"II*\0".to_vec()), b"II*\0");
        assert_eq!(without_prefix(b"Exif".to_vec()), b"Exif");
    }
}
