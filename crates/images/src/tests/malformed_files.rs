//! Valid, malformed and malicious uploads: which are accepted, which are refused, and with which [`Refusal`].

use image::{DynamicImage, ImageBuffer, Luma, Rgb, Rgba};
use time::macros::datetime;

use super::samples;
use crate::decode::{FILE_BYTES_MAX, Opened, Refusal};
use crate::{Facts, Format, resize};

fn inspect(bytes: &[u8]) -> Result<Facts, Refusal> {
    crate::inspect::inspect(bytes, u64::MAX)
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
        // As JPEG has it, and as some programs write it into the other two.
        let prefixed = [b"Exif\0\0", &exif[..]].concat();
        let png = samples::png(&DynamicImage::from(samples::quarters(60, 40)));
        let (start, end) = png.split_at(png.len() - 12);
        let chunk = |exif: &[u8]| samples::png_chunk(*b"eXIf", exif);
        for bytes in [
            samples::jpeg_with_exif(60, 40, &exif),
            samples::png_with(png.clone(), &chunk(&exif)),
            samples::png_with(png.clone(), &chunk(&prefixed)),
            [start, &chunk(&exif), end].concat(),
            samples::webp_with_exif(60, 40, &exif),
            samples::webp_with_exif(60, 40, &prefixed),
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

fn one_of_each() -> [Vec<u8>; 4] {
    let picture = DynamicImage::from(samples::quarters(60, 40));
    [
        samples::jpeg_with_exif(60, 40, &samples::exif(6, "2019:07:14 09:30:05")),
        samples::progressive_jpeg(60, 40),
        samples::png(&picture),
        samples::webp(60, 40),
    ]
}

/// What a file is refused for before anything of it is decoded.
fn refused_unopened(bytes: &[u8]) -> Refusal {
    match Opened::read(bytes) {
        Ok(opened) => panic!("opened as {:?}", opened.format),
        Err(refusal) => refusal,
    }
}

#[test]
fn a_small_file_that_claims_a_large_picture_is_refused_before_it_is_decoded() {
    let inks: Vec<u8> = (0..97 * 61 * 4).map(|at| (at * 7919 % 251) as u8).collect();
    let mut jpeg = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 75);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
    encoder
        .encode(&inks, 97, 61, jpeg_encoder::ColorType::Cmyk)
        .unwrap();
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);

    let mut webp = samples::webp(97, 61);
    webp[26..30].copy_from_slice(&[0x40, 0x1f, 0x40, 0x1f]);

    for (bytes, side) in [
        (jpeg, 10_000),
        (samples::png_claiming(10_000, 10_000, 1), 10_000),
        (
            samples::png_of_bytes((10_000, 10_000), [8, 2, 1], &[0; 100_000]),
            10_000,
        ),
        // A larger one is refused because of its memory.
        (webp, 8_000),
    ] {
        let refusal = refused_unopened(&bytes);
        let expected = Refusal::TooShort {
            width: side,
            height: side,
        };
        assert_eq!(refusal.to_string(), expected.to_string(), "{refusal:?}");
    }
}

#[test]
fn a_picture_that_is_larger_than_its_canvas_is_refused_before_it_is_decoded() {
    let mut large = samples::webp(97, 61);
    large[26..30].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    for webp in [
        large,
        samples::webp(98, 61),
        samples::webp_without_loss(97, 62),
    ] {
        let refusal = refused_unopened(&samples::webp_on_canvas((97, 61), &webp, b"II"));
        assert!(matches!(refusal, Refusal::Damaged(_)), "{refusal:?}");
    }
}

#[test]
fn plain_pictures_are_opened_though_they_are_packed_as_well_as_possible() {
    let (width, height) = (3000, 2000);
    let packed =
        |kind: [u8; 3], bytes: usize| samples::png_of_bytes((width, height), kind, &vec![0; bytes]);
    let row = |bytes: usize| (1 + bytes) * height as usize;
    for bytes in [
        samples::jpeg_of_black(3000, 2000, false),
        samples::jpeg_of_black(3000, 2000, true),
        packed([8, 0, 0], row(3000)),
        packed([8, 2, 0], row(9000)),
        packed([16, 2, 0], row(18_000)),
        packed([1, 0, 0], row(375)),
        samples::webp_of_black(width, height),
        samples::webp_without_loss(width, height),
    ] {
        let opened = Opened::read(&bytes).map_err(|refusal| (bytes.len(), refusal));
        assert_eq!(opened.unwrap().upright_size(), (width, height));
    }
    // Seven passes over 61 x 43 pixels, all black.
    let passes = [
        (8, 6),
        (8, 6),
        (16, 5),
        (15, 11),
        (31, 11),
        (30, 22),
        (61, 21),
    ];
    let unpacked = passes
        .iter()
        .map(|(columns, rows)| rows * (1 + columns * 3))
        .sum();
    let interlaced = samples::png_of_bytes((61, 43), [8, 2, 1], &vec![0; unpacked]);
    assert_eq!(tone_of(&interlaced), 0);
}

#[test]
fn the_same_scan_thousands_of_times_is_refused_before_it_is_decoded() {
    let file = samples::progressive_jpeg(16, 16);
    let last_scan = file
        .windows(2)
        .rposition(|pair| pair == [0xff, 0xda])
        .unwrap();
    let (head, scan) = file[..file.len() - 2].split_at(last_scan);
    let bytes = [head, &scan.repeat(5000), b"\xff\xd9"].concat();
    let refusal = refused_unopened(&bytes);
    assert!(matches!(refusal, Refusal::Unsupported(_)), "{refusal:?}");
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

#[test]
fn nothing_is_unpacked_that_needs_more_memory_than_was_granted() {
    for bytes in one_of_each() {
        let needed = Opened::read(&bytes).unwrap().decode(60 * 40 / 2);
        assert!(matches!(needed.map(drop), Err(Refusal::Damaged(_))));
        assert!(crate::inspect::inspect(&bytes, 60 * 40 * 9).is_ok());
    }
}
