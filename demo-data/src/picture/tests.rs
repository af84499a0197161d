//! What every picture promises, whatever its family.

use std::collections::{BTreeSet, HashSet};

use super::dice::Dice;
use super::draw::draw_scene;
use super::families::recipe;
use super::*;

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, because the standard hasher may change between compilers.
fn hash(bytes: &[u8]) -> u64 {
    hash_on(FNV_START, bytes)
}

/// The hash of what was hashed before and of these bytes.
fn hash_on(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[test]
fn a_seed_always_gives_the_same_pixels() {
    for seed in [0, 1, 2, 77, 1_000_000, u64::MAX] {
        assert_eq!(draw(seed, 160), draw(seed, 160), "seed {seed}");
    }
}

/// The table's hashes are part of the format: derivatives that different machines draw of one
/// photo must be the same file.
#[test]
fn pixels_are_the_same_on_every_machine() {
    let drawn: Vec<u64> = [0, 1, 2, 3, 4, 5]
        .iter()
        .map(|seed| hash(&draw(*seed, 96).rgb))
        .collect();
    assert_eq!(drawn, DRAWN, "got {drawn:#018x?}");
}

const DRAWN: [u64; 6] = [
    0xc428_368c_3e47_a711,
    0x0ab1_2dfe_a036_b699,
    0xaab3_96a7_1aed_0ce3,
    0xed70_e5ff_3a9d_a1af,
    0x8e19_a907_5f99_bb0a,
    0x2928_2ab9_15c7_da27,
];

/// One hash a family, of each composition in each of its lights, and of each composition once at a
/// width above 400, where pictures are drawn at another resolution.
#[test]
fn every_composition_is_the_same_in_every_light_on_every_machine() {
    let drawn = Family::ALL.map(|family| {
        let compositions = recipe(family).subjects.len();
        (0..compositions).fold(FNV_START, |before, composition| {
            let lights: BTreeSet<Light> = recipe(family).lights.iter().copied().collect();
            let widths = std::iter::once(420).chain(std::iter::repeat(64));
            lights.into_iter().zip(widths).zip(0..).fold(
                before,
                |before, ((light, width), seed)| {
                    let mut scene = Scene::in_family(family, &mut Dice::new(seed, 9));
                    (scene.composition, scene.light) = (composition, light);
                    hash_on(before, &draw_scene(&scene, seed, width).rgb)
                },
            )
        })
    });
    assert_eq!(drawn, DRAWN_BY_FAMILY, "got {drawn:#018x?}");
}

const DRAWN_BY_FAMILY: [u64; Family::ALL.len()] = [
    0x9f79_023e_c1c1_7bac,
    0x7ae1_5d01_e56c_2041,
    0x8d55_b140_7cf6_a61a,
    0x1e7b_8a16_3ec2_ffa7,
    0x4e8f_9219_8b8e_32cc,
    0xf548_dabb_bed0_e416,
    0x3904_f274_74ca_760b,
    0xeeca_eab8_bf7b_cb1f,
    0x13f0_78c7_628c_7f60,
    0x00c1_3860_2983_7bc2,
    0xf268_f037_7c17_6037,
    0x6098_fdb9_f87f_69c6,
    0xba9a_37fb_f6e9_dcd1,
    0x6ea7_05c6_8dd8_9b57,
    0x7dc9_6809_48a0_73d9,
    0xcc67_b70e_bfd7_16f4,
    0xff5a_624e_10d4_2bc5,
    0xde1d_a274_c292_f47a,
    0x888c_6be3_bb24_8fb6,
];

/// What titles, tags and layouts read of a seed without drawing it.
#[test]
fn scenes_are_the_same_on_every_machine() {
    let seeds = (0..20_000).chain(u64::MAX - 2_000..u64::MAX);
    let scenes = seeds.fold(FNV_START, |before, seed| {
        hash_on(before, format!("{:?}", Scene::of(seed)).as_bytes())
    });
    assert_eq!(scenes, 0x299e_987d_4df4_385d, "got {scenes:#018x}");
}

#[test]
fn different_seeds_give_different_pictures() {
    let distinct: HashSet<u64> = (0..300).map(|seed| hash(&draw(seed, 48).rgb)).collect();
    assert_eq!(distinct.len(), 300);
}

#[test]
fn neighbours_are_of_different_families() {
    for start in [0, 1_000_000_000, u64::MAX - 2_000] {
        for seed in start..start + 2_000 {
            let family = |step: u64| Scene::of(seed.wrapping_add(step)).family;
            assert_ne!(family(0), family(1), "seed {seed}");
        }
    }
}

#[test]
fn all_families_lights_and_subjects_appear() {
    let scenes: Vec<Scene> = (0..20_000).map(Scene::of).collect();
    let families: HashSet<Family> = scenes.iter().map(|s| s.family).collect();
    assert_eq!(families.len(), Family::ALL.len());
    let lights: HashSet<Light> = scenes.iter().map(|s| s.light).collect();
    assert_eq!(lights.len(), Light::ALL.len());
    let subjects: HashSet<&str> = scenes.iter().map(|s| s.subject).collect();
    let known: usize = Family::ALL.iter().map(|f| recipe(*f).subjects.len()).sum();
    assert_eq!(
        subjects.len(),
        known,
        "subjects must differ between families too"
    );
    let names: HashSet<&str> = Family::ALL.iter().map(|f| f.name()).collect();
    assert_eq!(names.len(), Family::ALL.len());
}

#[test]
fn sizes_follow_the_shape() {
    for seed in 0..40 {
        let shape = Scene::of(seed).shape;
        for width in [16, 320, 333] {
            let picture = draw(seed, width);
            assert_eq!(picture.width, width);
            assert_eq!(picture.height, shape.height_at(width));
            assert_eq!(
                picture.rgb.len(),
                (picture.width * picture.height * 3) as usize
            );
        }
    }
    assert_eq!(
        Shape {
            width: 6000,
            height: 4000
        }
        .height_at(320),
        213
    );
    assert_eq!(
        Shape {
            width: 6000,
            height: 1
        }
        .height_at(320),
        1
    );
}

/// Every picture as a grid of mean colours, so that grain and single pixels do not count.
fn coarse(picture: &Picture) -> Vec<f32> {
    let (columns, rows) = (12, 8);
    let mut cells = vec![(0.0, 0.0f32); columns * rows * 3];
    for y in 0..picture.height as usize {
        for x in 0..picture.width as usize {
            let cell =
                y * rows / picture.height as usize * columns + x * columns / picture.width as usize;
            for channel in 0..3 {
                let value = picture.rgb[(y * picture.width as usize + x) * 3 + channel];
                let (sum, count) = &mut cells[cell * 3 + channel];
                *sum += f32::from(value);
                *count += 1.0;
            }
        }
    }
    cells.into_iter().map(|(sum, count)| sum / count).collect()
}

#[test]
fn a_picture_is_the_same_at_every_width() {
    for seed in 0..60 {
        let (small, large) = (coarse(&draw(seed, 320)), coarse(&draw(seed, 640)));
        let off = small
            .iter()
            .zip(&large)
            .map(|(a, b)| (a - b).abs())
            .sum::<f32>()
            / small.len() as f32;
        assert!(
            off < 6.0,
            "seed {seed}, {:?}: {off} levels of 255 apart",
            Scene::of(seed)
        );
    }
}

#[test]
fn no_picture_is_empty_or_burnt() {
    for seed in 0..200 {
        let picture = draw(seed, 64);
        let burnt = picture.rgb.iter().filter(|v| **v > 252).count();
        assert!(
            burnt < picture.rgb.len() * 2 / 5,
            "seed {seed}, {:?} is burnt out",
            Scene::of(seed)
        );
        let (low, high) = picture
            .rgb
            .iter()
            .fold((255, 0), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!(
            high - low > 40,
            "seed {seed}, {:?} shows nothing",
            Scene::of(seed)
        );
    }
}

#[test]
fn a_contact_sheet_fills_its_width() {
    let sheet = contact_sheet(0, 7, 3, 60);
    assert_eq!(sheet.width, 180);
    assert_eq!(sheet.rgb.len(), (sheet.width * sheet.height * 3) as usize);
    assert_eq!(contact_sheet(0, 0, 3, 60).height, 0);
}
