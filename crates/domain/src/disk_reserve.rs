//! How much of the disk is left free: the setting `--disk-reserve`.

use std::str::FromStr;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The reserve of a large disk: twenty uploads of the largest size at once, and the growth of the
/// database until an operator has read a warning.
const DEFAULT_BYTES: u64 = 2 * GIB;

/// The reserve of a small disk, in percent of it.
const DEFAULT_PERCENT: u64 = 5;

/// The smallest reserve. Half of it is the largest upload.
const BYTES_MIN: u64 = 128 * MIB;

/// How many inodes must be free, in percent of all and at most: a file system can run out of inodes before it
/// runs out of bytes.
const INODES_PERCENT: u64 = 2;
const INODES_MAX: u64 = 20_000;

/// How much of the disk is left free. Below it the site does not store derivatives, and below half of it
/// the site refuses uploads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reserve {
    /// 2 GiB, or 5 % of the file system where that is less.
    #[default]
    Fitting,
    /// This many bytes.
    Bytes(u64),
    /// This percentage of the file system.
    Percent(u64),
}

impl Reserve {
    /// The reserve on a file system of this size.
    #[must_use]
    pub fn bytes(self, size_bytes: u64) -> u64 {
        let percent = |percent: u64| size_bytes / 100 * percent;
        let bytes = match self {
            Self::Fitting => DEFAULT_BYTES.min(percent(DEFAULT_PERCENT)),
            Self::Bytes(bytes) => bytes,
            Self::Percent(part) => percent(part),
        };
        bytes.max(BYTES_MIN)
    }
}

/// How many inodes must be free on a file system that has this many.
pub fn inodes(inodes: u64) -> u64 {
    (inodes / 100 * INODES_PERCENT).min(INODES_MAX)
}

/// The text is not a valid reserve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a size such as 2GiB or 500MiB (at least 128MiB), a part such as 5% (1% to 50%), or auto")]
pub struct BadReserve;

impl FromStr for Reserve {
    type Err = BadReserve;

    fn from_str(text: &str) -> Result<Self, BadReserve> {
        if text == "auto" {
            return Ok(Self::Fitting);
        }
        if let Some(part) = text.strip_suffix('%') {
            let part: u64 = part.parse().map_err(|_| BadReserve)?;
            let fits = (1..=50).contains(&part);
            return fits.then_some(Self::Percent(part)).ok_or(BadReserve);
        }
        let (number, unit) = match (text.strip_suffix("GiB"), text.strip_suffix("MiB")) {
            (Some(number), _) => (number, GIB),
            (None, Some(number)) => (number, MIB),
            (None, None) => return Err(BadReserve),
        };
        let number: u64 = number.parse().map_err(|_| BadReserve)?;
        let bytes = number.checked_mul(unit).ok_or(BadReserve)?;
        let fits = bytes >= BYTES_MIN;
        fits.then_some(Self::Bytes(bytes)).ok_or(BadReserve)
    }
}

impl std::fmt::Display for Reserve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fitting => f.write_str("auto"),
            // Parsed in whole MiB, so nothing is lost.
            Self::Bytes(bytes) => write!(f, "{}MiB", bytes / MIB),
            Self::Percent(part) => write!(f, "{part}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_two_gib_or_a_twentieth_or_what_was_set() {
        assert_eq!(Reserve::Fitting.bytes(500 * GIB), 2 * GIB);
        assert_eq!(Reserve::Fitting.bytes(20_000 * MIB), 1_000 * MIB);
        assert_eq!(
            Reserve::Fitting.bytes(GIB),
            128 * MIB,
            "never less than this"
        );
        for (text, bytes) in [
            ("auto", 2 * GIB),
            ("4GiB", 4 * GIB),
            ("512MiB", 512 * MIB),
            ("10%", 10 * GIB),
        ] {
            let reserve: Reserve = text.parse().unwrap();
            assert_eq!(reserve.bytes(100 * GIB), bytes, "{text}");
            assert_eq!(reserve.to_string().parse(), Ok(reserve), "{text}");
        }
        for text in [
            "",
            "2",
            "0GiB",
            "64MiB",
            "-1GiB",
            "0%",
            "51%",
            "99999999999GiB",
            "2 GiB",
        ] {
            assert_eq!(text.parse::<Reserve>(), Err(BadReserve), "{text:?}");
        }
    }
}
