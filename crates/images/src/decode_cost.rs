//! Estimates the memory and the time of decoding an upload from the header of its file, without decoding anything.
//!
//! The estimate decides in which queue the work waits and what may run beside it. It relies on what the file claims:
//! [`Opened`](super::decode::Opened) reads the header again, and refuses to decode a file that needs more than its
//! estimate.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::decode::{DECODE_BYTES_MAX, PIXELS_MAX};
use super::jpeg;
use super::resize::HEIGHT_PER_WIDTH_MAX;
use super::size::Width;

/// How many bytes of a file are read. Cameras write previews and profiles of some 100 KB before the frame; a JPEG whose
/// frame comes later counts as the largest.
const HEADER_BYTES_MAX: u64 = 1 << 20;

/// The most channels that a format has: CMYK, or RGB with alpha.
const CHANNELS_MAX: u64 = 4;

/// An upload that needs more memory than this while it is inspected, its file included, is large: one such upload at a
/// time is inspected on the whole machine. Below it are all JPEGs of 12 megapixels, the size that phones make.
pub(super) const LARGE_BYTES: u64 = 64 << 20;

/// How many bytes a pixel of a derivative needs besides the decoded picture: the copy that is rotated (16 bits, four
/// channels), or the planes of the encoder.
const DERIVATIVE_PIXEL_BYTES: u64 = 8;

/// The first bytes of a JPEG file.
const JPEG: [u8; 2] = [0xff, 0xd8];

/// The estimated cost of decoding a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DecodeCost {
    /// How many pixels the picture has.
    pixels: u64,
    /// How many samples the picture has: pixels times channels. The time grows with it, 2 to 20 ns a sample.
    pub(super) samples: u64,
    /// How many bytes the pixels need while they are decoded.
    pub(super) unpacked_bytes: u64,
    /// How many bytes the file has.
    pub(super) file_bytes: u64,
}

impl DecodeCost {
    /// The limit of [`samples`](Self::samples): no accepted file has more.
    pub(super) const SAMPLES_MAX: u64 = PIXELS_MAX * CHANNELS_MAX;

    /// Reads the header of a file.
    ///
    /// A file that is no picture, or that ends within its header, costs nothing: the decoder refuses it at once.
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let mut header = Vec::new();
        file.take(HEADER_BYTES_MAX).read_to_end(&mut header)?;
        Ok(Self::of_header(&header, file_bytes))
    }

    fn of_header(header: &[u8], file_bytes: u64) -> Self {
        let frame = match frame(header) {
            Some(frame) => frame,
            None if file_bytes > header.len() as u64 && header.starts_with(&JPEG) => Frame {
                pixels: PIXELS_MAX,
                channels: CHANNELS_MAX,
                bytes_per_sample: DECODE_BYTES_MAX / Self::SAMPLES_MAX + 1,
            },
            None => Frame {
                pixels: 0,
                channels: 0,
                bytes_per_sample: 0,
            },
        };
        let samples = frame.pixels.saturating_mul(frame.channels);
        let unpacked = samples.saturating_mul(frame.bytes_per_sample);
        Self {
            pixels: frame.pixels.min(PIXELS_MAX),
            // The decoder refuses a larger picture, so the cost is never more.
            samples: samples.min(Self::SAMPLES_MAX),
            unpacked_bytes: unpacked.min(DECODE_BYTES_MAX),
            file_bytes,
        }
    }

    /// How many bytes of memory the decoding needs.
    #[must_use]
    pub(super) fn memory_bytes(self) -> u64 {
        // The JPEG decoder copies the file.
        self.file_bytes
            .saturating_mul(2)
            .saturating_add(self.unpacked_bytes)
    }

    /// Whether the picture needs the [lock](super::large_lock) of large pictures to be inspected.
    #[must_use]
    pub(super) fn is_large(self) -> bool {
        self.memory_bytes() > LARGE_BYTES
    }

    /// How many bytes of memory rendering a derivative of this width needs.
    pub(super) fn rendering_bytes(self, width: Width) -> u64 {
        let width = u64::from(width.pixels());
        let derivative_pixels = self
            .pixels
            .min(width * width * u64::from(HEIGHT_PER_WIDTH_MAX));
        self.memory_bytes()
            .saturating_add(derivative_pixels * DERIVATIVE_PIXEL_BYTES)
    }
}

struct Frame {
    pixels: u64,
    channels: u64,
    /// Of the decoded picture, with the buffers of the decoder.
    bytes_per_sample: u64,
}

fn frame(header: &[u8]) -> Option<Frame> {
    match header {
        _ if header.starts_with(&JPEG) => jpeg_frame(header),
        [0x89, b'P', b'N', b'G', ..] => png_frame(header),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => webp_frame(header),
        _ => None,
    }
}

