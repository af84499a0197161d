//! Files that no encoder writes are refused, and all files that encoders write are accepted.

use super::*;
use crate::tests::samples;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

fn judged(bytes: &[u8]) -> Result<Skeleton, Refusal> {
    let skeleton = Skeleton::read(bytes)?;
    skeleton.judge()?;
    Ok(skeleton)
}

/// Where the start of the frame is, or of the n-th segment of another kind.
fn marker(bytes: &[u8], kind: u8, n: usize) -> usize {
    let mut found = (0..bytes.len() - 1).filter(|at| bytes[*at..*at + 2] == [0xff, kind]);
    found.nth(n).unwrap()
}

#[test]
fn a_whole_file_is_whole_and_every_shorter_one_is_not() {
    for whole in [samples::jpeg(60, 40), samples::progressive_jpeg(60, 40)] {
        assert!(judged(&whole).is_ok());
        for length in 0..whole.len() {
            let refusal = judged(&whole[..length]).unwrap_err();
            assert!(matches!(refusal, Refusal::CutOff), "{length}: {refusal:?}");
        }
    }
}

#[test]
fn what_phones_append_behind_the_picture_does_no_harm() {
    let mut file = samples::jpeg(60, 40);
    file.extend_from_slice(b"\xff\xd8 a short film \xff");
    assert!(judged(&file).is_ok());
}

#[test]
fn coefficients_are_kept_only_for_several_scans() {
    let bytes = |file: &[u8]| judged(file).unwrap().coefficient_bytes();
    assert_eq!(bytes(&samples::jpeg(60, 40)), 0);
    assert_eq!(bytes(&samples::coarse_jpeg(60, 40, false)), 0);
    // Three channels, two bytes a coefficient.
    assert_eq!(bytes(&samples::progressive_jpeg(60, 40)), 60 * 40 * 3 * 2);
}

#[test]
fn the_weight_of_a_file_is_enough_to_unpack_it() {
    let scan_a_channel = samples::jpeg_with(60, 40, |encoder| {
        encoder.set_optimized_huffman_tables(true);
    });
    for (file, progressive) in [
        (samples::jpeg(60, 40), false),
        (samples::progressive_jpeg(60, 40), true),
        (scan_a_channel, true),
    ] {
        let size = frame_size(&file).unwrap();
        assert_eq!((size.width, size.height, size.channels), (60, 40, 3));
        assert_eq!(size.progressive, progressive);
        assert_eq!(judged(&file).unwrap().coefficient_bytes() > 0, progressive);
    }
    let whole = samples::jpeg(60, 40);
    assert_eq!(frame_size(&whole[..20]), None);
}

/// A file as encoders make them.
struct Made {
    colours: ColorType,
    sampling: SamplingFactor,
    quality: u8,
    scans: u8,
    restarts: u16,
    optimised: bool,
}

impl Made {
    fn of(&self, pixels: &[u8], width: u16, height: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.quality);
        encoder.set_sampling_factor(self.sampling);
        encoder.set_restart_interval(self.restarts);
        encoder.set_optimized_huffman_tables(self.optimised);
        if self.scans > 1 {
            encoder.set_progressive_scans(self.scans);
        }
        encoder.encode(pixels, width, height, self.colours).unwrap();
        bytes
    }
}

fn all_kinds() -> impl Iterator<Item = Made> {
    let samplings = [
        SamplingFactor::F_1_1,
        SamplingFactor::F_2_1,
        SamplingFactor::F_1_2,
        SamplingFactor::F_2_2,
        SamplingFactor::F_4_1,
        SamplingFactor::F_4_2,
    ];
    let colours = [
        (ColorType::Luma, 1),
        (ColorType::Rgb, 6),
        (ColorType::Cmyk, 1),
        (ColorType::CmykAsYcck, 3),
    ];
    let mut kinds = Vec::new();
    for (colours, samplings_of_it) in colours {
        for sampling in &samplings[..samplings_of_it] {
            for scans in [1, 2, 5, 12, 64] {
                for restarts in [0, 1, 7] {
                    for (optimised, quality) in [(false, 1), (true, 1), (true, 90)] {
                        // The encoder forgets the restarts when it counts what its tables must hold.
                        if optimised && restarts > 0 {
                            continue;
                        }
                        kinds.push(Made {
                            colours,
                            sampling: *sampling,
                            quality,
                            scans,
                            restarts,
                            optimised,
                        });
                    }
                }
            }
        }
    }
    kinds.into_iter()
}

