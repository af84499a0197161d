//! Close to the ground with the lens wide open: one flower sharp, the garden behind it light.

use super::cities::disc;
use crate::picture::colour::Rgb;
use crate::picture::dice::Dice;
use crate::picture::frame::Frame;
use crate::picture::kinds::Light;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{floor, lerp, smooth};
use crate::picture::noise::{hash01, heads, soft};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::veil::Veil;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "flowers",
    subjects: &[
        "daisies",
        "poppies",
        "garden flowers",
        "morning dew",
        "meadow flowers",
    ],
    lights: &[
        Light::Sunrise,
        Light::Morning,
        Light::Morning,
        Light::Afternoon,
        Light::Overcast,
        Light::Golden,
        Light::Golden,
        Light::Mist,
    ],
    portrait: 0.45,
    draw,
};

/// A flower as the lens sees it.
struct Flower {
    centre: (f32, f32),
    radius: f32,
    /// How much it faces the camera: one is face on.
    open: f32,
    turn: f32,
    petals: f32,
    layers: usize,
    petal: Rgb,
    throat: Rgb,
    heart: Rgb,
    heart_size: f32,
    blur: f32,
    salt: u32,
}

fn draw(sketch: &mut Sketch<'_>) {
    let air = sketch.air(0.5, 1.0, Sun::Ahead);
    let composition = sketch.composition;
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let light = air.ambient * 0.75 + air.sun * 0.24;
    let leaf = Rgb::hex(dice.pick(&[0x4c6a2c, 0x3c5c34, 0x6a7a30, 0x2c4a30, 0x5c6440, 0x7a6c3a]));
    garden(frame, &air, dice, leaf, light);
    let (petal, throat, heart, petals, layers, heart_size): (&[u32], u32, u32, f32, usize, f32) =
        match composition {
            0 => (
                &[0xf4f2ec, 0xf0eef4, 0xf4e8ec],
                0xe0dcc8,
                0xd8a020,
                dice.range(17.0, 24.0),
                2,
                0.28,
            ),
            1 => (
                &[0xd83020, 0xe04a28, 0xc82430, 0xe86840],
                0x401018,
                0x20241c,
                4.0,
                2,
                0.16,
            ),
            2 => (
                &[0xd06a9a, 0xe8a0b0, 0xb85a9c, 0xe88858, 0xf0c0a0],
                0xa03868,
                0xd0a848,
                dice.range(8.0, 13.0),
                3,
                0.14,
            ),
            3 => (
                &[0x8a78c8, 0x6a80c8, 0xa888d0],
                0xd8d0e8,
                0xe0c040,
                5.0,
                1,
                0.15,
            ),
            _ => (
                &[0xe8b828, 0xf0c838, 0xe89828],
                0xb87818,
                0x5a3818,
                dice.range(11.0, 16.0),
                2,
                0.36,
            ),
        };
    let count = 1 + dice.below(4);
    let aspect = frame.aspect();
    let (thirds, colour) = (dice.pick(&[0.36, 0.5, 0.64]), Rgb::hex(dice.pick(petal)));
    let scale = dice.range(0.15, 0.27);
    for n in 0..=count {
        let main = n == count;
        let far = if main {
            0.0
        } else {
            1.0 - n as f32 / count as f32 * 0.75
        };
        let centre = if main {
            (
                aspect * thirds + dice.range(-0.04, 0.04),
                dice.range(0.36, 0.52),
            )
        } else {
            (aspect * dice.range(0.02, 0.98), dice.range(0.22, 0.75))
        };
        let flower = Flower {
            centre,
            radius: scale * lerp(1.0, dice.range(0.45, 0.75), far.min(1.0)),
            open: dice.range(0.5, 0.95),
            turn: dice.range(0.0, std::f32::consts::TAU),
            petals: floor(petals),
            layers,
            petal: colour.mix(Rgb::hex(dice.pick(petal)), 0.35),
            throat: Rgb::hex(throat),
            heart: Rgb::hex(heart),
            heart_size,
            blur: far * 0.03 + 0.002,
            salt: dice.next() as u32,
        };
        stem(frame, &flower, leaf * light, dice);
        bloom(frame, &flower, light, &air);
    }
    if dice.chance(0.5) {
        super::fields::foreground(sketch, leaf.mix(colour, 0.15), light);
    }
}

