//! Makes pixels smaller, upright, opaque and sRGB.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use super::colour;
use super::decode::{Decoded, Refusal, turned};

/// How many times its width a derivative may be high. A longer ribbon shows nothing more, and WebP ends at
/// 16,383 pixels.
pub(super) const HEIGHT_PER_WIDTH_MAX: u32 = 4;

/// Scales a picture to at most this width, and never enlarges it.
///
/// It is rotated and converted to sRGB after the scaling, when it has fewer pixels.
pub fn shrink(decoded: Decoded, width: u32) -> Result<RgbImage, Refusal> {
    let Decoded {
        mut pixels,
        orientation,
        colours,
        ..
    } = decoded;
    let stored = (pixels.width(), pixels.height());
    let upright = fit(turned(stored, orientation), width);
    let target = turned(upright, orientation);
    if !colours.are_inks() {
        colour::lay_on_white(&mut pixels);
    }
    if target != stored {
        pixels = resample(&pixels, target)?;
    }
    if orientation != Orientation::NoTransforms {
        pixels.apply_orientation(orientation);
    }
    Ok(colour::to_srgb(pixels, &colours))
}

/// The size of the derivative of this width.
fn fit((width, height): (u32, u32), width_max: u32) -> (u32, u32) {
    let scaled = |length: u32, by: u32, of: u32| {
        let (length, by, of) = (u64::from(length), u64::from(by), u64::from(of.max(1)));
        u32::try_from((length * by + of / 2) / of)
            .unwrap_or(u32::MAX)
            .max(1)
    };
    let height_max = width_max * HEIGHT_PER_WIDTH_MAX;
    let fitted = width.min(width_max);
    let high = scaled(height, fitted, width);
    if high > height_max {
        (scaled(width, height_max, height), height_max)
    } else {
        (fitted, high)
    }
}

fn resample(pixels: &DynamicImage, (width, height): (u32, u32)) -> Result<DynamicImage, Refusal> {
    let damaged = |error: fast_image_resize::ResizeError| Refusal::Damaged(Box::new(error));
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        // The alpha channel is opaque now, and premultiplying a copy would double the memory.
        .use_alpha(false);
    let mut small = DynamicImage::new(width, height, pixels.color());
    Resizer::new()
        .resize(pixels, &mut small, &options)
        .map_err(damaged)?;
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derivative_keeps_the_shape_and_never_grows() {
        for (original, width, expected) in [
            ((4000, 3000), 640, (640, 480)),
            ((3000, 4000), 640, (640, 853)),
            ((200, 100), 640, (200, 100)),
            ((640, 480), 640, (640, 480)),
            ((65_535, 1), 320, (320, 1)),
            ((1, 65_535), 320, (1, 1280)),
            ((1000, 50_000), 2048, (164, 8192)),
            ((1, 1), 2048, (1, 1)),
        ] {
            assert_eq!(fit(original, width), expected, "{original:?} to {width}");
        }
    }
}
