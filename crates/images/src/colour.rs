//! Converts colours: transparency over white, other colour spaces and inks to sRGB, the average
//! tone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, RgbImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};

use super::gamma::Gamma;

/// How many steps each of red, green and blue has in the cube of tones.
const STEPS: u64 = 6;

/// Blends a transparent picture with white, in place: the alpha channel stays and becomes opaque.
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

/// The colour space of the samples of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Colours {
    /// sRGB, or a grey like it.
    Ordinary,
    /// That of this ICC profile; most phones write Display P3.
    Profile(Vec<u8>),
    /// That of two chunks of a PNG file.
    Gamma(Gamma),
    /// Cyan, magenta, yellow and black in the place of red, green, blue and alpha, by this ICC
    /// profile.
    Inks(Vec<u8>),
}

impl Colours {
    /// Whether the fourth channel is black ink and not transparency.
    pub(super) fn are_inks(&self) -> bool {
        matches!(self, Self::Inks(_))
    }
}

/// Whether an ICC profile describes four inks, by its header.
pub(super) fn is_of_inks(profile: &[u8]) -> bool {
    profile.get(16..20) == Some(b"CMYK")
}

/// Turns four channels as JPEG stores them (255 is no ink) into amounts of ink, in place. They may be
/// stored as brightness, two colours and black.
pub(super) fn to_inks(pixels: &mut [u8], as_brightness: bool) {
    for pixel in pixels.as_chunks_mut::<4>().0 {
        if as_brightness {
            let [y, blue, red, _] = pixel.map(i32::from);
            let (blue, red) = (blue - 128, red - 128);
            // The weights of JFIF, times 65,536. The result is red, green and blue, hence ink.
            let ink = |value: i32| ((y << 16) + value + (1 << 15)).clamp(0, 0xff_ffff) >> 16;
            pixel[0] = ink(91_881 * red) as u8;
            pixel[1] = ink(-22_554 * blue - 46_802 * red) as u8;
            pixel[2] = ink(116_130 * blue) as u8;
        } else {
            for stored in &mut pixel[..3] {
                *stored = 255 - *stored;
            }
        }
        pixel[3] = 255 - pixel[3];
    }
}

/// Rewrites colours as sRGB, because the derivative carries no profile. An invalid profile
/// changes nothing.
pub(super) fn to_srgb(pixels: DynamicImage, colours: &Colours) -> RgbImage {
    match colours {
        Colours::Ordinary => pixels.into_rgb8(),
        Colours::Gamma(gamma) => convert(pixels, &gamma.profile(), Layout::Rgb),
        Colours::Profile(bytes) => match (parse(bytes), pixels.color().has_color()) {
            (Some(profile), true) if profile.color_space == DataColorSpace::Rgb => {
                convert(pixels, &profile, Layout::Rgb)
            }
            (Some(profile), false) if profile.color_space == DataColorSpace::Gray => {
                convert(pixels, &profile, Layout::Gray)
            }
            _ => pixels.into_rgb8(),
        },
        Colours::Inks(bytes) => from_inks(&pixels.into_rgba8(), parse(bytes).as_ref()),
    }
}

/// The parser asserts a few things about what it reads.
fn parse(profile: &[u8]) -> Option<ColorProfile> {
    catch_unwind(AssertUnwindSafe(|| {
        ColorProfile::new_from_slice(profile).ok()
    }))
    .ok()
    .flatten()
}

/// Applies a profile at the depth of the pixels: linear light in 8 bits would be in steps. A picture that it cannot be
/// applied to stays as it is.
fn convert(pixels: DynamicImage, profile: &ColorProfile, layout: Layout) -> RgbImage {
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let row = pixels.width() as usize * 3;
    let bytes_a_sample = pixels.color().bytes_per_pixel() / pixels.color().channel_count();
    if bytes_a_sample == 1 {
        let mut pixels = pixels.into_rgb8();
        if let Ok(transform) = profile.create_transform_8bit(layout, &srgb, Layout::Rgb, options) {
            in_place(&*transform, &mut pixels, row, layout);
        }
        pixels
    } else {
        let mut pixels = pixels.into_rgb16();
        if let Ok(transform) = profile.create_transform_16bit(layout, &srgb, Layout::Rgb, options) {
            in_place(&*transform, &mut pixels, row, layout);
        }
        DynamicImage::ImageRgb16(pixels).into_rgb8()
    }
}

