//! Makes one derivative of one original. Blocks: unpacking, drawing and encoding are work.

use std::io;

use demo_data::picture::Picture;
use image::RgbImage;

use super::decode::{Opened, Refusal, guarded};
use super::encode::{EncodeError, encode};
use super::{FileName, Original, Originals, Size, Width, resize};

/// Why there is no derivative.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The original's file is not there, or cannot be read.
    #[error("cannot read the original {0}")]
    Unreadable(FileName, #[source] io::Error),
    /// The original, accepted once, is refused now.
    #[error("the original {0} is no picture any more")]
    Refused(FileName, #[source] Refusal),
    /// No drawing came out of the seed.
    #[error("the seed {0} draws nothing")]
    Undrawn(u64),
    /// The encoder failed.
    #[error("cannot encode the derivative")]
    Encode(#[from] EncodeError),
}

/// Makes the derivative of this size.
pub fn render(
    original: Original,
    originals: &Originals,
    size: Size,
) -> Result<Vec<u8>, RenderError> {
    let pixels = match original {
        Original::Drawn(seed) => draw(seed, size.width)?,
        Original::Upload(name) => {
            let bytes = originals
                .read(name)
                .map_err(|error| RenderError::Unreadable(name, error))?;
            unpack(&bytes, size.width).map_err(|refusal| RenderError::Refused(name, refusal))?
        }
    };
    Ok(encode(&pixels, size.encoding)?)
}

fn unpack(bytes: &[u8], width: Width) -> Result<RgbImage, Refusal> {
    guarded(|| resize::shrink(Opened::read(bytes)?.decode()?, width.pixels()))
}

fn draw(seed: u64, width: Width) -> Result<RgbImage, RenderError> {
    let Picture { width, height, rgb } = demo_data::picture::draw(seed, width.pixels());
    RgbImage::from_raw(width, height, rgb).ok_or(RenderError::Undrawn(seed))
}
