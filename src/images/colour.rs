//! What colours mean: transparency over white, other colour spaces to sRGB, the average tone.

use image::{DynamicImage, RgbImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// How many steps each of red, green and blue has in the cube of tones.
const STEPS: u64 = 6;

/// Lays a picture that one can see through on white paper, in place: the alpha channel stays, opaque.
pub(super) fn lay_on_white(pixels: &mut DynamicImage) {
    fn over(value: u32, alpha: u32, full: u32) -> u32 {
        (value * alpha + full * (full - alpha) + full / 2) / full
    }
    fn narrow<const N: usize>(samples: &mut [u8]) {
        for pixel in samples.as_chunks_mut::<N>().0 {
            let alpha = u32::from(pixel[N - 1]);
            if alpha < 0xff {
                for value in pixel.iter_mut() {
                    // Fits: a weighted mean of two bytes.
                    *value = over(u32::from(*value), alpha, 0xff) as u8;
                }
                pixel[N - 1] = 0xff;
            }
        }
    }
    fn wide<const N: usize>(samples: &mut [u16]) {
        for pixel in samples.as_chunks_mut::<N>().0 {
            let alpha = u32::from(pixel[N - 1]);
            if alpha < 0xffff {
                for value in pixel.iter_mut() {
                    // Fits: 65535 * 65535 + 65535 / 2 is below 2^32, and the mean below 2^16.
                    *value = over(u32::from(*value), alpha, 0xffff) as u16;
                }
                pixel[N - 1] = 0xffff;
            }
        }
    }
    match pixels {
        DynamicImage::ImageLumaA8(image) => narrow::<2>(image),
        DynamicImage::ImageRgba8(image) => narrow::<4>(image),
        DynamicImage::ImageLumaA16(image) => wide::<2>(image),
        DynamicImage::ImageRgba16(image) => wide::<4>(image),
        // The others have no alpha channel.
        _ => {}
    }
}

/// Rewrites colours that mean something else (most phones write Display P3) as sRGB, because the
/// derivative carries no profile. A profile that makes no sense changes nothing.
pub(super) fn to_srgb(pixels: &mut RgbImage, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else {
        return;
    };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let transform = profile.create_transform_8bit(
        Layout::Rgb,
        &ColorProfile::new_srgb(),
        Layout::Rgb,
        TransformOptions::default(),
    );
    let Ok(transform) = transform else { return };
    let mut converted = vec![0; pixels.len()];
    if transform.transform(pixels, &mut converted).is_ok() {
        pixels.copy_from_slice(&converted);
    }
}

/// The average colour as an index into the 6 x 6 x 6 cube, `r * 36 + g * 6 + b`.
pub(super) fn tone(pixels: &RgbImage) -> u8 {
    let mut sums = [0_u64; 3];
    for pixel in pixels.pixels() {
        for (sum, value) in sums.iter_mut().zip(pixel.0) {
            *sum += u64::from(value);
        }
    }
    let full = 255 * u64::from(pixels.width()) * u64::from(pixels.height());
    let index = sums.into_iter().fold(0, |index, sum| {
        let step = (sum * (STEPS - 1) + full / 2) / full.max(1);
        index * STEPS + step
    });
    // Fits: at most 5 * 36 + 5 * 6 + 5 = 215.
    index as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{LumaA, Rgb, Rgba};

    #[test]
    fn tones_are_places_in_the_cube() {
        for (colour, expected) in [
            ([0, 0, 0], 0),
            ([255, 255, 255], 215),
            ([255, 0, 0], 180),
            ([0, 255, 0], 30),
            ([0, 0, 255], 5),
            ([51, 102, 153], 36 + 12 + 3),
            ([25, 26, 0], 6),
        ] {
            let picture = RgbImage::from_pixel(3, 2, Rgb(colour));
            assert_eq!(tone(&picture), expected, "{colour:?}");
        }
    }

    #[test]
    fn the_transparent_becomes_white_at_every_depth() {
        let mut narrow = DynamicImage::from(image::RgbaImage::from_pixel(1, 1, Rgba([9, 9, 9, 0])));
        lay_on_white(&mut narrow);
        assert_eq!(narrow.to_rgb8().get_pixel(0, 0).0, [255; 3]);

        let half = LumaA([0_u16, 0x8000]);
        let mut wide = DynamicImage::ImageLumaA16(image::ImageBuffer::from_pixel(1, 1, half));
        lay_on_white(&mut wide);
        assert_eq!(wide.to_rgb8().get_pixel(0, 0).0, [127; 3]);
    }

    #[test]
    fn display_p3_red_is_brighter_than_srgb_can_say() {
        let profile = ColorProfile::new_display_p3().encode().unwrap();
        let mut picture = RgbImage::from_pixel(1, 1, Rgb([200, 60, 60]));
        to_srgb(&mut picture, &profile);
        let [red, green, _] = picture.get_pixel(0, 0).0;
        assert!(red > 205 && green < 55, "{red} {green}");
    }

    #[test]
    fn a_senseless_profile_changes_nothing() {
        let mut picture = RgbImage::from_pixel(1, 1, Rgb([200, 60, 60]));
        for profile in [&b""[..], b"acsp", &[0; 400]] {
            to_srgb(&mut picture, profile);
        }
        assert_eq!(picture.get_pixel(0, 0).0, [200, 60, 60]);
    }
}
