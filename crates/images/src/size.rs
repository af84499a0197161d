//! The widths and formats of derivatives, and the formats of uploads.

use std::fmt;
use std::str::FromStr;

/// The format of an upload, detected from its content and never from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG, any depth, with or without transparency.
    Png,
    /// WebP, lossy or lossless, one picture.
    WebP,
}

impl Format {
    /// The extension of such a file.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// The format whose [`extension`](Self::extension) this is.
    #[must_use]
    pub fn from_extension(text: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::WebP]
            .into_iter()
            .find(|format| format.extension() == text)
    }
}

/// The format of a derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// For all current browsers.
    WebP,
    /// For programs that read nothing newer: link previews, mail, old feed readers.
    Jpeg,
}

impl Encoding {
    /// The extension of such a file, in the URL and on disk.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::WebP => "webp",
            Self::Jpeg => "jpg",
        }
    }
}

/// A width in pixels that derivatives are made in. There are no others, so that requests for 641, 642,
/// 643 cannot fill the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// A row of small pictures on a phone.
    W320,
    /// The grid.
    W640,
    /// The grid on a dense screen, the photo page on a phone.
    W1280,
    /// The photo page.
    W2048,
}

impl Width {
    /// All widths, narrow to wide.
    pub const ALL: [Self; 4] = [Self::W320, Self::W640, Self::W1280, Self::W2048];

    /// The width in pixels.
    #[must_use]
    pub const fn pixels(self) -> u32 {
        match self {
            Self::W320 => 320,
            Self::W640 => 640,
            Self::W1280 => 1280,
            Self::W2048 => 2048,
        }
    }
}

/// A name is not that of a derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("pictures come as 320, 640, 1280 or 2048 pixels, webp or jpg")]
pub struct NoSuchSize;

impl FromStr for Width {
    type Err = NoSuchSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "320" => Ok(Self::W320),
            "640" => Ok(Self::W640),
            "1280" => Ok(Self::W1280),
            "2048" => Ok(Self::W2048),
            _ => Err(NoSuchSize),
        }
    }
}

impl FromStr for Encoding {
    type Err = NoSuchSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "webp" => Ok(Self::WebP),
            "jpg" => Ok(Self::Jpeg),
            _ => Err(NoSuchSize),
        }
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pixels().fmt(f)
    }
}

/// The last part of a derivative's URL and the name of its file: `640.webp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    pub width: Width,
    pub encoding: Encoding,
}

impl FromStr for Size {
    type Err = NoSuchSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (width, encoding) = text.split_once('.').ok_or(NoSuchSize)?;
        Ok(Self {
            width: width.parse()?,
            encoding: encoding.parse()?,
        })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.width, self.encoding.extension())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_reads_back_as_it_was_written() {
        for width in Width::ALL {
            for encoding in [Encoding::WebP, Encoding::Jpeg] {
                let size = Size { width, encoding };
                assert_eq!(size.to_string().parse(), Ok(size));
            }
        }
    }

    #[test]
    fn no_other_size_exists() {
        for text in [
            "",
            ".",
            "640",
            "641.webp",
            "0640.webp",
            "+640.webp",
            "640.png",
            "640.webp.jpg",
            "640.WEBP",
            " 640.webp",
            "640.jpeg",
            "640..webp",
            "99999999999.jpg",
        ] {
            assert_eq!(text.parse::<Size>(), Err(NoSuchSize), "{text:?}");
        }
    }
}
