//! When the shutter was pressed, as the camera wrote it.

use nom_exif::{Exif, ExifTag, MediaParser, MediaSource};
use time::{Duration, OffsetDateTime, macros::datetime};

/// How large a block of EXIF we look into; JPEG cannot hold more than 64 KiB, and the rest of a
/// larger one is thumbnails and makers' notes.
const EXIF_BYTES_MAX: usize = 1 << 20;

/// The oldest photograph that we know of was taken in 1826; a date before it is a clock never set.
const FIRST_PHOTOGRAPH: OffsetDateTime = datetime!(1826-01-01 0:00 UTC);

/// The moment that the camera's clock showed, read as UTC: cameras know no time zone worth trusting,
/// and a month of holidays should be the month that people remember.
pub(super) fn taken_at(exif: &[u8]) -> Option<OffsetDateTime> {
    if exif.len() > EXIF_BYTES_MAX {
        return None;
    }
    let source = MediaSource::from_memory(exif.to_vec()).ok()?;
    let exif: Exif = MediaParser::new().parse_exif(source).ok()?.into();
    let shown = [ExifTag::DateTimeOriginal, ExifTag::CreateDate]
        .into_iter()
        .find_map(|tag| exif.get(tag)?.as_datetime())?
        .into_naive();
    let taken = OffsetDateTime::from_unix_timestamp(shown.and_utc().timestamp()).ok()?;
    // No time zone is further ahead than a day.
    let latest = OffsetDateTime::now_utc() + Duration::DAY;
    (FIRST_PHOTOGRAPH..=latest)
        .contains(&taken)
        .then_some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::samples;

    #[test]
    fn the_camera_s_clock_is_read() {
        let exif = samples::exif(1, "2019:07:14 09:30:05");
        assert_eq!(taken_at(&exif), Some(datetime!(2019-07-14 9:30:05 UTC)));
    }

    #[test]
    fn a_clock_that_was_never_set_says_nothing() {
        for text in [
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "1700:01:01 00:00:00",
            "9999:01:01 00:00:00",
            "2019:13:41 25:61:61",
            "yesterday, at about",
        ] {
            assert_eq!(taken_at(&samples::exif(1, text)), None, "{text:?}");
        }
    }

    #[test]
    fn damaged_descriptions_are_no_descriptions() {
        let exif = samples::exif(6, "2019:07:14 09:30:05");
        for length in 0..exif.len() {
            let _ = taken_at(&exif[..length]);
        }
        for position in 0..exif.len() {
            let mut damaged = exif.clone();
            damaged[position] ^= 0xff;
            let _ = taken_at(&damaged);
        }
        assert_eq!(taken_at(b"no exif at all"), None);
    }
}
