//! What `photos.filename` names: a picture drawn from its seed, or an uploaded file.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::Format;

/// Where the pixels of a photo come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Original {
    /// A scene of the demo set, drawn anew from its seed whenever it is needed.
    Drawn(u64),
    /// A file that somebody uploaded, kept bit for bit.
    Upload(FileName),
}

/// The name of an uploaded file: `<uuid>.jpg`, `.png` or `.webp`.
///
/// Made by us and never by a visitor, so it holds nothing that a path could stumble over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileName {
    id: Uuid,
    format: Format,
}

/// A `photos.filename` that is neither `drawn:<seed>` nor a file name of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no original")]
pub struct NoOriginal(String);

impl FileName {
    /// A new random name for a file of this format.
    #[must_use]
    pub fn random(format: Format) -> Self {
        Self {
            id: Uuid::from_bytes(rand::random()),
            format,
        }
    }

    /// The format that the name's ending promises; the file was inspected before it got the name.
    #[must_use]
    pub fn format(self) -> Format {
        self.format
    }

    /// The folder of the file, two hex digits, so that no directory grows without bound.
    #[must_use]
    pub fn folder(self) -> String {
        format!("{:02x}", self.id.as_bytes()[0])
    }
}

impl FromStr for Original {
    type Err = NoOriginal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(seed) = text.strip_prefix("drawn:") {
            // Only digits, and no leading zero: one original has one name.
            let seed: u64 = seed.parse().map_err(|_| NoOriginal(text.to_owned()))?;
            let original = Self::Drawn(seed);
            return if original.to_string() == text {
                Ok(original)
            } else {
                Err(NoOriginal(text.to_owned()))
            };
        }
        text.parse().map(Self::Upload)
    }
}

impl FromStr for FileName {
    type Err = NoOriginal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NoOriginal(text.to_owned());
        let (id, extension) = text.split_once('.').ok_or_else(refused)?;
        let name = Self {
            id: Uuid::try_parse(id).map_err(|_| refused())?,
            format: Format::from_extension(extension).ok_or_else(refused)?,
        };
        // The uuid crate also reads braces, capitals and so on; a file has exactly one name.
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drawn(seed) => write!(f, "drawn:{seed}"),
            Self::Upload(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id.hyphenated(), self.format.extension())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_original_reads_back_as_it_was_written() {
        for original in [
            Original::Drawn(0),
            Original::Drawn(u64::MAX),
            Original::Upload(FileName::random(Format::Jpeg)),
            Original::Upload(FileName::random(Format::Png)),
            Original::Upload(FileName::random(Format::WebP)),
        ] {
            assert_eq!(original.to_string().parse(), Ok(original));
        }
    }

    #[test]
    fn a_name_that_we_did_not_make_is_refused() {
        for text in [
            "",
            "drawn:",
            "drawn:-1",
            "drawn:+1",
            "drawn:01",
            "drawn:18446744073709551616",
            "../../etc/passwd",
            "holiday.jpg",
            ".jpg",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff.gif",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff.jpeg",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff.jpg/..",
            "6F9619FF-8B86-D011-B42D-00C04FC964FF.jpg",
            "{6f9619ff-8b86-d011-b42d-00c04fc964ff}.jpg",
            "6f9619ff8b86d011b42d00c04fc964ff.jpg",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff.jpg\0",
        ] {
            assert!(text.parse::<Original>().is_err(), "{text:?}");
        }
    }
}
