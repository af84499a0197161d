//! Uploads of all kinds, the friendly and the hostile: what is accepted, what is refused, and how.

use image::{DynamicImage, ImageBuffer, Luma, Rgb, Rgba};
use time::macros::datetime;

use super::decode::{FILE_BYTES_MAX, Opened, Refusal};
use super::{Facts, Format, resize, samples};

fn inspect(bytes: &[u8]) -> Result<Facts, Refusal> {
    super::inspect::inspect(bytes, u64::MAX)
}

fn refused(bytes: &[u8]) -> Refusal {
    match inspect(bytes) {
        Ok(facts) => panic!("accepted as {facts:?}"),
        Err(refusal) => refusal,
    }
}

fn tone_of(bytes: &[u8]) -> u8 {
    inspect(bytes).unwrap().tone
}

fn as_seen(bytes: &[u8]) -> String {
    let decoded = Opened::read(bytes).unwrap().decode(u64::MAX).unwrap();
    samples::seen(&resize::shrink(decoded, 320).unwrap())
}

#[test]
fn the_three_formats_are_told_by_their_content() {
    let picture = DynamicImage::from(samples::quarters(60, 40));
    for (bytes, format) in [
        (samples::jpeg(60, 40), Format::Jpeg),
        (samples::progressive_jpeg(60, 40), Format::Jpeg),
        (samples::png(&picture), Format::Png),
        (samples::webp(60, 40), Format::WebP),
    ] {
        let facts = inspect(&bytes).unwrap();
        let Facts {
            width,
            height,
            taken_at,
            tone,
            ..
        } = facts;
        assert_eq!((facts.format, width, height), (format, 60, 40));
        assert_eq!((taken_at, tone), (None, 3 * 36 + 2 * 6 + 3), "{format:?}");
        assert_eq!(as_seen(&bytes), "rgbw", "{format:?}");
    }
}

#[test]
fn all_eight_ways_to_hold_a_camera_end_upright() {
    let upright = [
        "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb",
    ];
    for (orientation, expected) in (1..).zip(upright) {
        let exif = samples::exif(orientation, "2019:07:14 09:30:05");
        let chunk = samples::png_chunk(*b"eXIf", &exif);
        let png = samples::png(&DynamicImage::from(samples::quarters(60, 40)));
        for bytes in [
            samples::jpeg_with_exif(60, 40, &exif),
            samples::png_with(png, &chunk),
            samples::webp_with_exif(60, 40, &exif),
        ] {
            let facts = inspect(&bytes).unwrap();
            let size = if orientation < 5 { (60, 40) } else { (40, 60) };
            assert_eq!((facts.width, facts.height), size, "{orientation}");
            assert_eq!(facts.taken_at, Some(datetime!(2019-07-14 9:30:05 UTC)));
            assert_eq!(
                as_seen(&bytes),
                expected,
                "{orientation} of {:?}",
                facts.format
            );
        }
    }
}

#[test]
fn an_orientation_that_does_not_exist_is_none() {
    for orientation in [0, 9, 4711] {
        let bytes = samples::jpeg_with_exif(60, 40, &samples::exif(orientation, ""));
        assert_eq!(as_seen(&bytes), "rgbw");
    }
}

#[test]
fn every_depth_of_png_is_read() {
    let grey = |value| ImageBuffer::from_pixel(9, 9, Luma([value]));
    let deep = ImageBuffer::from_pixel(9, 9, Rgb([0xffff_u16, 0, 0]));
    let clear = ImageBuffer::from_pixel(9, 9, Rgba([0_u8, 0, 0, 0]));
    let deep_clear = ImageBuffer::from_pixel(9, 9, Rgba([0_u16, 0, 0, 0]));
    for (picture, tone) in [
        (DynamicImage::ImageLuma8(grey(0_u8)), 0),
        (DynamicImage::ImageRgb16(deep), 180),
        (DynamicImage::ImageRgba8(clear), 215),
        (DynamicImage::ImageRgba16(deep_clear), 215),
    ] {
        assert_eq!(tone_of(&samples::png(&picture)), tone);
    }
}

