//! Renders one derivative of one original. Blocks: decoding, drawing and encoding use the CPU for milliseconds.

use std::io;

use demo_data::picture::{Picture, Scene};
use image::RgbImage;

use super::decode::{Opened, Refusal, guarded};
use super::decode_cost::DecodeCost;
use super::encode::{EncodeError, encode};
use super::large_lock::LargeLock;
use super::memory_budget::{RENDER_BUDGET, RENDER_BUDGET_BYTES};
use super::{FileName, Original, Originals, Size, Width, resize};

/// How many pixels a drawing may have, so that it fits into [`RENDER_BUDGET`].
const DRAWN_PIXELS_MAX: u64 = 2048 * 1536;

/// How many bytes a pixel needs while it is drawn: 17 to 25, measured at 2048 pixels.
const DRAWN_PIXEL_BYTES: u64 = 25;

/// Why there is no derivative.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The original's file is missing or cannot be read.
    #[error("cannot read the original {0}")]
    Unreadable(FileName, #[source] io::Error),
    /// The original was accepted when it was uploaded, and is refused now.
    #[error("the decoder refuses the original {0}")]
    Refused(FileName, #[source] Refusal),
    /// The seed draws no picture.
    #[error("cannot draw the seed {0}")]
    Undrawn(u64),
    /// The encoder failed.
    #[error("cannot encode the derivative")]
    Encode(#[from] EncodeError),
}

impl RenderError {
    /// Whether the original's file does not exist, as after a deletion.
    pub(super) fn is_of_missing_original(&self) -> bool {
        matches!(self, Self::Unreadable(_, error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Renders the derivative of this size.
pub fn render(
    original: Original,
    originals: &Originals,
    size: Size,
) -> Result<Vec<u8>, RenderError> {
    let pixels = match original {
        Original::Drawn(seed) => draw(seed, size.width)?,
        Original::Upload(name) => unpack(name, originals, size.width)?,
    };
    Ok(encode(&pixels, size.encoding)?)
}

/// Whether rendering this waits for the lock of large pictures, so that it needs a thread of its own.
pub(super) fn is_large(original: Original, originals: &Originals, width: Width) -> bool {
    match original {
        Original::Drawn(_) => false,
        // `render` returns the error of a file that cannot be read.
        Original::Upload(name) => {
            let cost = DecodeCost::of_file(&originals.path(name));
            cost.is_ok_and(|cost| cost.rendering_bytes(width) > u64::from(RENDER_BUDGET_BYTES))
        }
    }
}

/// Reads and decodes an upload, after waiting for memory: for its share of the budget, or for the lock of large
/// pictures.
fn unpack(name: FileName, originals: &Originals, width: Width) -> Result<RgbImage, RenderError> {
    let path = originals.path(name);
    let unreadable = |error| RenderError::Unreadable(name, error);
    let cost = DecodeCost::of_file(&path).map_err(unreadable)?;
    let memory_bytes = cost.rendering_bytes(width);
    let is_large = memory_bytes > u64::from(RENDER_BUDGET_BYTES);
    let _lock =
        is_large.then(|| LargeLock::new(originals.root(), ".rendering-large").acquire_blocking());
    let _reserved = (!is_large).then(|| RENDER_BUDGET.reserve(memory_bytes));
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    guarded(|| {
        let decoded = Opened::read(&bytes)?.decode(cost.unpacked_bytes)?;
        resize::shrink(decoded, width.pixels())
    })
    .map_err(|refusal| RenderError::Refused(name, refusal))
}

/// Draws a picture, after waiting for memory. One that would be too large (a tall one in the widest size) is drawn
/// narrower, as if the original were no wider.
fn draw(seed: u64, width: Width) -> Result<RgbImage, RenderError> {
    let shape = Scene::of(seed).shape;
    let pixels = |width: u32| u64::from(width) * u64::from(shape.height_at(width));
    let pixels_wanted = pixels(width.pixels());
    let width = if pixels_wanted > DRAWN_PIXELS_MAX {
        let share = DRAWN_PIXELS_MAX as f64 / pixels_wanted as f64;
        // Fits: smaller than before, and above 0.
        (f64::from(width.pixels()) * share.sqrt()) as u32
    } else {
        width.pixels()
    };
    let _reserved = RENDER_BUDGET.reserve(pixels(width) * DRAWN_PIXEL_BYTES);
    let Picture { width, height, rgb } = demo_data::picture::draw(seed, width);
    RgbImage::from_raw(width, height, rgb).ok_or(RenderError::Undrawn(seed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::samples;
    use crate::{Encoding, Format};

    const ENCODINGS: [Encoding; 2] = [Encoding::WebP, Encoding::Jpeg];

    fn seen(bytes: &[u8]) -> RgbImage {
        image::load_from_memory(bytes).unwrap().into_rgb8()
    }

    #[tokio::test]
    async fn an_upload_becomes_smaller_upright_and_silent() {
        let folder = tempfile::tempdir().unwrap();
        let originals = Originals::new(folder.path());
        let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
        let exif = samples::exif(6, "2019:07:14 09:30:05");
        let upload = samples::jpeg_with(900, 600, |encoder| {
            encoder.add_exif_metadata(&exif).unwrap();
            encoder.add_icc_profile(&profile).unwrap();
        });
        let name = originals.keep(&upload, Format::Jpeg).await;
        for encoding in ENCODINGS {
            for (width, expected) in [(Width::W320, (320, 480)), (Width::W2048, (600, 900))] {
                let size = Size { width, encoding };
                let bytes = render(Original::Upload(name), &originals, size).unwrap();
                let picture = seen(&bytes);
                assert_eq!(picture.dimensions(), expected);
                assert_eq!(samples::seen(&picture), "brwg");
                for word in [
                    samples::SECRET,
                    "Exif",
                    "EXIF",
                    "ICC_PROFILE",
                    "ICCP",
                    "2019:",
                ] {
                    let found = bytes.windows(word.len()).any(|w| w == word.as_bytes());
                    assert!(!found, "{word} in {size}");
                }
            }
        }
    }

    #[test]
    fn a_seed_is_drawn_in_every_size() {
        let originals = Originals::new("never read");
        for encoding in ENCODINGS {
            let width = Width::W320;
            let bytes = render(Original::Drawn(5), &originals, Size { width, encoding }).unwrap();
            assert_eq!(seen(&bytes).width(), 320);
        }
    }

    #[test]
    fn a_tall_drawing_is_narrower_than_the_widest_size_and_keeps_its_shape() {
        let tall = |seed: &u64| Scene::of(*seed).shape.height_at(2000) == 3000;
        let seed = (0..10_000).find(tall).unwrap();
        let (width, height) = draw(seed, Width::W2048).unwrap().dimensions();
        assert!(u64::from(width) * u64::from(height) <= DRAWN_PIXELS_MAX + u64::from(width));
        assert!((width * 3).abs_diff(height * 2) <= 3, "{width} x {height}");
    }

    #[tokio::test]
    async fn an_original_that_is_lost_or_no_picture_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let originals = Originals::new(folder.path());
        let size = Size {
            width: Width::W640,
            encoding: Encoding::WebP,
        };
        let lost = Original::Upload(FileName::random(Format::Png));
        let error = render(lost, &originals, size).unwrap_err();
        assert!(matches!(error, RenderError::Unreadable(..)), "{error:?}");
        let name = originals.keep(b"no picture", Format::Png).await;
        let error = render(Original::Upload(name), &originals, size).unwrap_err();
        assert!(matches!(error, RenderError::Refused(..)), "{error:?}");
    }

    #[tokio::test]
    async fn a_large_upload_is_drawn_when_no_other_process_draws_one() {
        let folder = tempfile::tempdir().unwrap();
        let originals = Originals::new(folder.path());
        // Its cost is that of the size that it claims; it is refused as soon as it is opened.
        let large = samples::jpeg_claiming(10_000, 10_000);
        let name = originals.keep(&large, Format::Jpeg).await;
        assert!(is_large(Original::Upload(name), &originals, Width::W320));
        let taken = LargeLock::new(folder.path(), ".rendering-large").acquire_blocking();
        let (sender, result) = std::sync::mpsc::channel();
        let drawing = std::thread::spawn(move || {
            let size = Size {
                width: Width::W320,
                encoding: Encoding::WebP,
            };
            let _ = sender.send(render(Original::Upload(name), &originals, size).map(drop));
        });
        let waits = result.recv_timeout(std::time::Duration::from_secs(2));
        assert!(waits.is_err(), "it did not wait for its turn");
        drop(taken);
        let ended = result.recv().unwrap();
        assert!(matches!(ended, Err(RenderError::Refused(..))), "{ended:?}");
        drawing.join().unwrap();
    }
}
