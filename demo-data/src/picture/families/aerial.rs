//! Straight down from high above: surf, woods, fields.

use crate::picture::colour::Rgb;
use crate::picture::dice::Dice;
use crate::picture::frame::Frame;
use crate::picture::kinds::Light;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{cos, sin, smooth};
use crate::picture::noise::{broad, hash01, heads, soft, spikes};
use crate::picture::recipe::{Recipe, Sketch};

pub(crate) const RECIPE: Recipe = Recipe {
    name: "aerial",
    subjects: &[
        "surf from above",
        "woods from above",
        "fields from above",
        "lagoon from above",
    ],
    lights: &[
        Light::Morning,
        Light::Noon,
        Light::Afternoon,
        Light::Overcast,
        Light::Golden,
        Light::Golden,
    ],
    portrait: 0.3,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let air = sketch.air(-2.0, 1.0, Sun::Aside);
    let dice = &mut sketch.dice;
    match sketch.composition {
        1 => woods(sketch.frame, &air, dice),
        2 => fields(sketch.frame, &air, dice),
        shape => shore(sketch.frame, &air, dice, shape == 3),
    }
}

/// Turns places of the picture, so that no two pictures have the same direction.
fn turned(dice: &mut Dice) -> impl Fn(f32, f32) -> (f32, f32) + use<> {
    let angle = dice.range(0.0, std::f32::consts::TAU);
    let (c, s) = (cos(angle), sin(angle));
    move |x, y| (x * c - y * s, x * s + y * c)
}

fn shore(frame: &mut Frame, air: &Air, dice: &mut Dice, lagoon: bool) {
    let turn = turned(dice);
    let middle = turn(frame.aspect() * 0.5, 0.5);
    let shift = dice.range(-0.18, 0.18);
    let (ox, oy) = (dice.unit(), dice.unit());
    let sand = Rgb::hex(dice.pick(&[0xd8c09a, 0xe4d3b4, 0xc9a882, 0x8d8070, 0xdcc8a8]));
    let shallow = Rgb::hex(dice.pick(&[0x5fc0b8, 0x58b4b4, 0x76b8a8, 0x6fb0b4]));
    let deep = Rgb::hex(dice.pick(&[0x0c4a66, 0x0a5a70, 0x10425c, 0x1a4a56]));
    let swing = if lagoon { 1.1 } else { 0.45 };
    let light = air.sun * 0.28 + air.ambient * 0.8;
    let (soft, broad) = (soft(), broad());
    let spread = dice.range(0.25, 0.6);
    frame.shade(0.0, 1.0, |x, y, _| {
        let (u, v) = turn(x, y);
        let bend = broad.at(u * 0.22 + ox, v * 0.22 + oy) - 0.5;
        let ragged = soft.at(u * 0.6 + oy, v * 0.6 + ox) - 0.5;
        // How far out in the water a place is.
        let out = (v - middle.1) + shift + bend * swing + ragged * 0.12;
        let fine = soft.at(u * 3.0 + ox, v * 3.0) - 0.5;
        let floor = soft.at(u * 0.9, v * 0.9 + ox) - 0.5;
        let depth = (out / spread + floor * 0.5 * smooth(0.0, 0.2, out)).max(0.0);
        let wet = smooth(-0.07, 0.0, out + fine * 0.02);
        let ground = sand * (1.0 + fine * 0.28 + floor * 0.3) * (1.0 - 0.34 * wet);
        let water =
            deep.mix(shallow, fading(depth * 2.2)) * (1.0 + fine * 0.22 * smooth(0.1, 0.4, depth));
        let mut c = ground.mix(
            water,
            smooth(0.0, 0.05, out) * (1.0 - 0.65 * fading(depth * 9.0)),
        );
        if !(-0.2..0.6).contains(&out) {
            return c * light;
        }
        // Lines of foam, torn where the water falls back.
        let lace = soft.at(u * 1.7 + oy, v * 1.7 + 0.3);
        let net = 1.0 - (soft.at(u * 2.3 + 0.6, v * 2.3 + ox) - 0.5).abs() * 9.0;
        for (at, width, strength) in [(0.0, 0.012, 1.0), (0.075, 0.03, 0.75), (0.19, 0.04, 0.5)] {
            let away = out - at - ragged * 0.10;
            let trail = smooth(-width * 0.35, 0.0, away) * smooth(width * 2.6, 0.0, away);
            let torn = smooth(0.38, 0.62, lace + 0.25 * trail) * (0.5 + 0.5 * net.max(0.0));
            c = c.mix(Rgb::grey(0.93), trail * torn * strength);
        }
        c * light
    });
}

/// An approximation of the exponential of `-x`, cheaper than [`exp`](crate::picture::maths::exp).
fn fading(x: f32) -> f32 {
    1.0 / (1.0 + x * (1.0 + x * (0.5 + x * 0.2)))
}

