//! The pixels of accepted uploads: their colours by profile and by chunk, and their size.

use image::{DynamicImage, ImageBuffer, Luma, Rgb};

use super::samples;
use crate::decode::Opened;
use crate::{Width, resize};

#[test]
fn print_colours_are_mixed_as_their_profile_says() {
    let profile = samples::ink_profile();
    // What littlecms mixes, and what it would be if each ink took away its share of white.
    for (ink, mixed, plain) in [
        ([225, 145, 0, 0], [46, 96, 166], [30, 110, 255]),
        ([0, 0, 0, 0], [255, 255, 255], [255, 255, 255]),
        ([0, 255, 255, 0], [214, 18, 27], [255, 0, 0]),
        ([0, 0, 0, 128], [138, 138, 138], [127, 127, 127]),
    ] {
        for colours in [
            jpeg_encoder::ColorType::Cmyk,
            jpeg_encoder::ColorType::CmykAsYcck,
        ] {
            for (profile, expected) in [
                (Some(&profile[..]), mixed),
                (None, plain),
                // Not of inks, or of nothing: as if there were none.
                (Some(&b"RGB"[..]), plain),
            ] {
                let bytes = samples::jpeg_of_inks(ink, colours, profile);
                let seen = colour_of(&bytes);
                let near = seen
                    .iter()
                    .zip(expected)
                    .all(|(one, other)| one.abs_diff(other) < 16);
                assert!(near, "{ink:?} {colours:?}: {seen:?}, expected {expected:?}");
            }
        }
    }
}

fn colour_of(bytes: &[u8]) -> [u8; 3] {
    let decoded = Opened::read(bytes).unwrap().decode(u64::MAX).unwrap();
    resize::shrink(decoded, 32).unwrap().get_pixel(5, 5).0
}

#[test]
fn samples_of_a_png_are_as_bright_as_it_says() {
    let grey = samples::png(&ImageBuffer::from_pixel(9, 9, Luma([55_u8])).into());
    let colour = samples::png(&ImageBuffer::from_pixel(9, 9, Rgb([55_u8; 3])).into());
    let deep = samples::png(&ImageBuffer::from_pixel(9, 9, Rgb([55_u16 << 8; 3])).into());
    let gamma = |number: u32| samples::png_chunk(*b"gAMA", &number.to_be_bytes());
    let srgb = samples::png_chunk(*b"sRGB", &[0]);
    for (chunks, expected) in [
        // (55 / 255) to the power 1/2.2 of light is seen.
        (gamma(100_000), 128),
        (gamma(45_455), 55),
        ([srgb.clone(), gamma(100_000)].concat(), 55),
        ([gamma(100_000), srgb].concat(), 55),
        (Vec::new(), 55),
    ] {
        for picture in [&grey, &colour, &deep] {
            let seen = colour_of(&samples::png_with(picture.clone(), &chunks));
            let near = seen.iter().all(|value| value.abs_diff(expected) <= 2);
            assert!(near, "{seen:?}, expected {expected}");
        }
    }
    // The red of Adobe RGB is redder than any that sRGB has, its green much greener.
    let places = [
        31_270_u32, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000,
    ];
    let places: Vec<u8> = places
        .iter()
        .flat_map(|place| place.to_be_bytes())
        .collect();
    let wide = samples::png(&ImageBuffer::from_pixel(9, 9, Rgb([100, 200, 100_u8])).into());
    let wide = samples::png_with(wide, &samples::png_chunk(*b"cHRM", &places));
    let [red, green, _] = colour_of(&wide);
    assert!(red < 70 && green > 195, "{red} {green}");
}

#[test]
fn no_derivative_is_larger_than_its_file() {
    let turned = samples::exif(6, "");
    for (width, height) in [(60, 40), (1, 1), (700, 3), (3, 700)] {
        let picture = DynamicImage::from(samples::quarters(width, height));
        for (bytes, size) in [
            (samples::jpeg(width, height), (width, height)),
            (
                samples::jpeg_with_exif(width, height, &turned),
                (height, width),
            ),
            (samples::png(&picture), (width, height)),
            (samples::webp(width, height), (width, height)),
        ] {
            for wished in Width::ALL {
                let opened = Opened::read(&bytes).unwrap();
                assert_eq!(opened.upright_size(), size);
                let made =
                    resize::shrink(opened.decode(u64::MAX).unwrap(), wished.pixels()).unwrap();
                let (made_width, made_height) = made.dimensions();
                assert!(
                    made_width <= size.0 && made_height <= size.1,
                    "{size:?} became {made_width} x {made_height}"
                );
                if size.0 <= wished.pixels() && size.1 <= 4 * wished.pixels() {
                    assert_eq!((made_width, made_height), size);
                }
            }
        }
    }
}
