//! The hand-made sets of colours: the light of each hour, and the films.

use super::kinds::Light;

impl Light {
    /// The light in the words of a title: "at dusk".
    pub fn phrase(self) -> &'static str {
        mood(self).phrase
    }
}

/// The colours of an hour and its weather, as a screen shows them.
pub(crate) struct Mood {
    /// The light in the words of a title: "at dusk".
    pub(crate) phrase: &'static str,
    /// How bright the average of a picture comes out, from black to white.
    pub(crate) key: f32,
    pub(crate) zenith: u32,
    pub(crate) middle: u32,
    pub(crate) horizon: u32,
    /// The sky around the sun, and how strong it is.
    pub(crate) glow: (u32, f32),
    /// Direct light and its strength.
    pub(crate) sun: (u32, f32),
    /// Light from everywhere else and its strength.
    pub(crate) ambient: (u32, f32),
    /// The height of the sun in degrees.
    pub(crate) height: (f32, f32),
    /// How thick the air is.
    pub(crate) haze: (f32, f32),
    /// How much of the sky clouds take.
    pub(crate) cover: (f32, f32),
    pub(crate) cloud_lit: u32,
    pub(crate) cloud_shade: u32,
}

/// The mood of a light.
pub(crate) fn mood(light: Light) -> &'static Mood {
    &MOODS[light as usize]
}

#[rustfmt::skip]
const MOODS: [Mood; Light::ALL.len()] = [
    Mood { phrase: "at dawn", key: 0.5, zenith: 0x5d7ba6, middle: 0xb3a9bd, horizon: 0xf0c9b0, glow: (0xffc79a, 0.7), sun: (0xffb78a, 1.1), ambient: (0x9aa6c4, 0.55),
        height: (1.0, 5.0), haze: (0.8, 1.6), cover: (0.2, 0.6), cloud_lit: 0xf8c7b0, cloud_shade: 0x8c8aa6 },
    Mood { phrase: "at sunrise", key: 0.52, zenith: 0x4f7fb5, middle: 0x9fb4c8, horizon: 0xf7d7a8, glow: (0xffc46b, 1.2), sun: (0xffc278, 2.1), ambient: (0x8fa6c6, 0.5),
        height: (4.0, 10.0), haze: (0.6, 1.4), cover: (0.1, 0.5), cloud_lit: 0xffe0b8, cloud_shade: 0x8f94aa },
    Mood { phrase: "in the morning", key: 0.55, zenith: 0x3f76b8, middle: 0x7fa9d2, horizon: 0xd3dfe6, glow: (0xfff0d0, 0.6), sun: (0xffecc8, 2.6), ambient: (0x9fb9d8, 0.55),
        height: (18.0, 32.0), haze: (0.35, 0.9), cover: (0.1, 0.55), cloud_lit: 0xfdfaf2, cloud_shade: 0x93a2b6 },
    Mood { phrase: "in the mist", key: 0.6, zenith: 0xa9b4bb, middle: 0xbcc4c6, horizon: 0xd0d3cf, glow: (0xf4ead4, 0.35), sun: (0xfff0d8, 0.7), ambient: (0xb4bec2, 0.8),
        height: (10.0, 25.0), haze: (1.5, 2.6), cover: (0.0, 0.2), cloud_lit: 0xdde0de, cloud_shade: 0xb0b8bc },
    Mood { phrase: "at noon", key: 0.56, zenith: 0x2f6cb4, middle: 0x6ea4d8, horizon: 0xc0d8e6, glow: (0xfff8e6, 0.35), sun: (0xfff6e4, 3.0), ambient: (0x9fbfe0, 0.6),
        height: (42.0, 60.0), haze: (0.25, 0.6), cover: (0.1, 0.6), cloud_lit: 0xffffff, cloud_shade: 0x9aaabd },
    Mood { phrase: "in the afternoon", key: 0.55, zenith: 0x3c72ae, middle: 0x86acd0, horizon: 0xdcdcd0, glow: (0xffeac0, 0.6), sun: (0xffe4b4, 2.7), ambient: (0x9db4d0, 0.55),
        height: (22.0, 38.0), haze: (0.35, 0.9), cover: (0.15, 0.6), cloud_lit: 0xfffaec, cloud_shade: 0x94a0b2 },
    Mood { phrase: "under grey skies", key: 0.54, zenith: 0x8d99a4, middle: 0xa9b2b9, horizon: 0xc9ced0, glow: (0xe8e6de, 0.15), sun: (0xf2eee6, 0.6), ambient: (0xb4bec8, 0.95),
        height: (30.0, 50.0), haze: (0.7, 1.5), cover: (0.75, 1.0), cloud_lit: 0xd6dadc, cloud_shade: 0x818c97 },
    Mood { phrase: "before the storm", key: 0.4, zenith: 0x3e4c5a, middle: 0x61707c, horizon: 0xb2b5ac, glow: (0xd8cfae, 0.3), sun: (0xf0dcb0, 1.2), ambient: (0x7e8d9c, 0.6),
        height: (15.0, 30.0), haze: (0.6, 1.3), cover: (0.8, 1.0), cloud_lit: 0xa7aeb2, cloud_shade: 0x3a4550 },
    Mood { phrase: "in golden light", key: 0.5, zenith: 0x5b86b4, middle: 0xa9b6bc, horizon: 0xf6d39a, glow: (0xffb650, 1.3), sun: (0xffb860, 2.6), ambient: (0x8d9cbc, 0.5),
        height: (5.0, 13.0), haze: (0.6, 1.4), cover: (0.15, 0.5), cloud_lit: 0xffdca0, cloud_shade: 0x958f9c },
    Mood { phrase: "at sunset", key: 0.43, zenith: 0x3d5580, middle: 0xa4808c, horizon: 0xf8a45c, glow: (0xff8a38, 1.5), sun: (0xff9448, 1.9), ambient: (0x7c80a4, 0.45),
        height: (0.8, 4.0), haze: (0.7, 1.5), cover: (0.2, 0.65), cloud_lit: 0xffa468, cloud_shade: 0x6a6080 },
    Mood { phrase: "after sunset", key: 0.42, zenith: 0x33466e, middle: 0x84708f, horizon: 0xeb9a86, glow: (0xff8c60, 0.8), sun: (0xd88a90, 0.5), ambient: (0x7c86b0, 0.5),
        height: (-1.0, 1.0), haze: (0.7, 1.5), cover: (0.2, 0.6), cloud_lit: 0xe08a8c, cloud_shade: 0x565a80 },
    Mood { phrase: "at dusk", key: 0.33, zenith: 0x16294e, middle: 0x35588a, horizon: 0xb09a9c, glow: (0xe8a070, 0.5), sun: (0x8090c0, 0.25), ambient: (0x5c78b0, 0.5),
        height: (-4.0, -1.0), haze: (0.6, 1.3), cover: (0.1, 0.5), cloud_lit: 0x7f7f9c, cloud_shade: 0x2c3c62 },
    Mood { phrase: "at night", key: 0.2, zenith: 0x060b18, middle: 0x0e1a30, horizon: 0x2b3346, glow: (0x6a5a4a, 0.25), sun: (0x8098c8, 0.06), ambient: (0x405884, 0.14),
        height: (20.0, 40.0), haze: (0.4, 0.9), cover: (0.0, 0.35), cloud_lit: 0x242e40, cloud_shade: 0x0c1220 },
    Mood { phrase: "on a winter day", key: 0.62, zenith: 0x6f93bb, middle: 0xa9c0d6, horizon: 0xe6e4e2, glow: (0xfff0dc, 0.6), sun: (0xffeeda, 2.0), ambient: (0xa8bfdc, 0.7),
        height: (9.0, 18.0), haze: (0.5, 1.2), cover: (0.1, 0.6), cloud_lit: 0xf8f4f0, cloud_shade: 0xa2adbe },
];

