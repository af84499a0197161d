//! The average colour of every composition in every light, measured once.
//!
//! A list of a million photos wants a colour for each before any is drawn. What a
//! composition looks like in a light varies less than one would think, because the exposure
//! is metered, so a table is close. After a change to a family run `cargo test --release -p
//! demo-data measure -- --ignored --nocapture` and put in what it prints.

use super::palette;
use super::scene::{Family, Light};

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

/// A row for each composition, a column for each light; zero where they never meet.
#[rustfmt::skip]
const TONES: [&[[u32; Light::ALL.len()]]; Family::ALL.len()] = [
    // mountains
    &[
        [0x887773, 0x877e70, 0x7d8987, 0, 0x7e8f87, 0x83897e, 0x828781, 0x60645c, 0x877963, 0x8c5e47, 0x845b60, 0x514f60, 0, 0x929ba5],
        [0x867879, 0x867f77, 0x7f8b8e, 0, 0x859494, 0x858b85, 0x828887, 0x606560, 0x867a6a, 0x8a5e4f, 0x815d68, 0x4e4f67, 0, 0x929ca7],
        [0x887770, 0x877e6d, 0x7b8885, 0, 0x7a8d83, 0x81887c, 0x818780, 0x60645b, 0x877961, 0x8c5d43, 0x855a5c, 0x524e5d, 0, 0x929ba4],
        [0x887670, 0x877d6d, 0x778686, 0, 0x748b86, 0x7d867d, 0x7e8581, 0x5e635d, 0x867861, 0x8c5d41, 0x85595a, 0x534e5c, 0, 0x91999f],
    ],
    // sea
    &[
        [0x8b7a7d, 0x8d867d, 0x778ba1, 0x929797, 0x698eb0, 0x7b8b99, 0x80888d, 0x5e6465, 0x90836f, 0x956049, 0x8a5a61, 0x564e60, 0, 0],
        [0x8a797c, 0x8c847c, 0x768ba1, 0x929797, 0x6a8eaf, 0x7b8b99, 0x80888d, 0x5e6465, 0x8e816e, 0x945f49, 0x8a5a62, 0x564e61, 0, 0],
        [0x8a7a7d, 0x8e867d, 0x778ba0, 0x929797, 0x698eb0, 0x7c8b99, 0x80888d, 0x5e6465, 0x91836f, 0x955f4a, 0x8a5a62, 0x574e60, 0, 0],
        [0x8b7a7c, 0x8d857c, 0x778ba1, 0x929797, 0x698eb0, 0x7b8b99, 0x80888d, 0x5e6465, 0x90826f, 0x945f49, 0x8a5a61, 0x564e60, 0, 0],
    ],
    // city
    &[
        [0x89787a, 0, 0x778b9f, 0x929797, 0, 0x7d8a97, 0x81878c, 0, 0x877b6b, 0x915d49, 0x8a5a63, 0x554e62, 0x302e3d, 0],
        [0x88787d, 0, 0x768ba0, 0x919797, 0, 0x7b8a99, 0x81878c, 0, 0x867a6e, 0x905d4f, 0x895b66, 0x544e65, 0x302d3a, 0],
        [0x89787a, 0, 0x778b9f, 0x929797, 0, 0x7d8a97, 0x81878c, 0, 0x877b6b, 0x915d49, 0x8a5a63, 0x554e62, 0x302e3d, 0],
        [0x706266, 0, 0x636875, 0x757274, 0, 0x636670, 0x6b6a6f, 0, 0x766961, 0x734f48, 0x75535b, 0x524957, 0x29252b, 0],
    ],
    // hills
    &[
        [0x92796b, 0x968163, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x957c56, 0x9e5d2e, 0x94584e, 0x5e4e54, 0, 0x999b9d],
        [0x92796b, 0x968163, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x957c56, 0x9e5d2e, 0x94584e, 0x5e4e54, 0, 0x999b9d],
        [0x92796b, 0x968163, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x957c56, 0x9e5d2e, 0x94584e, 0x5e4e54, 0, 0x999b9d],
        [0x93796c, 0x978263, 0x7e8b94, 0x949794, 0, 0, 0, 0, 0x977d56, 0xa05e2e, 0x94584e, 0x5f4e54, 0, 0x999b9d],
    ],
    // clouds
    &[
        [0x86797f, 0x87807d, 0x85919d, 0, 0x9dacb9, 0x8e9395, 0, 0x626666, 0x887b6f, 0x8b5f54, 0x815d6d, 0, 0, 0],
        [0x817988, 0x7d828b, 0x728ba8, 0, 0x698db4, 0x768ba2, 0, 0x5c6469, 0x7f7d7d, 0x885f5f, 0x805c73, 0, 0, 0],
        [0x86797f, 0x87807d, 0x85919d, 0, 0x9dacb9, 0x8e9395, 0, 0x626666, 0x887b6f, 0x8b5f54, 0x815d6d, 0, 0, 0],
    ],
    // street
    &[
        [0, 0x8e7c6a, 0x828589, 0x95938d, 0, 0, 0x858280, 0, 0x8e765d, 0x945b3e, 0, 0x634b4b, 0x422b1f, 0],
        [0, 0x8f7d6b, 0x84888e, 0x96948f, 0, 0, 0x878584, 0, 0x8f775d, 0x955b3e, 0, 0x624b4d, 0x412b21, 0],
        [0, 0x8c7a68, 0x7e8185, 0x939089, 0, 0, 0x84807d, 0, 0x8c755c, 0x935a3d, 0, 0x664b47, 0x442b1c, 0],
        [0, 0x8f7d69, 0x83888d, 0x959490, 0, 0, 0x868585, 0, 0x8f775c, 0x945b3c, 0, 0x604c50, 0x3e2c26, 0],
    ],
    // fields
    &[
        [0, 0x8d7e68, 0x888875, 0x979584, 0x898d75, 0x8e876c, 0x898575, 0x676251, 0x8e785a, 0x8e5e42, 0x835d5c, 0, 0, 0],
        [0, 0x8b7c80, 0x88859c, 0x96939f, 0x8688a6, 0x8e8593, 0x878397, 0x65616a, 0x8c7771, 0x8c5d54, 0x835a6f, 0, 0, 0],
        [0, 0x927e5e, 0x8f8867, 0x9d9578, 0x939067, 0x95875c, 0x8e8667, 0x6c6246, 0x937750, 0x915d3b, 0x865d55, 0, 0, 0],
        [0, 0x857f5e, 0x7f8c69, 0x91977a, 0x7f9060, 0x858b5f, 0x808a6c, 0x5f664e, 0x867a52, 0x895f3b, 0x7e5d53, 0, 0, 0],
        [0, 0x858167, 0x798c77, 0x8e9885, 0x759170, 0x7f8c6d, 0x7c8a72, 0x5c6652, 0x857b5b, 0x896040, 0x805d58, 0, 0, 0],
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
        [0, 0x78571b, 0x7d7537, 0x605c2d, 0, 0x80722e, 0x5f5f33, 0, 0x815713, 0, 0, 0, 0, 0],
        [0, 0x7a6127, 0x7d7f49, 0x61653c, 0, 0x807c3f, 0x616843, 0, 0x83611d, 0, 0, 0, 0, 0],
        [0, 0x70622e, 0x748151, 0x586642, 0, 0x787e47, 0x58694a, 0, 0x7a6325, 0, 0, 0, 0, 0],
        [0, 0x78641a, 0x7a8135, 0x60682b, 0, 0x7e7f2c, 0x5f6b31, 0, 0x806413, 0, 0, 0, 0, 0],
    ],
    // desert
    &[
        [0, 0x947c63, 0x97856e, 0, 0xa99474, 0x9f8463, 0, 0, 0x947555, 0x925c3d, 0x895c58, 0x554f59, 0, 0],
        [0, 0x947c62, 0x958571, 0, 0xa39175, 0x9c8466, 0, 0, 0x947553, 0x935c3c, 0x895b57, 0x554f59, 0, 0],
        [0, 0x947c61, 0x96856f, 0, 0xa69273, 0x9d8463, 0, 0, 0x947553, 0x935b3c, 0x895b57, 0x554f59, 0, 0],
    ],
    // aerial
    &[
        [0, 0, 0x808a74, 0, 0x7d8e80, 0x83896c, 0x74877f, 0, 0x8b7649, 0, 0, 0, 0, 0],
        [0, 0, 0x606620, 0, 0x657128, 0x61631d, 0x50591f, 0, 0x5e4d11, 0, 0, 0, 0, 0],
        [0, 0, 0x94892a, 0, 0x928d33, 0x988824, 0x848434, 0, 0x9f720a, 0, 0, 0, 0, 0],
        [0, 0, 0x828a72, 0, 0x7f8d7e, 0x86896a, 0x76867d, 0, 0x8d7547, 0, 0, 0, 0, 0],
    ],
    // bridge
    &[
        [0x8b787a, 0x8d8177, 0, 0x929796, 0, 0, 0x81878c, 0, 0x917f6b, 0x955b46, 0x8d5961, 0x564e62, 0, 0],
        [0x8b787a, 0x8d8177, 0, 0x929796, 0, 0, 0x81878c, 0, 0x917f6b, 0x955b46, 0x8d5961, 0x564e62, 0, 0],
        [0x8b7879, 0x8c8075, 0, 0x929796, 0, 0, 0x81878c, 0, 0x907d69, 0x955b46, 0x8c5961, 0x564e62, 0, 0],
        [0x8b787a, 0x8c8177, 0, 0x929796, 0, 0, 0x81878c, 0, 0x91806c, 0x955b47, 0x8d5962, 0x564e62, 0, 0],
    ],
    // lakes
    &[
        [0x86777a, 0x847f7a, 0x778a97, 0x909594, 0x748e9c, 0, 0x818788, 0, 0x837a6c, 0x8c5d4f, 0x845b66, 0x4f4e66, 0, 0x909ba6],
        [0x877778, 0x847f78, 0x788a95, 0x909593, 0x748e99, 0, 0x818786, 0, 0x847a6b, 0x8c5d4d, 0x855a64, 0x504e64, 0, 0x909ba7],
        [0x867778, 0x837f78, 0x738895, 0x8f9593, 0x6d8c9a, 0, 0x7e8687, 0, 0x827a6b, 0x8c5d4c, 0x855962, 0x504e63, 0, 0x8f9aa3],
        [0x867779, 0x847f79, 0x768996, 0x8f9593, 0x718d9b, 0, 0x808788, 0, 0x837a6b, 0x8c5d4d, 0x855a64, 0x4f4e64, 0, 0x909ba5],
    ],
    // coast
    &[
        [0x897877, 0x897f74, 0x7c8a94, 0, 0x798d9a, 0x82898a, 0x81878a, 0x5f6462, 0x887a66, 0x8e5e47, 0x875b61, 0x544f61, 0, 0],
        [0x897874, 0x888072, 0x7b8b8e, 0, 0x778e8f, 0x808a85, 0x808787, 0x5e6460, 0x877a64, 0x8e5e45, 0x875c5f, 0x544f5f, 0, 0],
        [0x887877, 0x878075, 0x788b94, 0, 0x728e98, 0x7e8a8b, 0x808789, 0x5e6462, 0x867b67, 0x8e5e46, 0x875b60, 0x544f60, 0, 0],
        [0x887875, 0x878073, 0x788b92, 0, 0x728f96, 0x7e8a89, 0x7f8789, 0x5e6462, 0x867b66, 0x8d5e45, 0x875b5f, 0x544f5f, 0, 0],
    ],
    // still life
    &[
        [0, 0x664729, 0x705f42, 0, 0, 0x725d3c, 0x574e3d, 0, 0x6f4824, 0, 0, 0, 0, 0x6b5d48],
        [0, 0x65482f, 0x6f6049, 0, 0, 0x715e43, 0x554f43, 0, 0x6e4928, 0, 0, 0, 0, 0x6a5e4f],
        [0, 0x5e4731, 0x685f4d, 0, 0, 0x695d46, 0x4d4c46, 0, 0x67482a, 0, 0, 0, 0, 0x625c52],
        [0, 0x61462f, 0x6a5d4a, 0, 0, 0x6c5b44, 0x514c44, 0, 0x6a4629, 0, 0, 0, 0, 0x655b50],
    ],
    // winter
    &[
        [0x86787d, 0, 0, 0x919696, 0, 0, 0x80878d, 0, 0x87796c, 0, 0x7f5d6d, 0x4d4f6b, 0, 0x929aa4],
        [0x89787a, 0, 0, 0x929696, 0, 0, 0x81878d, 0, 0x8a7967, 0, 0x845c69, 0x504f68, 0, 0x949ba3],
        [0x847982, 0, 0, 0x919797, 0, 0, 0x81888e, 0, 0x87796f, 0, 0x7c5e73, 0x4a4f70, 0, 0x939ba7],
    ],
    // forest
    &[
        [0x907861, 0x957e52, 0x848a83, 0x93968d, 0, 0, 0x828783, 0, 0x937844, 0, 0, 0, 0, 0x9a9a9a],
        [0x8b7a50, 0x908040, 0x818c64, 0x8d9676, 0, 0, 0x7b8868, 0, 0x8f7a32, 0, 0, 0, 0, 0x989a9b],
        [0x9f714a, 0xa67639, 0xa2805c, 0xa98e71, 0, 0, 0x9b7f62, 0, 0xa56f2b, 0, 0, 0, 0, 0xae9175],
        [0x8b7a51, 0x917f41, 0x828c66, 0x8e9678, 0, 0, 0x7d886b, 0, 0x907933, 0, 0, 0, 0, 0x999998],
    ],
    // people
    &[
        [0x867779, 0x867e77, 0, 0x919290, 0, 0, 0, 0, 0x86796a, 0x8a5d4a, 0x835a62, 0x544d60, 0, 0],
        [0x85797f, 0x86817e, 0, 0x929795, 0, 0, 0, 0, 0x867b6f, 0x8c5e51, 0x845b69, 0x534e66, 0, 0],
        [0x8c7978, 0x938676, 0, 0x939796, 0, 0, 0, 0, 0x99856a, 0x985d42, 0x8d595e, 0x584e5e, 0, 0],
        [0x867779, 0x867e77, 0, 0x919290, 0, 0, 0, 0, 0x86796a, 0x8a5d4a, 0x835a62, 0x544d60, 0, 0],
    ],
    // architecture
    &[
        [0, 0, 0x6688a9, 0, 0x5d87ae, 0x6a87a2, 0x7e878d, 0, 0x737b84, 0, 0x765f72, 0x4b4d66, 0, 0],
        [0, 0, 0x6f869a, 0, 0x6a88a1, 0x708695, 0x878582, 0, 0x73797c, 0, 0x5e5573, 0x334165, 0, 0],
        [0, 0, 0x617686, 0, 0x637c90, 0x627480, 0x7c7f7f, 0, 0x5d646c, 0, 0x454560, 0x27375a, 0, 0],
        [0, 0, 0x708194, 0, 0x677d97, 0x757f8b, 0x7c858b, 0, 0x827870, 0, 0x835e5d, 0x584e54, 0, 0],
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::families::kind;
    use crate::picture::noise::Dice;
    use crate::picture::scene::Scene;
    use crate::picture::{Picture, draw, draw_scene};

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
            for composition in 0..kind(family).subjects.len() {
                let mut row = [0u32; Light::ALL.len()];
                for light in kind(family).lights {
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
