//! Decodes the bytes of an upload to pixels, within limits.
//!
//! Every file is treated as hostile: the header is read and checked before anything is decoded, a file that needs more
//! memory than the caller grants is not decoded, and each error is a [`Refusal`] with a sentence for the visitor.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::{png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, Limits};

use super::colour::Colours;
use super::{Format, exif, jpeg, png, riff};

/// How many bytes an upload may have.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// How many pixels a picture may have, because the largest cameras have no more.
pub const PIXELS_MAX: u64 = 100_000_000;

/// How many pixels a side may have: the limit of JPEG, so that no other format makes longer ribbons.
pub const SIDE_PIXELS_MAX: u32 = 65_535;

/// How many bytes one picture may need while it is decoded.
pub(super) const DECODE_BYTES_MAX: u64 = 512 << 20;

/// Why an upload is refused, as a sentence for the visitor. The cause is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`FILE_BYTES_MAX`].
    #[error("The file is too large: a picture may have up to 64 MB.")]
    FileTooLarge,
    /// The content is none of the three formats, whatever the extension.
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
        /// From the header.
        width: u32,
        /// From the header.
        height: u32,
    },
    /// Few enough pixels, but stored in a way that needs too much memory.
    #[error(
        "The picture is too large to unpack: please save it as an ordinary JPEG and try again."
    )]
    TooMuchMemory,
    /// A variant that the format allows and no camera or editor writes.
    #[error(
        "This is a rare kind of picture that we cannot read: please save it as an ordinary JPEG and try again."
    )]
    Unsupported(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file ends before the picture does.
    #[error("The file is cut off: please send it once more, or take another copy.")]
    CutOff,
    /// The data are fewer than any picture of this size can take, even a plain black one.
    #[error(
        "The file is too short for a picture of {width} x {height} pixels: please send it once more, or take another copy."
    )]
    TooShort {
        /// From the header.
        width: u32,
        /// From the header.
        height: u32,
    },
    /// Any other error of the decoder.
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

/// An upload whose header is read and checked, and whose pixels are not decoded yet.
pub struct Opened<'a> {
    /// Detected from the content.
    pub format: Format,
    /// The orientation of the camera.
    pub orientation: Orientation,
    /// The EXIF block, if there is one: TIFF, without a prefix.
    pub exif: Option<Vec<u8>>,
    colours: Colours,
    memory_bytes: u64,
    decoder: Box<dyn ImageDecoder + 'a>,
}

/// Decoded pixels as the camera stored them, not yet upright.
pub struct Decoded {
    /// The pixels.
    pub pixels: DynamicImage,
    /// The rotation or flip that makes them upright.
    pub orientation: Orientation,
    /// The colour space of the samples.
    pub(super) colours: Colours,
}

/// A decoder that has read the header, and other facts from the header.
struct Header<'a> {
    format: Format,
    decoder: Box<dyn ImageDecoder + 'a>,
    /// How much memory the decoder needs besides the pixels.
    scratch_bytes: u64,
    /// EXIF at a place where the decoder does not look.
    exif: Option<Vec<u8>>,
    colours: Colours,
    /// Whether the file can be complete; checked after its size.
    whole: Result<(), Refusal>,
}