/// Transforms a picture row by row, because a copy of the whole would double the memory. Grey comes as three equal
/// channels, of which the transform is given one.
fn in_place<T: Copy + Default>(
    transform: &(impl TransformExecutor<T> + ?Sized),
    samples: &mut [T],
    row: usize,
    layout: Layout,
) {
    let step = if layout == Layout::Gray { 3 } else { 1 };
    let mut source = Vec::with_capacity(row);
    for row in samples.chunks_exact_mut(row.max(1)) {
        source.clear();
        source.extend(row.iter().copied().step_by(step));
        // Fails only where the lengths do not fit, so for the first row or for none.
        if transform.transform(&source, row).is_err() {
            return;
        }
    }
}

/// Converts inks to sRGB by their profile, or without one as if each took away its share of white.
fn from_inks(inks: &image::RgbaImage, profile: Option<&ColorProfile>) -> RgbImage {
    let mut mixed = RgbImage::new(inks.width(), inks.height());
    let transform = profile
        .filter(|profile| profile.color_space == DataColorSpace::Cmyk)
        .and_then(|profile| {
            let srgb = ColorProfile::new_srgb();
            let options = TransformOptions::default();
            // Four inks have the layout of four channels.
            profile
                .create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, options)
                .ok()
        });
    if transform.is_none_or(|transform| transform.transform(inks, &mut mixed).is_err()) {
        for (mixed, inks) in mixed.pixels_mut().zip(inks.pixels()) {
            let [cyan, magenta, yellow, black] = inks.0.map(|ink| 255 - u32::from(ink));
            // Fits: a product of two bytes by 255.
            mixed.0 = [cyan, magenta, yellow].map(|light| ((light * black + 127) / 255) as u8);
        }
    }
    mixed
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

    fn converted(colour: [u8; 3], profile: &[u8]) -> [u8; 3] {
        let picture = RgbImage::from_pixel(1, 1, Rgb(colour));
        to_srgb(picture.into(), &Colours::Profile(profile.to_vec()))
            .get_pixel(0, 0)
            .0
    }

    #[test]
    fn display_p3_red_is_brighter_than_srgb_can_say() {
        let profile = ColorProfile::new_display_p3().encode().unwrap();
        let [red, green, _] = converted([200, 60, 60], &profile);
        assert!(red > 205 && green < 55, "{red} {green}");
    }

    #[test]
    fn a_grey_profile_is_for_grey_pictures() {
        let profile = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let grey = image::GrayImage::from_pixel(1, 1, image::Luma([55]));
        let colours = Colours::Profile(profile.clone());
        let [seen, ..] = to_srgb(grey.into(), &colours).get_pixel(0, 0).0;
        assert!((125..=131).contains(&seen), "{seen}");
        assert_eq!(converted([55, 55, 55], &profile), [55; 3]);
    }

    #[test]
    fn a_senseless_profile_changes_nothing() {
        let mut damaged = ColorProfile::new_display_p3().encode().unwrap();
        for profile in [&b""[..], b"acsp", &[0; 400], &damaged[..200]] {
            assert_eq!(converted([200, 60, 60], profile), [200, 60, 60]);
        }
        for position in 0..damaged.len() {
            damaged[position] ^= 0xff;
            let _ = converted([200, 60, 60], &damaged);
            damaged[position] ^= 0xff;
        }
    }

    #[test]
    fn inks_without_a_profile_take_away_light() {
        let mut stored = [255, 0, 255, 255, 0, 255, 255, 128];
        to_inks(&mut stored, false);
        assert_eq!(stored, [0, 255, 0, 0, 255, 0, 0, 127]);
        let inks = image::RgbaImage::from_raw(2, 1, stored.to_vec()).unwrap();
        let mixed = from_inks(&inks, None);
        assert_eq!(mixed.into_raw(), [255, 0, 255, 0, 128, 128]);
    }
}
