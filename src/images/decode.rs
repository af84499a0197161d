//! From the bytes of an upload to pixels, within limits.
//!
//! Everything here assumes an enemy: the header is read and judged before anything is unpacked, nothing is
//! unpacked that needs more memory than the caller grants, and what is wrong becomes a [`Refusal`] with a sentence
//! for the person who sent the file.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, Limits};

use super::{Format, jpeg};

/// How many bytes an upload may have.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// How many pixels a picture may have, because the largest cameras have no more.
pub const PIXELS_MAX: u64 = 100_000_000;

/// How long a side may be: what JPEG can say, so that no other format makes longer ribbons.
pub const SIDE_PIXELS_MAX: u32 = 65_535;

/// How many bytes one picture may need while it is unpacked.
pub(super) const DECODE_BYTES_MAX: u64 = 512 << 20;

/// Why an upload is not accepted, as a sentence for the visitor. The cause is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`FILE_BYTES_MAX`].
    #[error("The file is too large: a picture may have up to 64 MB.")]
    FileTooLarge,
    /// The content is none of the three formats, whatever the name says.
    #[error("This is not a picture that we can read: please choose a JPEG, PNG or WebP file.")]
    UnknownFormat,
    /// More than one frame.
    #[error("This picture moves: please choose one that stands still.")]
    Animated,
    /// More than [`PIXELS_MAX`], or a side longer than [`SIDE_PIXELS_MAX`].
    #[error(
        "The picture is too large: {width} x {height} pixels, where up to 100 megapixels and 65,535 pixels a side are possible."
    )]
    TooManyPixels {
        /// As the header says.
        width: u32,
        /// As the header says.
        height: u32,
    },
    /// Few enough pixels, but stored in a way that needs too much memory.
    #[error(
        "The picture is too large to unpack: please save it as an ordinary JPEG and try again."
    )]
    TooMuchMemory,
    /// A kind that the format allows and nobody uses.
    #[error(
        "This is a rare kind of picture that we cannot read: please save it as an ordinary JPEG and try again."
    )]
    Unsupported(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file ends before the picture does.
    #[error("The file is cut off: please send it once more, or take another copy.")]
    CutOff,
    /// Anything else that is wrong with it.
    #[error("The file is damaged and cannot be read: please take another copy.")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unsupported(_) => Self::Unsupported(Box::new(error)),
            ImageError::Limits(_) => Self::TooMuchMemory,
            ImageError::IoError(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::CutOff
            }
            other => Self::Damaged(Box::new(other)),
        }
    }
}

/// An upload whose header was read and judged, and nothing more.
pub struct Opened<'a> {
    /// Told by the content.
    pub format: Format,
    /// How the camera was held.
    pub orientation: Orientation,
    /// What the camera wrote about the picture, if anything.
    pub exif: Option<Vec<u8>>,
    /// What the colours mean, if it is not the ordinary.
    profile: Option<Vec<u8>>,
    memory_bytes: u64,
    decoder: Box<dyn ImageDecoder + 'a>,
}

/// Pixels as the camera stored them, not yet upright.
pub struct Decoded {
    /// The pixels.
    pub pixels: DynamicImage,
    /// How to turn them.
    pub orientation: Orientation,
    /// What their colours mean, if it is not the ordinary.
    pub profile: Option<Vec<u8>>,
}

impl<'a> Opened<'a> {
    /// Reads the header and refuses what is not worth, or not safe, to go on with.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(Refusal::FileTooLarge);
        }
        let mut memory_factor = 1;
        let (format, mut decoder): (_, Box<dyn ImageDecoder + 'a>) =
            match image::guess_format(bytes) {
                Ok(ImageFormat::Jpeg) => {
                    let skeleton = jpeg::walk(bytes).ok_or(Refusal::CutOff)?;
                    if skeleton.split {
                        // The decoder (zune-jpeg 0.5.15, its issue 422) takes them for green stripes.
                        return Err(Refusal::Unsupported("a scan for each channel".into()));
                    }
                    if skeleton.progressive {
                        memory_factor = 3;
                    }
                    let decoder = JpegDecoder::new(Cursor::new(bytes))?;
                    (Format::Jpeg, Box::new(decoder))
                }
                Ok(ImageFormat::Png) => {
                    let mut limits = Limits::default();
                    // For what stands beside the pixels: texts, profiles, a row.
                    limits.max_alloc = Some(FILE_BYTES_MAX as u64);
                    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits)?;
                    if decoder.is_apng()? {
                        return Err(Refusal::Animated);
                    }
                    (Format::Png, Box::new(decoder))
                }
                Ok(ImageFormat::WebP) => {
                    if !riff_is_whole(bytes) {
                        return Err(Refusal::CutOff);
                    }
                    let decoder = WebPDecoder::new(Cursor::new(bytes))?;
                    if decoder.has_animation() {
                        return Err(Refusal::Animated);
                    }
                    memory_factor = 2;
                    (Format::WebP, Box::new(decoder))
                }
                _ => return Err(Refusal::UnknownFormat),
            };
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > PIXELS_MAX || width.max(height) > SIDE_PIXELS_MAX
        {
            return Err(Refusal::TooManyPixels { width, height });
        }
        let memory_bytes = decoder.total_bytes().saturating_mul(memory_factor);
        if memory_bytes > DECODE_BYTES_MAX {
            return Err(Refusal::TooMuchMemory);
        }
        // A picture whose description is damaged is still a picture.
        let exif = decoder.exif_metadata().ok().flatten();
        Ok(Self {
            format,
            orientation: exif
                .as_deref()
                .and_then(Orientation::from_exif_chunk)
                .unwrap_or(Orientation::NoTransforms),
            exif,
            profile: decoder.icc_profile().ok().flatten(),
            memory_bytes,
            decoder,
        })
    }

    /// Width and height as seen upright.
    #[must_use]
    pub fn upright_size(&self) -> (u32, u32) {
        turned(self.decoder.dimensions(), self.orientation)
    }

    /// Unpacks the pixels, if that needs no more than this many bytes of memory.
    pub fn decode(self, memory_bytes_max: u64) -> Result<Decoded, Refusal> {
        if self.memory_bytes > memory_bytes_max {
            // Two headers that contradict each other: one was weighed, the other would be unpacked.
            return Err(Refusal::Damaged("more than its header says".into()));
        }
        Ok(Decoded {
            pixels: DynamicImage::from_decoder(self.decoder)?,
            orientation: self.orientation,
            profile: self.profile,
        })
    }
}

/// Whether a WebP file is as long as it says; its decoder forgives some missing bytes.
fn riff_is_whole(bytes: &[u8]) -> bool {
    bytes
        .get(4..)
        .and_then(|rest| rest.split_first_chunk())
        .is_some_and(|(length, rest)| u32::from_le_bytes(*length) as usize <= rest.len())
}

/// A size with its sides exchanged if the orientation lays the picture on its side, either way.
#[must_use]
pub fn turned((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height, width),
        _ => (width, height),
    }
}

/// Runs what reads a stranger's bytes. The decoders are fuzzed and in safe Rust, and still: if one
/// gives up on a file, then this file is damaged, and nothing else happens.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Refusal::Damaged("the decoder panicked".into())))
}