#[test]
fn grey_and_print_colours_of_jpeg_are_read() {
    let encode = |pixels: &[u8], colours| {
        let mut bytes = Vec::new();
        jpeg_encoder::Encoder::new(&mut bytes, 90)
            .encode(pixels, 16, 16, colours)
            .unwrap();
        bytes
    };
    let grey = encode(&[255; 256], jpeg_encoder::ColorType::Luma);
    assert_eq!(tone_of(&grey), 215);
    // Cyan, magenta, yellow, black: no cyan, and all of magenta and yellow, print red.
    let red = [0, 255, 255, 0].repeat(256);
    for colours in [
        jpeg_encoder::ColorType::Cmyk,
        jpeg_encoder::ColorType::CmykAsYcck,
    ] {
        assert_eq!(tone_of(&encode(&red, colours)), 180, "{colours:?}");
    }
}

#[test]
fn what_is_no_picture_is_refused_whatever_it_is_called() {
    for bytes in [
        &b""[..],
        b"\xff",
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM\0\0\0\0",
        &[0; 5000],
    ] {
        assert!(
            matches!(refused(bytes), Refusal::UnknownFormat),
            "{bytes:?}"
        );
    }
}

#[test]
fn what_moves_is_refused() {
    assert!(matches!(
        refused(&samples::moving_webp()),
        Refusal::Animated
    ));
    let still = samples::png(&DynamicImage::from(samples::quarters(8, 8)));
    let frames = [0, 0, 0, 2, 0, 0, 0, 0];
    let moving = samples::png_with(still, &samples::png_chunk(*b"acTL", &frames));
    assert!(matches!(refused(&moving), Refusal::Animated));
}

#[test]
fn a_kind_that_the_decoder_misreads_is_refused_and_not_shown_in_green() {
    assert_eq!(as_seen(&samples::coarse_jpeg(60, 40, false)), "rgbw");
    let split = samples::coarse_jpeg(60, 40, true);
    assert!(matches!(refused(&split), Refusal::Unsupported(_)));
}

#[test]
fn bombs_are_known_by_their_header() {
    for bytes in [
        samples::png_claiming(60_000, 60_000, 1),
        samples::png_claiming(90_000, 10, 10),
        samples::jpeg_claiming(65_535, 65_535),
    ] {
        let refusal = refused(&bytes);
        assert!(
            matches!(refusal, Refusal::TooManyPixels { .. }),
            "{refusal:?}"
        );
    }
    let deep = samples::png_header_claiming(9_000, 9_000, 16, 6);
    let absurd = samples::png_claiming(0x7fff_ffff, 0x7fff_ffff, 0);
    for bytes in [deep, absurd] {
        assert!(matches!(refused(&bytes), Refusal::TooMuchMemory));
    }
    let long = vec![0; FILE_BYTES_MAX + 1];
    assert!(matches!(refused(&long), Refusal::FileTooLarge));
}

#[test]
fn a_jpeg_of_thousands_of_scans_is_refused() {
    let file = samples::progressive_jpeg(16, 16);
    let last_scan = file
        .windows(2)
        .rposition(|pair| pair == [0xff, 0xda])
        .unwrap();
    let (head, scan) = file[..file.len() - 2].split_at(last_scan);
    let bytes = [head, &scan.repeat(5000), b"\xff\xd9"].concat();
    let refusal = refused(&bytes);
    assert!(matches!(refusal, Refusal::Damaged(_)), "{refusal:?}");
}

fn one_of_each() -> [Vec<u8>; 4] {
    let picture = DynamicImage::from(samples::quarters(60, 40));
    [
        samples::jpeg_with_exif(60, 40, &samples::exif(6, "2019:07:14 09:30:05")),
        samples::progressive_jpeg(60, 40),
        samples::png(&picture),
        samples::webp(60, 40),
    ]
}

#[test]
fn every_file_that_is_cut_off_is_refused() {
    for whole in one_of_each() {
        let tail = if whole.starts_with(b"\x89PNG") { 12 } else { 0 };
        // The last chunk of a PNG says nothing but that it is the last.
        for length in 0..whole.len() - tail {
            assert!(
                inspect(&whole[..length]).is_err(),
                "{length} of {}",
                whole.len()
            );
        }
    }
}

#[test]
fn damaged_files_are_read_or_refused_and_nothing_else() {
    for whole in one_of_each() {
        for position in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[position] ^= flip;
                let _ = inspect(&damaged);
            }
        }
    }
}

#[test]
fn what_visitors_read_is_a_sentence() {
    let refusal = Refusal::TooManyPixels {
        width: 60_000,
        height: 60_000,
    };
    let sentence = refusal.to_string();
    assert!(
        sentence.contains("60000 x 60000") && sentence.ends_with('.'),
        "{sentence}"
    );
}