/// The garden behind: blurred leaves and lights.
fn garden(frame: &mut Frame, air: &Air, dice: &mut Dice, leaf: Rgb, light: Rgb) {
    let aspect = frame.aspect();
    let mut veil = Veil::new(frame, 64);
    let (ox, oy) = (dice.unit(), dice.unit());
    let sky = air.horizon * 0.55;
    let fall = dice.range(-0.2, 0.5);
    veil.shade(|x, y| {
        let tone = soft().at(x * 0.3 + ox, y * 0.3 + oy);
        let open = smooth(0.45, 0.0, y + fall) * 0.8;
        (leaf.mix(sky, open) * light * (0.35 + 1.2 * tone), 1.0)
    });
    let accent = Rgb::hex(dice.pick(&[0xc8a850, 0x9a5a70, 0x6a7ab0, 0xd0d0b0, 0x8a9a40, 0x40522c]));
    for n in 0..46 {
        let centre = (dice.unit() * aspect, dice.unit());
        let size = dice.range(0.03, 0.13);
        let tint = if n % 6 == 0 {
            accent
        } else {
            leaf * dice.range(0.25, 1.7)
        };
        veil.spot(
            centre,
            (size, size * dice.range(0.6, 1.8)),
            0.7,
            tint * light,
            0.55,
        );
    }
    veil.blur(0.05);
    veil.cover(frame);
    let ring = dice.range(0.0, 0.4);
    let size = dice.range(0.02, 0.06);
    let many = dice.pick(&[0, 0, 12, 26, 40]);
    for _ in 0..many {
        let centre = (dice.unit() * aspect, dice.unit() * dice.unit() * 0.8);
        let glow =
            (air.sun * 0.05 + air.horizon * 0.08).mix(leaf * light, 0.35) * dice.range(0.3, 1.5);
        disc(frame, centre, size * dice.range(0.6, 1.3), ring, glow);
    }
}

fn stem(frame: &mut Frame, flower: &Flower, leaf: Rgb, dice: &mut Dice) {
    let pixel = frame.pixel();
    let (bow, foot) = (dice.range(-0.12, 0.12), dice.range(-0.08, 0.08));
    let wide = flower.radius * 0.045 + flower.blur * 0.3;
    let edge = (flower.blur).max(pixel);
    for row in frame.row(flower.centre.1)..frame.height {
        let y = (row as f32 + 0.5) * pixel;
        let t = y - flower.centre.1;
        let middle = flower.centre.0 + foot * t + bow * t * t;
        let first = ((middle - wide - edge) / pixel).clamp(0.0, frame.width as f32) as usize;
        let last = ((middle + wide + edge) / pixel + 1.0).clamp(0.0, frame.width as f32) as usize;
        for column in first..last {
            let side = ((column as f32 + 0.5) * pixel - middle) / wide;
            let cover = smooth(wide + edge, wide - edge, (side * wide).abs());
            let round = 1.15 - 0.5 * side;
            let at = row * frame.width + column;
            frame.pixels[at] = frame.pixels[at].mix(leaf * round, cover);
        }
    }
}