#[test]
fn no_whole_file_is_too_short_however_plain_its_picture() {
    for (n, kind) in all_kinds().enumerate() {
        let channels = match kind.colours {
            ColorType::Luma => 1,
            ColorType::Rgb => 3,
            _ => 4,
        };
        for (width, height) in [(1, 1), (8, 8), (97, 61), (17, 200)] {
            let count = width * height * channels;
            let noise = (0..count).map(|at| ((at * 7919 + n) % 251) as u8).collect();
            for pixels in [vec![0; count], vec![255; count], noise] {
                let file = kind.of(&pixels, width as u16, height as u16);
                // One scan a channel with uneven sampling is refused for another reason.
                match judged(&file) {
                    Ok(_) => {}
                    Err(Refusal::Unsupported(_))
                        if kind.scans == 1 && kind.sampling != SamplingFactor::F_1_1 => {}
                    // More passes than any encoder makes by itself.
                    Err(Refusal::Unsupported(_)) if kind.scans == 64 => {}
                    Err(refusal) => panic!(
                        "{:?} {:?} scans {} restarts {} optimised {} {width}x{height}: {refusal:?}",
                        kind.colours, kind.sampling, kind.scans, kind.restarts, kind.optimised
                    ),
                }
            }
        }
    }
}

/// A file whose header claims another size, as the smallest attack does.
fn claiming(mut file: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let frame = (0xc0..=0xc2)
        .find_map(|kind| {
            let is = |pair: &[u8]| pair == [0xff, kind];
            file.windows(2).position(is)
        })
        .unwrap();
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

#[test]
fn a_header_that_claims_more_than_the_data_can_hold_is_refused() {
    for kind in all_kinds() {
        let channels = match kind.colours {
            ColorType::Luma => 1,
            ColorType::Rgb => 3,
            _ => 4,
        };
        let noise: Vec<u8> = (0..97 * 61 * channels)
            .map(|at| (at * 7919 % 251) as u8)
            .collect();
        let file = claiming(kind.of(&noise, 97, 61), 10_000, 10_000);
        let refusal = judged(&file).unwrap_err();
        let expected = matches!(
            refusal,
            Refusal::TooShort {
                width: 10_000,
                height: 10_000
            } | Refusal::Unsupported(_)
        );
        assert!(expected, "{:?} {}: {refusal:?}", kind.colours, kind.scans);
    }
}

#[test]
fn the_bound_is_tight_for_plain_black() {
    let black = Made {
        colours: ColorType::Luma,
        sampling: SamplingFactor::F_1_1,
        quality: 90,
        scans: 1,
        restarts: 0,
        optimised: true,
    }
    .of(&[0; 800 * 800], 800, 800);
    assert!(judged(&black).is_ok());
    // The first block costs more bits than the others, no more than 64.
    let larger = claiming(black, 816, 816);
    assert!(matches!(judged(&larger), Err(Refusal::TooShort { .. })));
}

#[test]
fn bytes_that_code_nothing_do_not_count() {
    let file = samples::jpeg(97, 61);
    let end = file.len() - 2;
    for filler in [&[0xff, 0xd0][..], b"\xff\xff"] {
        let filled = [&file[..end], &filler.repeat(100_000), &file[end..]].concat();
        let refusal = judged(&claiming(filled, 2_000, 2_000)).unwrap_err();
        assert!(matches!(refusal, Refusal::TooShort { .. }), "{refusal:?}");
    }
}

#[test]
fn a_picture_of_which_a_channel_is_missing_is_too_short() {
    let file = samples::jpeg(60, 40);
    let scan = marker(&file, SCAN, 0);
    // The scan names the first channel alone.
    let header = [
        0xff,
        SCAN,
        0,
        8,
        1,
        file[scan + 5],
        file[scan + 6],
        0,
        63,
        0,
    ];
    let alone = [&file[..scan], &header, &file[scan + 14..]].concat();
    let refusal = judged(&alone).unwrap_err();
    assert!(matches!(refusal, Refusal::TooShort { .. }), "{refusal:?}");
}

#[test]
fn scans_upon_scans_are_refused() {
    let file = samples::progressive_jpeg(16, 16);
    let last = (0..)
        .take_while(|n| scan_at(&file, *n).is_some())
        .last()
        .unwrap();
    let (head, scan) = file[..file.len() - 2].split_at(scan_at(&file, last).unwrap());
    let repeated = |times| [head, &scan.repeat(times), b"\xff\xd9"].concat();
    assert!(judged(&repeated(1)).is_ok());
    assert!(judged(&repeated(20)).is_ok());
    let refusal = judged(&repeated(200)).unwrap_err();
    assert!(matches!(refusal, Refusal::Unsupported(_)), "{refusal:?}");

    // Twenty scans are no work on 16 pixels, and far too much on millions.
    let (width, height) = (9_000, 9_000);
    let black = samples::jpeg_of_black(width, height, true);
    let last = (0..)
        .take_while(|n| scan_at(&black, *n).is_some())
        .last()
        .unwrap();
    let (head, scan) = black[..black.len() - 2].split_at(scan_at(&black, last).unwrap());
    assert!(judged(&black).is_ok());
    let repeated = [head, &scan.repeat(90), b"\xff\xd9"].concat();
    let refusal = judged(&repeated).unwrap_err();
    assert!(matches!(refusal, Refusal::Unsupported(_)), "{refusal:?}");
}

fn scan_at(bytes: &[u8], n: usize) -> Option<usize> {
    let mut found = (0..bytes.len() - 1).filter(|at| bytes[*at..*at + 2] == [0xff, SCAN]);
    found.nth(n)
}

#[test]
fn rare_kinds_are_called_rare_and_not_damaged() {
    let file = samples::jpeg(60, 40);
    let frame = marker(&file, 0xc0, 0);
    let changed = |at: usize, value: u8| {
        let mut file = file.clone();
        file[at] = value;
        file
    };
    let rare = [
        ("lossless", changed(frame + 1, 0xc3)),
        ("hierarchical", changed(frame + 1, 0xc5)),
        ("arithmetic", changed(frame + 1, 0xc9)),
        ("arithmetic, progressive", changed(frame + 1, 0xca)),
        ("12 bits", changed(frame + 4, 12)),
        ("the height told later", claiming(file.clone(), 60, 0)),
        ("three times as fine", changed(frame + 11, 0x31)),
        ("a finer second channel", changed(frame + 14, 0x21)),
        ("a finer third channel", changed(frame + 17, 0x12)),
        ("finer than allowed", changed(frame + 11, 0x81)),
        (
            "a second frame",
            [&file[..frame], &file[frame..frame + 19], &file[frame..]].concat(),
        ),
        ("a scan a channel", samples::coarse_jpeg(60, 40, true)),
    ];
    for (what, file) in rare {
        let refusal = judged(&file).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Unsupported(_)),
            "{what}: {refusal:?}"
        );
    }
    for (what, file) in [
        ("no width", claiming(file.clone(), 0, 40)),
        ("channels that are not there", changed(frame + 9, 4)),
        (
            "an unknown channel",
            changed(marker(&file, SCAN, 0) + 5, 77),
        ),
        ("no frame", [&file[..frame], &file[frame + 19..]].concat()),
    ] {
        let refusal = judged(&file).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Damaged(_)),
            "{what}: {refusal:?}"
        );
    }
}
