//! The average colour of every composition in every light, measured once.
//!
//! A list of a million photos needs a colour for each before any is drawn. The average colour of a
//! composition in a light varies little, because the exposure is metered, so a table is close. After
//! a change to a family run `cargo test --release -p demo-data measure -- --ignored --nocapture` and
//! replace the table with its output.

use super::kinds::{Family, Light};
use super::palette;

/// The average colour, as a screen shows it.
pub(crate) fn of(family: Family, composition: usize, light: Light, film: u8) -> [u8; 3] {
    let code = TONES[family as usize][composition][light as usize];
    let [r, g, b] = [16, 8, 0].map(|shift| ((code >> shift) & 0xff) as f32);
    let grey = 0.3 * r + 0.59 * g + 0.11 * b;
    let saturation = palette::film(film).saturation / palette::film(0).saturation;
    [r, g, b].map(|v| (grey + (v - grey) * saturation).clamp(0.0, 255.0) as u8)
}

/// The nearest colour of the 6 x 6 x 6 cube.
pub(crate) fn index(colour: [u8; 3]) -> u8 {
    let level = |v: u8| (u16::from(v) * 5 + 127) / 255;
    let [r, g, b] = colour.map(level);
    (36 * r + 6 * g + b) as u8
}

/// A row for each composition, a column for each light; zero for a pair that does not occur.
#[rustfmt::skip]
const TONES: [&[[u32; Light::ALL.len()]]; Family::ALL.len()] = [
    // mountains
    &[
        [0x877873, 0x877f70, 0x7d8a86, 0, 0x7e8f85, 0x83897d, 0x818881, 0x60645c, 0x867964, 0x8b5e48, 0x835b60, 0x504f60, 0, 0x929ba6],
        [0x86787a, 0x868078, 0x808c8e, 0, 0x879594, 0x868c85, 0x818887, 0x616560, 0x867a6b, 0x8a5f51, 0x815d69, 0x4e4f67, 0, 0x929ca7],
        [0x887770, 0x877e6d, 0x7b8984, 0, 0x7b8e81, 0x81887a, 0x81877f, 0x60645a, 0x867961, 0x8c5d43, 0x855b5c, 0x524e5d, 0, 0x929ba5],
        [0x887670, 0x867d6d, 0x778785, 0, 0x758c84, 0x7d867d, 0x7f8681, 0x5e635c, 0x857861, 0x8c5d42, 0x85595a, 0x534e5c, 0, 0x919aa0],
    ],
    // sea
    &[
        [0x8b7a7d, 0x8d867d, 0x778ca1, 0x929797, 0x698eb0, 0x7b8b9a, 0x80888d, 0x5e6465, 0x90836f, 0x956049, 0x8a5a62, 0x574e61, 0, 0],
        [0x8a797c, 0x8c847c, 0x768ba1, 0x929797, 0x6a8eaf, 0x7b8b9a, 0x80888d, 0x5e6465, 0x8e816e, 0x945f49, 0x8a5a62, 0x564e61, 0, 0],
        [0x8a7a7d, 0x8e867d, 0x778ca1, 0x929797, 0x698eb0, 0x7c8b9a, 0x80888d, 0x5e6465, 0x918370, 0x95604a, 0x8a5a62, 0x574e60, 0, 0],
        [0x8b7a7d, 0x8d857c, 0x778ba1, 0x929797, 0x6a8eb0, 0x7b8b9a, 0x80888d, 0x5e6465, 0x8f826f, 0x945f49, 0x8a5a62, 0x564e61, 0, 0],
    ],
    // city
    &[
        [0x89787a, 0, 0x778b9f, 0x929797, 0, 0x7d8a97, 0x81878c, 0, 0x877b6b, 0x915d49, 0x8a5a63, 0x554e62, 0x302f3d, 0],
        [0x88787d, 0, 0x768aa0, 0x919697, 0, 0x7b8a99, 0x81878c, 0, 0x857a6e, 0x905d4f, 0x885b66, 0x534e65, 0x302d3a, 0],
        [0x89787a, 0, 0x778b9f, 0x929797, 0, 0x7d8a97, 0x81878c, 0, 0x877b6b, 0x915d49, 0x8a5a63, 0x554e62, 0x302f3d, 0],
        [0x6f6166, 0, 0x626775, 0x747174, 0, 0x62656f, 0x6a696f, 0, 0x756860, 0x724f48, 0x75535a, 0x514857, 0x28242a, 0],
    ],
    // hills
    &[
        [0x92786b, 0x968163, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x957c56, 0x9e5d2e, 0x94584e, 0x5e4e54, 0, 0x999b9d],
        [0x92786b, 0x968163, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x957c56, 0x9e5d2e, 0x94584e, 0x5e4e54, 0, 0x999b9d],
        [0x92786b, 0x968163, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x957c56, 0x9e5d2e, 0x94584e, 0x5e4e54, 0, 0x999b9d],
        [0x93796c, 0x978263, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x977d56, 0xa05e2e, 0x94584e, 0x5f4e54, 0, 0x999b9d],
    ],
    // clouds
    &[
        [0x867980, 0x87807d, 0x87929d, 0, 0xa0afbc, 0x919596, 0, 0x636766, 0x887b6f, 0x8b5f54, 0x815d6e, 0, 0, 0],
        [0x817988, 0x7d828b, 0x728ba8, 0, 0x698db4, 0x768ba2, 0, 0x5c6469, 0x7f7d7d, 0x885f5f, 0x805c73, 0, 0, 0],
        [0x867980, 0x87807d, 0x87929d, 0, 0xa0afbc, 0x919596, 0, 0x636766, 0x887b6f, 0x8b5f54, 0x815d6e, 0, 0, 0],
    ],
    // street
    &[
        [0, 0x8e7c6a, 0x828589, 0x95938d, 0, 0, 0x858280, 0, 0x8e765d, 0x945b3e, 0, 0x634b4b, 0x422b1f, 0],
        [0, 0x8f7d6b, 0x84888e, 0x96958f, 0, 0, 0x878584, 0, 0x8f775d, 0x955b3e, 0, 0x624b4d, 0x412b21, 0],
        [0, 0x8b7a68, 0x7e8185, 0x939089, 0, 0, 0x84807d, 0, 0x8c755c, 0x935a3d, 0, 0x664b47, 0x442b1c, 0],
        [0, 0x8f7d69, 0x83888d, 0x959490, 0, 0, 0x868585, 0, 0x8f775c, 0x945b3c, 0, 0x604c50, 0x3e2c26, 0],
    ],
    // fields
    &[
        [0, 0x8d7e69, 0x898874, 0x979583, 0x8a8d75, 0x8f876a, 0x898574, 0x676250, 0x8e785a, 0x8c5e44, 0x825d5d, 0, 0, 0],
        [0, 0x8b7c80, 0x87859c, 0x96939f, 0x8687a6, 0x8e8493, 0x878397, 0x656169, 0x8d7670, 0x8b5d55, 0x825a6f, 0, 0, 0],
        [0, 0x927d5f, 0x908765, 0x9d9578, 0x949167, 0x95865b, 0x8e8566, 0x6c6245, 0x947650, 0x905d3e, 0x855d56, 0, 0, 0],
        [0, 0x85805f, 0x818c63, 0x919779, 0x80905c, 0x878b59, 0x808a6a, 0x5f654a, 0x877a52, 0x875f3d, 0x7d5d53, 0, 0, 0],
        [0, 0x848167, 0x7a8d73, 0x8e9884, 0x76916e, 0x7f8c69, 0x7c8a70, 0x5c664f, 0x857b5a, 0x885f41, 0x805d58, 0, 0, 0],
    ],
    // night
    &[
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x343034, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x313039, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30303a, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x313037, 0],
    ],
    // flowers
    &[
        [0, 0x7a6d30, 0x7a8650, 0x637145, 0, 0x7e8446, 0x62744c, 0, 0x826b25, 0, 0, 0, 0, 0],
        [0, 0x78571a, 0x7d7437, 0x5f5c2d, 0, 0x80722e, 0x5f5f33, 0, 0x815713, 0, 0, 0, 0, 0],
        [0, 0x796127, 0x7d7e49, 0x61653c, 0, 0x807c3f, 0x616843, 0, 0x83611d, 0, 0, 0, 0, 0],
        [0, 0x70622e, 0x748151, 0x586642, 0, 0x787e47, 0x57694a, 0, 0x7a6225, 0, 0, 0, 0, 0],
        [0, 0x78641a, 0x7a8135, 0x60682b, 0, 0x7e7f2c, 0x5f6b31, 0, 0x816412, 0, 0, 0, 0, 0],
    ],
    // desert
    &[
        [0, 0x947c63, 0x97856e, 0, 0xa99474, 0x9f8463, 0, 0, 0x947555, 0x925c3d, 0x895c58, 0x554f59, 0, 0],
        [0, 0x947c62, 0x958571, 0, 0xa39175, 0x9c8466, 0, 0, 0x947553, 0x935b3b, 0x895b57, 0x554f59, 0, 0],
        [0, 0x947c61, 0x96856e, 0, 0xa69273, 0x9d8463, 0, 0, 0x947553, 0x935b3c, 0x895b57, 0x554f59, 0, 0],
    ],
    // aerial
    &[
        [0, 0, 0x808a74, 0, 0x7e8e7f, 0x84896c, 0x74877f, 0, 0x8c7648, 0, 0, 0, 0, 0],
        [0, 0, 0x626921, 0, 0x677429, 0x63661e, 0x535c20, 0, 0x604f11, 0, 0, 0, 0, 0],
        [0, 0, 0x94892a, 0, 0x928d33, 0x988824, 0x848434, 0, 0x9f720a, 0, 0, 0, 0, 0],
        [0, 0, 0x828a72, 0, 0x808d7e, 0x86896a, 0x76867d, 0, 0x8e7547, 0, 0, 0, 0, 0],
    ],
    // bridge
    &[
        [0x8b787a, 0x8c8177, 0, 0x929796, 0, 0, 0x81878c, 0, 0x917f6b, 0x955b46, 0x8d5961, 0x564e62, 0, 0],
        [0x8b787a, 0x8c8177, 0, 0x929796, 0, 0, 0x81878c, 0, 0x917f6b, 0x955b46, 0x8d5961, 0x564e62, 0, 0],
        [0x8b7879, 0x8c8075, 0, 0x929796, 0, 0, 0x81878c, 0, 0x907d69, 0x955b46, 0x8c5961, 0x564e62, 0, 0],
        [0x8b787a, 0x8c8177, 0, 0x929796, 0, 0, 0x81878c, 0, 0x917f6c, 0x955b47, 0x8d5962, 0x564e62, 0, 0],
    ],
    // lakes
    &[
        [0x86777a, 0x837f7b, 0x778a97, 0x909594, 0x748e9b, 0, 0x818788, 0, 0x837a6d, 0x8c5d50, 0x845b66, 0x4f4e66, 0, 0x909ba7],
        [0x877778, 0x847f78, 0x778a94, 0x909592, 0x748e97, 0, 0x818785, 0, 0x847a6b, 0x8c5d4d, 0x855b64, 0x504e64, 0, 0x909ba8],
        [0x867778, 0x837f78, 0x748996, 0x8f9593, 0x6d8d9a, 0, 0x7e8687, 0, 0x827a6b, 0x8c5d4c, 0x855a62, 0x504e63, 0, 0x8f9aa4],
        [0x867779, 0x837f79, 0x768a96, 0x8f9593, 0x728e9a, 0, 0x808787, 0, 0x837a6c, 0x8c5d4d, 0x855a64, 0x4f4e64, 0, 0x909ba6],
    ],
    // coast
    &[
        [0x897877, 0x887f75, 0x7d8a93, 0, 0x7a8d99, 0x83898a, 0x81878a, 0x5f6462, 0x887a67, 0x8e5e47, 0x875b61, 0x544f61, 0, 0],
        [0x887874, 0x878071, 0x7a8b8c, 0, 0x778e8c, 0x808a83, 0x808785, 0x5e645f, 0x867a64, 0x8d5e44, 0x875c5e, 0x534f5e, 0, 0],
        [0x887876, 0x868075, 0x788b93, 0, 0x728f96, 0x7e8b8a, 0x808788, 0x5e6461, 0x867b67, 0x8d5e46, 0x875b5f, 0x544f5f, 0, 0],
        [0x887875, 0x878073, 0x788b91, 0, 0x728f94, 0x7d8a88, 0x7f8788, 0x5d6461, 0x857b65, 0x8d5e44, 0x875b5e, 0x544f5e, 0, 0],
    ],
    // still life
    &[
        [0, 0x664729, 0x705f42, 0, 0, 0x725d3c, 0x574e3d, 0, 0x6f4824, 0, 0, 0, 0, 0x6b5d48],
        [0, 0x65482f, 0x6f6049, 0, 0, 0x715e43, 0x554f43, 0, 0x6e4928, 0, 0, 0, 0, 0x6a5e4f],
        [0, 0x5e4731, 0x685f4d, 0, 0, 0x6a5d46, 0x4d4c46, 0, 0x67482a, 0, 0, 0, 0, 0x625c53],
        [0, 0x61462f, 0x6b5d4a, 0, 0, 0x6c5b44, 0x514c44, 0, 0x6a4629, 0, 0, 0, 0, 0x655b50],
    ],
    // winter
    &[
        [0x85787e, 0, 0, 0x909696, 0, 0, 0x80878d, 0, 0x87796d, 0, 0x7f5d6e, 0x4d4f6c, 0, 0x919aa5],
        [0x88787a, 0, 0, 0x929696, 0, 0, 0x81878d, 0, 0x8a7967, 0, 0x845c69, 0x504f68, 0, 0x949ba4],
        [0x847982, 0, 0, 0x919798, 0, 0, 0x81888e, 0, 0x87796f, 0, 0x7b5e73, 0x4a4f70, 0, 0x939ca7],
    ],
    // forest
    &[
        [0x907760, 0x947e52, 0x848982, 0x92958c, 0, 0, 0x818782, 0, 0x937844, 0, 0, 0, 0, 0x99999a],
        [0x8a7a50, 0x908040, 0x808c65, 0x8c9674, 0, 0, 0x7b8968, 0, 0x8f7a32, 0, 0, 0, 0, 0x98999b],
        [0x9f704a, 0xa67539, 0xa2805e, 0xa98d6f, 0, 0, 0x9b7f62, 0, 0xa56e2b, 0, 0, 0, 0, 0xae9275],
        [0x8b7a51, 0x918041, 0x828c67, 0x8e9676, 0, 0, 0x7d896b, 0, 0x907933, 0, 0, 0, 0, 0x999998],
    ],
    // people
    &[
        [0x857779, 0x867e77, 0, 0x919290, 0, 0, 0, 0, 0x86796a, 0x8a5d4a, 0x835a62, 0x544d60, 0, 0],
        [0x85797f, 0x86817e, 0, 0x929795, 0, 0, 0, 0, 0x867b6f, 0x8d5e51, 0x855c69, 0x534f66, 0, 0],
        [0x8c7978, 0x938576, 0, 0x939796, 0, 0, 0, 0, 0x99846a, 0x985d42, 0x8d595e, 0x584e5e, 0, 0],
        [0x857779, 0x867e77, 0, 0x919290, 0, 0, 0, 0, 0x86796a, 0x8a5d4a, 0x835a62, 0x544d60, 0, 0],
    ],
    // architecture
    &[
        [0, 0, 0x6688a9, 0, 0x5d87ae, 0x6a87a1, 0x7e878d, 0, 0x737b83, 0, 0x765f72, 0x4b4d66, 0, 0],
        [0, 0, 0x6f879a, 0, 0x6a88a1, 0x718695, 0x878582, 0, 0x73797c, 0, 0x5e5573, 0x334165, 0, 0],
        [0, 0, 0x607485, 0, 0x627b8e, 0x61727f, 0x7a7d7d, 0, 0x5c626b, 0, 0x44445e, 0x273658, 0, 0],
        [0, 0, 0x718194, 0, 0x687d96, 0x757f8b, 0x7c858b, 0, 0x837870, 0, 0x835e5d, 0x584e54, 0, 0],
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::dice::Dice;
    use crate::picture::draw::{draw, draw_scene};
    use crate::picture::families::recipe;
    use crate::picture::pixels::Picture;
    use crate::picture::scene::Scene;

    fn average(picture: &Picture) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for pixel in picture.rgb.chunks_exact(3) {
            for (sum, value) in sum.iter_mut().zip(pixel) {
                *sum += f32::from(*value);
            }
        }
        sum.map(|v| v * 3.0 / picture.rgb.len() as f32)
    }

    #[test]
    #[ignore = "prints the table of this file"]
    fn measure() {
        for family in Family::ALL {
            println!("    // {}", family.name());
            println!("    &[");
            for composition in 0..recipe(family).subjects.len() {
                let mut row = [0u32; Light::ALL.len()];
                for light in recipe(family).lights {
                    let mut sum = [0.0; 3];
                    let count = 40;
                    for seed in 0..count {
                        let mut scene = Scene::in_family(family, &mut Dice::new(seed, 9));
                        (scene.composition, scene.light, scene.film) = (composition, *light, 0);
                        let mean = average(&draw_scene(&scene, seed, 64));
                        for (sum, value) in sum.iter_mut().zip(mean) {
                            *sum += value / count as f32;
                        }
                    }
                    let [r, g, b] = sum.map(|v| v as u32);
                    row[*light as usize] = r << 16 | g << 8 | b;
                }
                let cells: Vec<String> = row
                    .iter()
                    .map(|c| {
                        if *c == 0 {
                            "0".into()
                        } else {
                            format!("0x{c:06x}")
                        }
                    })
                    .collect();
                println!("        [{}],", cells.join(", "));
            }
            println!("    ],");
        }
    }

    #[test]
    fn a_tone_is_close_to_what_is_drawn() {
        let (seeds, mut off, mut far) = (240, 0.0, 0);
        for seed in 0..seeds {
            let tone = Scene::of(seed).tone;
            let promised = [tone / 36, tone / 6 % 6, tone % 6].map(|level| f32::from(level) * 51.0);
            let drawn = average(&draw(seed, 64));
            let distance = promised
                .iter()
                .zip(drawn)
                .map(|(p, d)| (p - d).abs())
                .fold(0.0, f32::max);
            off += distance / seeds as f32;
            far += usize::from(distance > 77.0);
        }
        assert!(off < 34.0, "tones are {off} levels of 255 off on average");
        assert!(
            far < seeds as usize / 20,
            "{far} of {seeds} tones are more than a step and a half off"
        );
    }

    #[test]
    fn corners_of_the_cube() {
        assert_eq!(index([0, 0, 0]), 0);
        assert_eq!(index([255, 255, 255]), 215);
        assert_eq!(index([255, 0, 0]), 180);
        assert_eq!(index([0, 0, 51]), 1);
    }
}