impl<'a> Opened<'a> {
    /// Reads the header and refuses files that are not safe, or not possible, to decode.
    ///
    /// Decodes nothing: walks over the file once, some microseconds for an ordinary one.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(Refusal::FileTooLarge);
        }
        let header = match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Header::of_jpeg(bytes)?,
            Ok(ImageFormat::Png) => Header::of_png(bytes)?,
            Ok(ImageFormat::WebP) => Header::of_webp(bytes)?,
            _ => return Err(Refusal::UnknownFormat),
        };
        let Header {
            format,
            mut decoder,
            scratch_bytes,
            exif,
            colours,
            whole,
        } = header;
        small_enough(decoder.dimensions())?;
        let memory_bytes = decoder.total_bytes().saturating_add(scratch_bytes);
        if memory_bytes > DECODE_BYTES_MAX {
            return Err(Refusal::TooMuchMemory);
        }
        whole?;
        // A picture whose metadata is damaged is accepted.
        let exif = exif
            .or_else(|| decoder.exif_metadata().ok().flatten())
            .map(exif::without_prefix);
        Ok(Self {
            format,
            orientation: exif
                .as_deref()
                .and_then(Orientation::from_exif_chunk)
                .unwrap_or(Orientation::NoTransforms),
            exif,
            colours: match (colours, decoder.icc_profile().ok().flatten()) {
                (Colours::Inks(_), Some(profile)) => Colours::Inks(profile),
                (Colours::Ordinary, Some(profile)) => Colours::Profile(profile),
                (colours, _) => colours,
            },
            memory_bytes,
            decoder,
        })
    }

    /// Width and height when upright.
    #[must_use]
    pub fn upright_size(&self) -> (u32, u32) {
        turned(self.decoder.dimensions(), self.orientation)
    }

    /// Decodes the pixels, if that needs no more than this many bytes of memory.
    pub fn decode(self, memory_bytes_max: u64) -> Result<Decoded, Refusal> {
        if self.memory_bytes > memory_bytes_max {
            // The file has two headers that differ: one was used for the estimate, the other would be decoded.
            return Err(Refusal::Damaged("more than its header says".into()));
        }
        Ok(Decoded {
            pixels: DynamicImage::from_decoder(self.decoder)?,
            orientation: self.orientation,
            colours: self.colours,
        })
    }
}

impl<'a> Header<'a> {
    fn of_jpeg(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let skeleton = jpeg::Skeleton::read(bytes)?;
        let decoder = jpeg::Decoder::new(bytes)?;
        Ok(Self {
            format: Format::Jpeg,
            scratch_bytes: skeleton.coefficient_bytes(),
            exif: None,
            colours: if decoder.gives_inks() {
                Colours::Inks(Vec::new())
            } else {
                Colours::Ordinary
            },
            whole: skeleton.judge(),
            decoder: Box::new(decoder),
        })
    }

    fn of_png(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let chunks = png::Chunks::read(bytes);
        let mut limits = Limits::default();
        // For what the decoder holds besides the pixels: texts, profiles, a row.
        limits.max_alloc = Some(FILE_BYTES_MAX as u64);
        let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits)?;
        if decoder.is_apng()? {
            return Err(Refusal::Animated);
        }
        Ok(Self {
            format: Format::Png,
            scratch_bytes: 0,
            exif: chunks.exif.map(<[u8]>::to_vec),
            colours: chunks.gamma.map_or(Colours::Ordinary, Colours::Gamma),
            whole: chunks.judge(),
            decoder: Box::new(decoder),
        })
    }

    fn of_webp(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let chunks = riff::Chunks::read(bytes)?;
        let decoder = WebPDecoder::new(Cursor::new(bytes))?;
        if decoder.has_animation() {
            return Err(Refusal::Animated);
        }
        let (width, height) = chunks.size;
        let pixels = u64::from(width) * u64::from(height);
        Ok(Self {
            format: Format::WebP,
            // Without loss, four channels are decoded whatever is returned; with loss, brightness
            // and colours of half the size each way, and an alpha channel.
            scratch_bytes: pixels * if chunks.lossless { 4 } else { 3 },
            exif: None,
            colours: Colours::Ordinary,
            whole: chunks.judge(),
            decoder: Box::new(decoder),
        })
    }
}

fn small_enough((width, height): (u32, u32)) -> Result<(), Refusal> {
    if u64::from(width) * u64::from(height) > PIXELS_MAX || width.max(height) > SIDE_PIXELS_MAX {
        return Err(Refusal::TooManyPixels { width, height });
    }
    Ok(())
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

/// Runs a function that reads untrusted bytes, and turns a panic into a refusal. The decoders are fuzzed and written in
/// safe Rust; should one panic nevertheless, the file counts as damaged.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Refusal::Damaged("the decoder panicked".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_costs_one_upload() {
        let ended = catch_unwind(|| guarded(|| -> Result<(), Refusal> { panic!("of a decoder") }));
        assert!(matches!(ended, Ok(Err(Refusal::Damaged(_)))));
        assert_eq!(guarded(|| Ok(7)).unwrap(), 7);
    }
}