/// How light becomes a picture: the character of a film or of a digital edit.
pub(crate) struct Film {
    /// The steepness of the middle of the curve.
    pub(crate) contrast: f32,
    pub(crate) saturation: f32,
    /// Where black ends up, per channel: lifted blacks look printed.
    pub(crate) black: [f32; 3],
    /// Gains of the highlights, per channel.
    pub(crate) white: [f32; 3],
    pub(crate) grain: f32,
    pub(crate) vignette: f32,
}

/// How many films there are.
pub(crate) const FILM_COUNT: usize = 9;

#[rustfmt::skip]
const FILMS: [Film; FILM_COUNT] = [
    // A plain digital camera, well exposed.
    Film { contrast: 1.12, saturation: 1.14, black: [0.0, 0.0, 0.0], white: [1.0, 1.0, 1.0], grain: 0.6, vignette: 0.18 },
    // Portrait film: warm, gentle, a little faded.
    Film { contrast: 1.0, saturation: 0.98, black: [0.035, 0.032, 0.03], white: [1.02, 0.995, 0.95], grain: 1.2, vignette: 0.2 },
    // Slide film: deep and vivid.
    Film { contrast: 1.28, saturation: 1.26, black: [0.0, 0.0, 0.006], white: [1.01, 1.0, 0.99], grain: 0.7, vignette: 0.26 },
    // Old slides: red-brown shadows.
    Film { contrast: 1.18, saturation: 1.08, black: [0.022, 0.012, 0.01], white: [1.02, 0.99, 0.93], grain: 1.2, vignette: 0.3 },
    // Cool negative: green-blue shadows.
    Film { contrast: 1.06, saturation: 0.9, black: [0.012, 0.026, 0.032], white: [0.985, 1.0, 1.0], grain: 1.1, vignette: 0.22 },
    // A faded edit.
    Film { contrast: 0.92, saturation: 0.8, black: [0.055, 0.055, 0.062], white: [0.99, 0.975, 0.95], grain: 1.0, vignette: 0.16 },
    // Teal shadows and orange lights, as films are graded.
    Film { contrast: 1.18, saturation: 1.06, black: [0.0, 0.018, 0.03], white: [1.04, 0.99, 0.92], grain: 0.8, vignette: 0.3 },
    // Black and white, soft.
    Film { contrast: 1.12, saturation: 0.0, black: [0.02, 0.02, 0.02], white: [1.0, 0.99, 0.97], grain: 1.7, vignette: 0.28 },
    // Black and white, hard.
    Film { contrast: 1.42, saturation: 0.0, black: [0.0, 0.0, 0.0], white: [1.0, 1.0, 1.0], grain: 2.0, vignette: 0.36 },
];

/// How often each film is chosen, out of the sum.
const FILM_WEIGHTS: [u64; FILMS.len()] = [32, 14, 15, 7, 9, 6, 10, 3, 2];

/// The film number that a roll of the dice chooses.
pub(crate) fn film_number(roll: u64) -> u8 {
    let mut left = roll % FILM_WEIGHTS.iter().sum::<u64>();
    for (number, weight) in FILM_WEIGHTS.iter().enumerate() {
        if left < *weight {
            return number as u8;
        }
        left -= weight;
    }
    0
}

pub(crate) fn film(number: u8) -> &'static Film {
    &FILMS[usize::from(number) % FILMS.len()]
}