fn bloom(frame: &mut Frame, flower: &Flower, light: Rgb, air: &Air) {
    let pixel = frame.pixel();
    let r = flower.radius + flower.blur;
    let (cx, cy) = flower.centre;
    let first = ((cx - r) / pixel).clamp(0.0, frame.width as f32) as usize;
    let last = ((cx + r) / pixel + 1.0).clamp(0.0, frame.width as f32) as usize;
    let step = flower.petals / std::f32::consts::TAU;
    let edge = (flower.blur.max(pixel) / flower.radius).max(0.01);
    let through = air.sun * 0.12 + air.glow * 0.05;
    for row in frame.row(cy - r)..frame.row(cy + r) {
        let dy = ((row as f32 + 0.5) * pixel - cy) / flower.radius / flower.open;
        for column in first..last {
            let dx = ((column as f32 + 0.5) * pixel - cx) / flower.radius;
            let d = (dx * dx + dy * dy).sqrt();
            if d > 1.2 {
                continue;
            }
            let at = row * frame.width + column;
            let mut seen = frame.pixels[at];
            let angle = turn_of(dx, dy) + flower.turn;
            for layer in 0..flower.layers {
                let shift = layer as f32 * 0.5;
                let place = angle * step + shift;
                let number = floor(place);
                let index = (number as i32).rem_euclid(flower.petals as i32);
                let own = |k: u32| hash01(index, layer as i32, flower.salt + k);
                let across = (place - number - 0.5 + (own(0) - 0.5) * 0.22) * 2.0;
                let long = (1.0 - 0.2 * own(1)) * (1.0 - 0.17 * layer as f32);
                let along = d / long;
                let ragged = (soft().at(place * 0.21, along * 0.13 + own(2)) - 0.5) * 0.12;
                // A petal is narrow at its foot, wide beyond the middle, round at its end.
                let wide = (0.35 + 1.25 * along * (1.25 - 0.55 * along)).min(1.25) * 0.98;
                let tip = 1.0 - 0.22 * across * across + ragged;
                let cover = smooth(wide + edge * 2.0, wide - edge * 2.0, across.abs())
                    * smooth(tip + edge, tip - edge, along);
                if cover <= 0.0 {
                    continue;
                }
                let vein = soft().at(across * 0.9 + own(3) * 3.0, along * 0.16) - 0.5;
                let fold = 0.86 + 0.26 * across * (own(4) - 0.35) - 0.22 * across * across;
                let depth = smooth(0.1, 0.75, along);
                let tint = flower.throat.mix(flower.petal, 0.25 + 0.75 * depth);
                let shade =
                    light * (fold + 0.35 * vein) * (0.62 + 0.38 * depth) * lerp(0.75, 1.0, own(5));
                let glow = through * (0.4 + 0.8 * (-dy).max(0.0));
                seen = seen.mix(tint * (shade + glow), cover);
            }
            let heart = smooth(flower.heart_size + edge, flower.heart_size - edge * 0.5, d);
            if heart > 0.0 {
                let (hx, hy) = (dx / flower.heart_size, dy / flower.heart_size);
                let seeds = heads().at(dx * 0.55 + 0.3, dy * 0.55 + 0.6);
                let round = (1.0 - 0.5 * (hx * hx + hy * hy)).max(0.1);
                let lit = 0.55 + 0.5 * round - 0.3 * hy * 0.6;
                seen = seen.mix(flower.heart * light * (lit * (0.55 + 0.85 * seeds)), heart);
            } else {
                let near = smooth(flower.heart_size + 0.22, flower.heart_size, d);
                seen = seen * (1.0 - 0.25 * near * smooth(1.1, 0.9, d));
            }
            frame.pixels[at] = seen;
        }
    }
}

/// The angle of a direction, in radians from zero to a full turn; good to a thousandth.
fn turn_of(x: f32, y: f32) -> f32 {
    let (ax, ay) = (x.abs().max(1e-6), y.abs());
    let (small, large) = if ax < ay { (ax, ay) } else { (ay, ax) };
    let t = small / large;
    let mut angle = t * (0.9953 + t * t * (-0.2887 + t * t * 0.0793));
    if ay > ax {
        angle = std::f32::consts::FRAC_PI_2 - angle;
    }
    if x < 0.0 {
        angle = std::f32::consts::PI - angle;
    }
    if y < 0.0 {
        std::f32::consts::TAU - angle
    } else {
        angle
    }
}
