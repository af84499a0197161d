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
        [0x726562, 0x706a5f, 0x6a7473, 0, 0x6a7872, 0x6c726a, 0x6a6e6a, 0x4f524d, 0x6f6454, 0x754f3f, 0x6e4d51, 0x3f3e4c, 0, 0x828b93],
        [0x716666, 0x706a64, 0x6d777a, 0, 0x74807f, 0x707571, 0x6d7171, 0x515451, 0x6f6559, 0x745046, 0x6b4e57, 0x3d3f51, 0, 0x828b95],
        [0x736560, 0x70695d, 0x697372, 0, 0x67766f, 0x6b7169, 0x6a6e69, 0x4f534c, 0x6f6452, 0x754f3d, 0x6f4d4f, 0x403e4a, 0, 0x828a92],
        [0x736460, 0x70695d, 0x667373, 0, 0x617471, 0x68706a, 0x686e6b, 0x4e524e, 0x6e6452, 0x764f3b, 0x704c4d, 0x413e49, 0, 0x81898e],
    ],
    // sea
    &[
        [0x7e7073, 0x837c75, 0x6a7a8c, 0x868b8b, 0x597591, 0x6b7783, 0x6c7276, 0x515656, 0x877b6b, 0x875947, 0x764e54, 0x494150, 0, 0],
        [0x7e7072, 0x817b74, 0x68798b, 0x868b8b, 0x597591, 0x697681, 0x6c7277, 0x505556, 0x857a6a, 0x855846, 0x754e54, 0x484150, 0, 0],
        [0x7e7072, 0x837c75, 0x6b7b8d, 0x878b8b, 0x597591, 0x6c7883, 0x6c7276, 0x515656, 0x887c6c, 0x875948, 0x764e54, 0x48414f, 0, 0],
        [0x7e7072, 0x837c75, 0x69798b, 0x868b8b, 0x597591, 0x6a7682, 0x6c7277, 0x505656, 0x877b6b, 0x875947, 0x764e54, 0x484150, 0, 0],
    ],
    // city
    &[
        [0x78696b, 0, 0x657485, 0x868b8a, 0, 0x67717c, 0x6a6f73, 0, 0x7b7164, 0x7d5243, 0x724c53, 0x433e4d, 0x25232d, 0],
        [0x736569, 0, 0x647486, 0x868a8a, 0, 0x65717d, 0x696e72, 0, 0x746b61, 0x794f44, 0x714c55, 0x423e4e, 0x25232d, 0],
        [0x78696b, 0, 0x657485, 0x868b8a, 0, 0x67717c, 0x6a6f73, 0, 0x7b7164, 0x7d5243, 0x724c53, 0x433e4d, 0x25232d, 0],
        [0x6b5f63, 0, 0x616671, 0x726f71, 0, 0x61636c, 0x68666b, 0, 0x6d625b, 0x6c4d47, 0x6a4d54, 0x443d49, 0x242126, 0],
    ],
    // hills
    &[
        [0x897267, 0x8d7b62, 0x6a757c, 0x888b88, 0, 0, 0, 0, 0x8e7857, 0x955c35, 0x835048, 0x57494e, 0, 0x888a8b],
        [0x897267, 0x8d7b62, 0x6a757c, 0x888b88, 0, 0, 0, 0, 0x8e7857, 0x955c35, 0x835048, 0x57494e, 0, 0x888a8b],
        [0x897267, 0x8d7b62, 0x6a757c, 0x888b88, 0, 0, 0, 0, 0x8e7857, 0x955c35, 0x835048, 0x57494e, 0, 0x888a8b],
        [0x8b7469, 0x8f7d63, 0x6b757d, 0x888b88, 0, 0, 0, 0, 0x907a59, 0x985e36, 0x855149, 0x594b4f, 0, 0x898a8b],
    ],
    // clouds
    &[
        [0x786d73, 0x7a7572, 0x808a94, 0, 0x99a5b1, 0x888c8f, 0, 0x5e6262, 0x7f736a, 0x79534b, 0x6c4f5c, 0, 0, 0],
        [0x726b77, 0x72757d, 0x657891, 0, 0x5a7696, 0x667689, 0, 0x4d5458, 0x777676, 0x745252, 0x6b4d60, 0, 0, 0],
        [0x786d73, 0x7a7572, 0x808a94, 0, 0x99a5b1, 0x888c8f, 0, 0x5e6262, 0x7f736a, 0x79534b, 0x6c4f5c, 0, 0, 0],
    ],
    // street
    &[
        [0, 0x77685a, 0x6f7276, 0x8a8883, 0, 0, 0x6f6c6b, 0, 0x76624f, 0x7c4d38, 0, 0x4e3b3b, 0x34221a, 0],
        [0, 0x77685b, 0x6f7277, 0x8a8884, 0, 0, 0x6e6d6c, 0, 0x77634f, 0x7d4d38, 0, 0x4d3c3d, 0x32221b, 0],
        [0, 0x77685a, 0x6f7175, 0x898781, 0, 0, 0x6f6c6a, 0, 0x75624f, 0x7c4d38, 0, 0x4f3b39, 0x382419, 0],
        [0, 0x776859, 0x6f7277, 0x898985, 0, 0, 0x6d6d6d, 0, 0x76634e, 0x7c4d36, 0, 0x4b3c3f, 0x2e211d, 0],
    ],
    // fields
    &[
        [0, 0x756958, 0x737367, 0x8b897b, 0x777b6b, 0x76715f, 0x706d61, 0x555145, 0x75634d, 0x774f3b, 0x6e4e4e, 0, 0, 0],
        [0, 0x74686a, 0x717083, 0x8a8791, 0x6f708a, 0x746d79, 0x6e6b7b, 0x535057, 0x74625d, 0x764e48, 0x6d4c5c, 0, 0, 0],
        [0, 0x796952, 0x7b755e, 0x8f8972, 0x8a8768, 0x817557, 0x746d57, 0x58513d, 0x7a6347, 0x7a4e36, 0x6f4e48, 0, 0, 0],
        [0, 0x706b52, 0x6b755d, 0x858b73, 0x6a7856, 0x6d7254, 0x68705a, 0x4e5342, 0x6f6548, 0x745136, 0x6b4f47, 0, 0, 0],
        [0, 0x6f6b58, 0x667667, 0x838b7b, 0x627761, 0x68735d, 0x66705f, 0x4c5445, 0x6e664d, 0x735139, 0x6c4f4b, 0, 0, 0],
    ],
    // night
    &[
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2a2629, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x25242a, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x24242b, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x252429, 0],
    ],
    // flowers
    &[
        [0, 0x706433, 0x6a754a, 0x626f48, 0, 0x6c7142, 0x5c6b4a, 0, 0x73602b, 0, 0, 0, 0, 0],
        [0, 0x725623, 0x726b3b, 0x5e5b33, 0, 0x736833, 0x5d5d38, 0, 0x78541c, 0, 0, 0, 0, 0],
        [0, 0x725d2e, 0x6f7047, 0x606440, 0, 0x716d3e, 0x5e6545, 0, 0x765a25, 0, 0, 0, 0, 0],
        [0, 0x6b5f34, 0x69734e, 0x586446, 0, 0x6b7046, 0x56664b, 0, 0x715d2c, 0, 0, 0, 0, 0],
        [0, 0x706021, 0x6d7335, 0x5f6630, 0, 0x6f702e, 0x5c6735, 0, 0x755c1b, 0, 0, 0, 0, 0],
    ],
    // desert
    &[
        [0, 0x7b6754, 0x867665, 0, 0xa18f75, 0x8e775d, 0, 0, 0x7b634a, 0x7a4e37, 0x724d4a, 0x433e46, 0, 0],
        [0, 0x7b6754, 0x837666, 0, 0x9c8c76, 0x8a765f, 0, 0, 0x7c634a, 0x7b4d36, 0x724d4a, 0x433e46, 0, 0],
        [0, 0x7b6753, 0x857665, 0, 0x9e8d74, 0x8d775e, 0, 0, 0x7c6249, 0x7b4d37, 0x724d4a, 0x433e46, 0, 0],
    ],
    // aerial
    &[
        [0, 0, 0x6d7362, 0, 0x6b756a, 0x6e705a, 0x626f69, 0, 0x756140, 0, 0, 0, 0, 0],
        [0, 0, 0x5c6229, 0, 0x5e6930, 0x5c5f25, 0x505728, 0, 0x5a4b17, 0, 0, 0, 0, 0],
        [0, 0, 0x7c732e, 0, 0x787433, 0x7c6f29, 0x6f6f34, 0, 0x825e18, 0, 0, 0, 0, 0],
        [0, 0, 0x6f7361, 0, 0x6d766a, 0x707059, 0x636f68, 0, 0x76603f, 0, 0, 0, 0, 0],
    ],
    // bridge
    &[
        [0x817072, 0x887e75, 0, 0x868b8a, 0, 0, 0x6c7175, 0, 0x8c7d6c, 0x8a5846, 0x754b52, 0x463f4e, 0, 0],
        [0x817072, 0x887e75, 0, 0x868b8a, 0, 0, 0x6c7175, 0, 0x8c7d6c, 0x8a5846, 0x754b52, 0x463f4e, 0, 0],
        [0x7f6e70, 0x867b72, 0, 0x878a8a, 0, 0, 0x6b7073, 0, 0x8b7b69, 0x885645, 0x744b52, 0x443e4d, 0, 0],
        [0x817172, 0x887e75, 0, 0x868b8a, 0, 0, 0x6c7175, 0, 0x8d7d6c, 0x8a5847, 0x754b52, 0x453f4e, 0, 0],
    ],
    // lakes
    &[
        [0x726567, 0x6e6a66, 0x65747f, 0x858a88, 0x617580, 0, 0x696e6f, 0, 0x6d655a, 0x764f44, 0x6f4d56, 0x3f3e50, 0, 0x818a94],
        [0x726566, 0x6e6a65, 0x65747d, 0x858a87, 0x61747e, 0, 0x6a6e6e, 0, 0x6d6559, 0x764f43, 0x6f4d54, 0x3f3e4f, 0, 0x818a94],
        [0x726565, 0x6e6a64, 0x62737e, 0x848988, 0x5b7480, 0, 0x676e6f, 0, 0x6c6559, 0x764f42, 0x704c52, 0x403e4e, 0, 0x808991],
        [0x726566, 0x6e6a65, 0x64747e, 0x858988, 0x5f7480, 0, 0x696e6f, 0, 0x6c655a, 0x764f43, 0x6f4d54, 0x3f3e4f, 0, 0x818a93],
    ],
    // coast
    &[
        [0x746564, 0x726a62, 0x69747c, 0, 0x647480, 0x6b7172, 0x696e71, 0x4e5251, 0x716556, 0x784f3f, 0x704c51, 0x423e4c, 0, 0],
        [0x736663, 0x726b60, 0x677479, 0, 0x63757a, 0x6a716f, 0x696e6f, 0x4e5350, 0x716655, 0x78503d, 0x704d50, 0x423e4b, 0, 0],
        [0x736665, 0x716b63, 0x65747d, 0, 0x5f757f, 0x687274, 0x686e71, 0x4d5352, 0x706757, 0x77503f, 0x704d51, 0x423e4b, 0, 0],
        [0x736564, 0x716b61, 0x66747c, 0, 0x5f757e, 0x687172, 0x686e70, 0x4d5351, 0x706656, 0x77503d, 0x714c50, 0x423e4a, 0, 0],
    ],
    // still life
    &[
        [0, 0x62462d, 0x6b5c44, 0, 0, 0x6d5a3e, 0x544d3e, 0, 0x6a4727, 0, 0, 0, 0, 0x685b4a],
        [0, 0x614731, 0x6a5d49, 0, 0, 0x6b5b43, 0x534e44, 0, 0x69472c, 0, 0, 0, 0, 0x675d50],
        [0, 0x5b4633, 0x645c4c, 0, 0, 0x655a46, 0x4c4b45, 0, 0x63462d, 0, 0, 0, 0, 0x605b52],
        [0, 0x5d4532, 0x665a4a, 0, 0, 0x675844, 0x4f4b44, 0, 0x65452c, 0, 0, 0, 0, 0x625a50],
    ],
    // winter
    &[
        [0x706569, 0, 0, 0x858a8a, 0, 0, 0x686e73, 0, 0x70645a, 0, 0x6a4e5b, 0x3d3e54, 0, 0x828a92],
        [0x736567, 0, 0, 0x868a8a, 0, 0, 0x6e7377, 0, 0x746657, 0, 0x6d4d58, 0x3f3e51, 0, 0x848a91],
        [0x6f666d, 0, 0, 0x868a8b, 0, 0, 0x757a7f, 0, 0x73685f, 0, 0x674f5f, 0x3b3f57, 0, 0x848b95],
    ],
    // forest
    &[
        [0x796553, 0x7b6847, 0x6f746e, 0x878a82, 0, 0, 0x6a6e6b, 0, 0x79633c, 0, 0, 0, 0, 0x898989],
        [0x746646, 0x776a3a, 0x6c7654, 0x838b70, 0, 0, 0x667057, 0, 0x756430, 0, 0, 0, 0, 0x88898a],
        [0x875f41, 0x8b6135, 0x8a6b4d, 0x9b846b, 0, 0, 0x806851, 0, 0x895b2a, 0, 0, 0, 0, 0x9c836a],
        [0x756647, 0x776a3b, 0x6d7556, 0x848a71, 0, 0, 0x677058, 0, 0x766431, 0, 0, 0, 0, 0x898888],
    ],
    // people
    &[
        [0x716567, 0x716a64, 0, 0x878886, 0, 0, 0, 0, 0x706559, 0x754f41, 0x6e4c53, 0x433d4c, 0, 0],
        [0x70666b, 0x706b69, 0, 0x868a89, 0, 0, 0, 0, 0x71675e, 0x764f46, 0x6e4d57, 0x413e50, 0, 0],
        [0x857473, 0x8f8376, 0, 0x878b8a, 0, 0, 0, 0, 0x94826c, 0x915d46, 0x784d51, 0x4b4350, 0, 0],
        [0x716567, 0x716a64, 0, 0x878886, 0, 0, 0, 0, 0x706559, 0x754f41, 0x6e4c53, 0x433d4c, 0, 0],
    ],
    // architecture
    &[
        [0, 0, 0x59738f, 0, 0x537395, 0x5b7187, 0x676e73, 0, 0x5f656d, 0, 0x63505f, 0x3c3e51, 0, 0],
        [0, 0, 0x617283, 0, 0x5d7288, 0x606f7d, 0x6e6c6b, 0, 0x616368, 0, 0x575069, 0x313d5c, 0, 0],
        [0, 0, 0x5b6b7a, 0, 0x5a6e7f, 0x5b6974, 0x6a6c6c, 0, 0x555a62, 0, 0x44445b, 0x283655, 0, 0],
        [0, 0, 0x647282, 0, 0x5e7086, 0x666f79, 0x666e72, 0, 0x6c635d, 0, 0x6c4f4e, 0x453e42, 0, 0],
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