fn woods(frame: &mut Frame, air: &Air, dice: &mut Dice) {
    let turn = turned(dice);
    let (ox, oy) = (dice.unit(), dice.unit());
    let autumn = dice.chance(0.4);
    let greens: [u32; 3] = if autumn {
        [0x8a5a22, 0xb8862c, 0x5c5a26]
    } else {
        [0x35502a, 0x4a6a34, 0x2c4430]
    };
    let greens = greens.map(Rgb::hex);
    let size = dice.range(0.65, 1.2);
    let crowns = if dice.chance(0.35) { spikes() } else { heads() };
    let way = dice.pick(&[0, 1, 1, 2]);
    let road = Rgb::hex(if way == 1 { 0x8d887e } else { 0x1c3a40 });
    let width = if way == 1 {
        0.02
    } else {
        dice.range(0.06, 0.14)
    };
    let middle = turn(frame.aspect() * 0.5, 0.5);
    let off = dice.range(-0.15, 0.15);
    let lean = (air.towards[0] * 0.014, air.towards[2] * 0.014);
    frame.shade(0.0, 1.0, |x, y, _| {
        let (u, v) = turn(x, y);
        let wander = soft().at(u * 0.16 + ox, v * 0.04) - 0.5;
        let top = |u: f32, v: f32| {
            crowns.at(u * size + ox, v * size + oy) + 0.35 * soft().at(u * 3.0, v * 3.0)
        };
        let here = top(u, v);
        let lit = (here - top(u + lean.0, v + lean.1)) * 1.5 + 0.5;
        let kind = hash01(
            (u * size * 32.0 + ox * 32.0) as i32,
            (v * size * 32.0 + oy * 32.0) as i32,
            5,
        ) * 0.3
            + broad().at(u * 0.4 + oy, v * 0.4) * 1.0;
        let leaf = greens[0]
            .mix(greens[1], smooth(0.35, 0.65, kind))
            .mix(greens[2], smooth(0.68, 0.8, kind));
        let open = 0.3 + 0.7 * smooth(0.0, 0.5, here);
        let mut c = leaf
            * (air.ambient * (0.25 + 0.6 * open) + air.sun * (0.45 * lit.clamp(0.0, 1.4) * open));
        if way > 0 {
            let across = (v - middle.1 + off + wander * 0.9).abs() - here * 0.014;
            let ground = road
                * (air.ambient * 0.8 + air.sun * 0.25)
                * (0.9 + 0.3 * soft().at(u * 4.0, v * 4.0));
            c = ground.mix(
                c,
                smooth(width, width + 0.006, across)
                    * (0.55 + 0.45 * smooth(width, width + 0.05, across)),
            );
        }
        c
    });
}

fn fields(frame: &mut Frame, air: &Air, dice: &mut Dice) {
    let turn = turned(dice);
    let salt = dice.next() as u32;
    let colours = [
        0x9c8a4c, 0x6f7f3c, 0xc2a862, 0x4f6632, 0x8a6a48, 0xb0a058, 0x7d8c4a, 0xc8b040,
    ]
    .map(Rgb::hex);
    let scale = dice.range(2.2, 4.2);
    let light = air.sun * 0.3 + air.ambient * 0.7;
    let pixel = frame.pixel();
    frame.shade(0.0, 1.0, |x, y, _| {
        let (u, v) = turn(x, y);
        let bend = broad().at(u * 0.12, v * 0.12 + 0.3) - 0.5;
        let (u, v) = (u * scale + bend * 1.6, v * scale + bend * 0.9);
        // Strips of different length, each row shifted against the next.
        let row = crate::picture::maths::floor(v);
        let long = 0.4 + 0.9 * hash01(row as i32, 3, salt);
        let along = u * long + hash01(row as i32, 7, salt) * 5.0;
        let cell = crate::picture::maths::floor(along);
        let number = hash01(cell as i32, row as i32, salt);
        let crop = colours[(number * 7.99) as usize];
        let angle = hash01(cell as i32, row as i32, salt + 1);
        let stripes = sin((if angle > 0.5 { v } else { u }) * (60.0 + 60.0 * angle));
        let drill = stripes * smooth(0.02, 0.004, pixel) * 0.09;
        let patch = soft().at(u * 0.22, v * 0.22) - 0.5;
        let speck = soft().at(u * 1.9, v * 1.9) - 0.5;
        let edge = (v - row)
            .min(row + 1.0 - v)
            .min(((along - cell).min(cell + 1.0 - along)) / long);
        let hedge = 0.75
            * smooth(0.04, 0.0, edge + speck * 0.05)
            * smooth(0.42, 0.62, soft().at(u * 0.22, v * 0.22));
        let c = crop * (1.0 + 0.55 * patch + 0.35 * speck + drill);
        let path = smooth(0.02, 0.008, edge);
        let c = c
            .mix(Rgb::hex(0xb4a684), path * 0.6)
            .mix(Rgb::hex(0x2c3c22) * (0.7 + speck), hedge);
        c * light
    });
}