fn jpeg_frame(header: &[u8]) -> Option<Frame> {
    let size = jpeg::frame_size(header)?;
    Some(Frame {
        pixels: u64::from(size.width) * u64::from(size.height),
        // Grey is decoded as grey, everything else as at least three channels.
        channels: if size.channels == 1 {
            1
        } else {
            u64::from(size.channels.max(3))
        },
        bytes_per_sample: if size.progressive { 3 } else { 1 },
    })
}

/// The first chunk, IHDR: width (4 bytes), height (4), bits, colours.
fn png_frame(header: &[u8]) -> Option<Frame> {
    let number = |at| {
        let bytes: &[u8; 4] = header.get(at..)?.first_chunk()?;
        Some(u64::from(u32::from_be_bytes(*bytes)))
    };
    let (width, height) = (number(16)?, number(20)?);
    let &[bits, colours] = header.get(24..)?.first_chunk()?;
    Some(Frame {
        pixels: width.saturating_mul(height),
        // Grey (0, 4) or colours; a later chunk may make some of them transparent, which adds a channel.
        channels: if matches!(colours, 0 | 4) { 2 } else { 4 },
        bytes_per_sample: if bits == 16 { 2 } else { 1 },
    })
}

/// Each of the three kinds of chunk has the size at another offset (WebP Container Specification; RFC 6386, 9.1; WebP
/// Lossless Bitstream, 3). Twice the memory, as the decoder holds its own copy.
fn webp_frame(header: &[u8]) -> Option<Frame> {
    let data = header.get(20..30)?;
    let little = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    let (width, height) = match header.get(12..16)? {
        b"VP8X" => (little(&data[4..7]) + 1, little(&data[7..10]) + 1),
        b"VP8 " => (little(&data[6..8]) & 0x3fff, little(&data[8..10]) & 0x3fff),
        b"VP8L" => {
            let bits = little(&data[1..5]);
            ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
        _ => return None,
    };
    Some(Frame {
        pixels: width * height,
        channels: 4,
        bytes_per_sample: 2,
    })
}

#[cfg(test)]
mod tests {
    use image::DynamicImage;

    use super::*;
    use crate::tests::samples;

    #[test]
    fn each_format_is_weighed_by_its_header() {
        let picture = DynamicImage::from(samples::quarters(60, 40));
        let deep = DynamicImage::ImageRgb16(picture.to_rgb16());
        let pixels = 60 * 40;
        let inks = samples::jpeg_of_inks([0; 4], jpeg_encoder::ColorType::Cmyk, None);
        let inked = DecodeCost::of_header(&inks, 0);
        assert_eq!(inked.samples, 64 * 48 * 4, "four inks are four channels");
        for (bytes, samples, unpacked) in [
            (samples::jpeg(60, 40), 3 * pixels, 3 * pixels),
            (samples::progressive_jpeg(60, 40), 3 * pixels, 9 * pixels),
            (samples::png(&picture), 4 * pixels, 4 * pixels),
            (samples::png(&deep), 4 * pixels, 8 * pixels),
            (samples::webp(60, 40), 4 * pixels, 8 * pixels),
            (
                samples::webp_with_exif(60, 40, &samples::exif(1, "")),
                4 * pixels,
                8 * pixels,
            ),
        ] {
            let cost = DecodeCost::of_header(&bytes, 7);
            assert_eq!(
                (cost.samples, cost.memory_bytes()),
                (samples, unpacked + 14),
                "{:?}",
                &bytes[..16]
            );
        }
    }

    #[test]
    fn a_jpeg_that_hides_its_frame_is_the_heaviest_and_what_is_no_picture_weighs_nothing() {
        let whole = samples::jpeg(60, 40);
        let hidden = DecodeCost::of_header(&whole[..10], whole.len() as u64);
        assert_eq!(hidden.samples, DecodeCost::SAMPLES_MAX);
        assert_eq!(hidden.unpacked_bytes, DECODE_BYTES_MAX);
        for file in [&b""[..], b"no picture", &whole[..10]] {
            let cost = DecodeCost::of_header(file, file.len() as u64);
            assert_eq!((cost.samples, cost.unpacked_bytes), (0, 0));
        }
    }

    #[test]
    fn no_header_makes_the_weight_overflow() {
        let mut png = samples::png(&DynamicImage::from(samples::quarters(6, 4)));
        png[16..24].fill(0xff);
        let cost = DecodeCost::of_header(&png, u64::MAX);
        assert_eq!(
            (cost.samples, cost.memory_bytes()),
            (DecodeCost::SAMPLES_MAX, u64::MAX)
        );
        assert!(cost.is_large());
    }
}
