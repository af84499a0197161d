//! People against the light: a profile, one person on a hill, two at the water.

use tiny_skia::{Path, PathBuilder, Transform};

use super::cities::disc;
use crate::picture::colour::Rgb;
use crate::picture::dice::Dice;
use crate::picture::frame::{Cut, Frame};
use crate::picture::kinds::Light;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{lerp, smooth};
use crate::picture::noise::soft;
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;
use crate::picture::veil::Veil;
use crate::picture::water::Surface;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "people",
    subjects: &[
        "profile against the light",
        "alone on the hill",
        "two at the sea",
        "evening portrait",
    ],
    lights: &[
        Light::Dawn,
        Light::Sunrise,
        Light::Golden,
        Light::Golden,
        Light::Sunset,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
        Light::Mist,
    ],
    portrait: 0.5,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    match sketch.composition {
        1 => hill(sketch),
        2 => shore(sketch),
        _ => profile(sketch),
    }
}

/// A face from the side, looking right; the head is one high, its top at the origin.
#[rustfmt::skip]
const FACE: [[f32; 6]; 20] = [
    [-0.95, 1.75, -0.75, 1.55, -0.35, 1.42],
    [-0.12, 1.35, 0.02, 1.28, 0.06, 1.08],
    [0.06, 0.98, 0.0, 0.9, -0.03, 0.8],
    [-0.13, 0.62, -0.13, 0.35, 0.0, 0.2],
    [0.12, 0.03, 0.30, -0.02, 0.44, 0.01],
    [0.59, 0.05, 0.67, 0.16, 0.68, 0.3],
    [0.68, 0.36, 0.665, 0.4, 0.675, 0.43],
    [0.71, 0.50, 0.755, 0.56, 0.775, 0.60],
    [0.78, 0.635, 0.735, 0.65, 0.70, 0.66],
    [0.695, 0.685, 0.725, 0.695, 0.727, 0.715],
    [0.725, 0.73, 0.70, 0.737, 0.695, 0.743],
    [0.715, 0.752, 0.718, 0.78, 0.70, 0.797],
    [0.685, 0.81, 0.688, 0.835, 0.695, 0.86],
    [0.70, 0.925, 0.65, 0.97, 0.58, 0.975],
    [0.49, 0.975, 0.41, 0.955, 0.37, 0.99],
    [0.34, 1.04, 0.36, 1.20, 0.44, 1.29],
    [0.52, 1.36, 0.70, 1.42, 0.84, 1.52],
    [1.0, 1.65, 1.05, 1.9, 1.08, 2.6],
    [0.5, 2.6, -0.5, 2.6, -1.0, 2.6],
    [-1.0, 2.5, -1.0, 2.45, -1.0, 2.4],
];

fn face() -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(-1.0, 2.4);
    for [a, b, c, d, e, f] in FACE {
        path.cubic_to(a, b, c, d, e, f);
    }
    path.close();
    path.finish()
}

/// Hair in some fashions: a bun, long, full, or short as the head itself.
fn hair(fashion: usize) -> Option<Path> {
    let mut path = PathBuilder::new();
    match fashion {
        0 => path.push_circle(-0.16, 0.22, 0.17),
        1 => {
            path.move_to(0.52, 0.0);
            path.cubic_to(0.2, -0.12, -0.12, 0.02, -0.17, 0.35);
            path.cubic_to(-0.25, 0.8, -0.36, 1.2, -0.3, 1.6);
            path.cubic_to(-0.1, 1.7, 0.15, 1.6, 0.22, 1.5);
            path.cubic_to(0.28, 1.2, 0.3, 0.8, 0.4, 0.6);
            path.close();
        }
        2 => {
            path.push_circle(0.2, 0.26, 0.36);
            path.push_circle(0.02, 0.42, 0.28);
            path.push_circle(0.38, 0.14, 0.24);
        }
        _ => path.push_circle(0.25, 0.3, 0.31),
    }
    path.finish()
}

/// A standing person, one high, feet at the origin; `stride` opens the legs.
fn person(stride: f32, coat: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_oval(tiny_skia::Rect::from_xywh(-0.048, -1.0, 0.096, 0.125)?);
    path.move_to(-0.028, -0.9);
    path.cubic_to(-0.04, -0.85, -0.11, -0.85, -0.125, -0.81);
    path.cubic_to(-0.15, -0.7, -0.15, -0.55, -0.135, -0.44);
    path.line_to(-0.105, -0.44);
    path.cubic_to(-0.1, -0.5, -0.1, -0.55, -0.095, -0.6);
    path.line_to(-0.09 - coat, -0.42);
    path.cubic_to(
        -0.08 - stride * 0.5,
        -0.3,
        -0.07 - stride,
        -0.15,
        -0.06 - stride,
        0.0,
    );
    path.line_to(0.01 - stride, 0.0);
    path.cubic_to(0.0 - stride * 0.5, -0.2, 0.0, -0.35, 0.005, -0.42);
    path.cubic_to(0.02, -0.3, 0.02 + stride * 0.7, -0.15, 0.02 + stride, 0.0);
    path.line_to(0.09 + stride, 0.0);
    path.cubic_to(0.08 + stride * 0.6, -0.2, 0.085, -0.3, 0.09 + coat, -0.42);
    path.line_to(0.095, -0.6);
    path.cubic_to(0.1, -0.55, 0.1, -0.5, 0.105, -0.44);
    path.line_to(0.135, -0.44);
    path.cubic_to(0.15, -0.55, 0.15, -0.7, 0.125, -0.81);
    path.cubic_to(0.11, -0.85, 0.04, -0.85, 0.028, -0.9);
    path.close();
    path.finish()
}

/// Moves a unit path to its place.
fn placed(path: Option<Path>, x: f32, y: f32, size: f32, mirrored: bool) -> Option<Path> {
    let across = if mirrored { -size } else { size };
    path?.transform(Transform::from_row(across, 0.0, 0.0, size, x, y))
}

/// Fills a figure with its dark side, frays its edge and lets the sun draw its rim.
fn figure(frame: &mut Frame, air: &Air, cut: &Cut, size: f32, tint: Rgb, fray: f32) {
    let pixel = frame.pixel();
    let sun_x = air.sun_at.0 * air.view.focal + frame.aspect() * 0.5;
    let sun_y = air.view.horizon - air.sun_at.1.max(0.05) * air.view.focal;
    let (width, height) = (frame.width as f32, frame.height as f32);
    let cover = |x: f32, y: f32| {
        let column = (x / pixel).clamp(0.0, width - 1.0) as usize;
        let row = (y / pixel).clamp(0.0, height - 1.0) as usize;
        cut.at(column, row)
    };
    let dark = tint * (air.ambient * 0.32 + air.horizon * 0.02);
    for row in cut.rows() {
        let y = (row as f32 + 0.5) * pixel;
        for column in cut.columns() {
            let x = (column as f32 + 0.5) * pixel;
            let under = frame.pixels[row * frame.width + column];
            if cut.at(column, row) <= 0.0 && fray < 0.02 {
                continue;
            }
            let wisp = (soft().at(x / size * 0.5, y / size * 0.32) - 0.5) * fray * size;
            let here = cover(x + wisp, y + wisp * 0.5);
            if here <= 0.0 {
                continue;
            }
            let (dx, dy) = (sun_x - x, sun_y - y);
            let reach = size * 0.022 / (dx * dx + dy * dy).sqrt().max(0.05);
            let rim = (here - cover(x + wisp + dx * reach, y + wisp * 0.5 + dy * reach)).max(0.0);
            let reach = reach * 2.6;
            let wide = (here - cover(x + wisp + dx * reach, y + wisp * 0.5 + dy * reach)).max(0.0);
            let cloth = soft().at(x / size * 0.7, y / size * 0.7) - 0.5;
            let lit = dark * (1.0 + 0.9 * cloth)
                + (air.sun * 0.13 + air.glow * 0.22) * (rim * 0.7 + wide * 0.22);
            frame.pixels[row * frame.width + column] = under.mix(lit, here);
        }
    }
}

fn profile(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.7, 0.9);
    let air = sketch.air(horizon, 1.5, Sun::Ahead);
    let sky = Sky::new(&air, &mut sketch.dice);
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let aspect = frame.aspect();
    // Everything behind is out of focus.
    let mut veil = Veil::new(frame, 72);
    let land =
        Rgb::hex(dice.pick(&[0x4a4a3a, 0x3a4650, 0x5a4a3c])) * (air.ambient + air.sun * 0.08);
    let (ox, rise) = (dice.unit(), dice.range(0.0, 0.25));
    let view = air.view;
    veil.shade(|x, y| {
        let top = horizon - (soft().at(x * 0.2 + ox, 0.4) - 0.3) * rise;
        let seen = sky.light(view.across(x), view.up(y.min(horizon)));
        let fog = air.distance(view.across(x));
        (
            seen.mix(
                fog.mix(land, 0.55 + 0.4 * (y - top)),
                smooth(top, top + 0.03, y),
            ),
            1.0,
        )
    });
    veil.blur(0.03);
    veil.cover(frame);
    if dice.chance(0.4) {
        for _ in 0..22 {
            let centre = (dice.unit() * aspect, dice.range(0.35, 1.0));
            disc(
                frame,
                centre,
                dice.range(0.02, 0.05),
                0.2,
                (air.sun + air.glow) * dice.range(0.03, 0.12),
            );
        }
    }
    let size = dice.range(0.44, 0.62);
    let mirrored = dice.chance(0.5);
    let middle = aspect
        * if mirrored {
            dice.range(0.52, 0.74)
        } else {
            dice.range(0.26, 0.48)
        };
    let (x, y) = (
        middle - size * 0.25 * if mirrored { -1.0 } else { 1.0 },
        dice.range(0.14, 0.26),
    );
    let mut cut = Cut::empty(frame.width, frame.height);
    let fashion = dice.below(4);
    for path in [
        placed(face(), x, y, size, mirrored),
        placed(hair(fashion), x, y, size, mirrored),
    ]
    .into_iter()
    .flatten()
    {
        cut.add(&path);
    }
    let tint = Rgb::hex(dice.pick(&[0x6a5448, 0x50443c, 0x7a6458]));
    figure(frame, &air, &cut, size, tint, 0.028);
}

fn hill(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.74, 0.86);
    let air = sketch.air(horizon, 1.4, Sun::Ahead);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, (horizon + 0.1).min(1.0));
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let (aspect, pixel) = (frame.aspect(), frame.pixel());
    let (ox, swing) = (dice.unit(), dice.range(0.05, 0.22));
    let top = |x: f32| {
        horizon - (soft().at(x * 0.11 + ox, 0.7) - 0.45) * swing - soft().at(x * 3.0, ox) * 0.012
    };
    let earth = Rgb::hex(dice.pick(&[0x4a4630, 0x3c4230, 0x54483a]));
    let far = soft();
    for (depth, lift) in [(1.6, 0.05), (0.9, 0.02)] {
        frame.shade(horizon - 0.3, 1.0, |x, y, under| {
            let ridge = horizon - lift - (far.at(x * 0.17 + ox * 3.0, depth) - 0.35) * 0.16;
            let fog = air.distance(air.view.across(x));
            under.mix(
                fog.mix(earth * air.ambient, air.through(depth)),
                smooth(ridge - pixel, ridge + pixel, y),
            )
        });
    }
    let x = aspect * dice.pick(&[0.33, 0.38, 0.62, 0.67]);
    let size = dice.range(0.13, 0.3);
    let mut cut = Cut::empty(frame.width, frame.height);
    let people = if dice.chance(0.35) { 2 } else { 1 };
    for n in 0..people {
        let at = x + n as f32 * size * dice.range(0.3, 0.6);
        let tall = size * if n == 0 { 1.0 } else { dice.range(0.6, 0.96) };
        let shape = person(dice.range(0.0, 0.07), dice.pick(&[0.0, 0.02, 0.05]));
        if let Some(path) = placed(shape, at, top(at) + 0.012, tall, dice.chance(0.5)) {
            cut.add(&path);
        }
    }
    figure(frame, &air, &cut, size, Rgb::hex(0x4a4440), 0.012);
    frame.shade(horizon - 0.3, 1.0, |x, y, under| {
        let edge = top(x);
        let grass = soft().at(x * 2.6, y * 2.6 + ox) - 0.5;
        let lit = earth
            * (air.ambient * 0.35 + air.sun * (0.10 * smooth(0.05, 0.0, y - edge)))
            * (1.0 + 1.3 * grass);
        under.mix(lit, smooth(-pixel * 1.5, pixel * 1.5, y - edge))
    });
}

fn shore(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.5, 0.66);
    let air = sketch.air(horizon, 1.4, Sun::Ahead);
    let sky = Sky::new(&air, &mut sketch.dice);
    sky.paint(sketch.frame, horizon);
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let rough = dice.range(0.4, 1.0);
    Surface::new(dice, rough, 0.16, Rgb::hex(0x14303c)).paint(frame, &sky);
    let aspect = frame.aspect();
    let (size, foot) = (dice.range(0.2, 0.38), dice.range(0.78, 0.9));
    let x = aspect * dice.range(0.25, 0.72);
    let mut cut = Cut::empty(frame.width, frame.height);
    let mut image = Cut::empty(frame.width, frame.height);
    let gap = dice.range(0.22, 0.5);
    for n in 0..2 {
        let tall = size * lerp(1.0, dice.range(0.55, 0.95), n as f32);
        let (stride, coat, mirrored) = (
            dice.range(0.0, 0.06),
            dice.pick(&[0.0, 0.03, 0.06]),
            dice.chance(0.5),
        );
        let at = x + n as f32 * size * gap;
        if let Some(path) = placed(person(stride, coat), at, foot, tall, mirrored) {
            cut.add(&path);
        }
        if let Some(path) = placed(person(stride, coat), at, foot, -tall * 0.9, mirrored) {
            image.add(&path);
        }
    }
    wet_sand(frame, &air, &sky, &image, foot, dice);
    figure(frame, &air, &cut, size, Rgb::hex(0x4a4440), 0.01);
}

/// Wet sand before the sea, which mirrors sky and figures.
fn wet_sand(frame: &mut Frame, air: &Air, sky: &Sky<'_>, image: &Cut, foot: f32, dice: &mut Dice) {
    let (ox, pixel) = (dice.unit(), frame.pixel());
    let (width, height, horizon) = (frame.width, frame.height, air.view.horizon);
    let edge = lerp(horizon, foot, 0.6);
    let sand = Rgb::hex(0x6c6050) * (air.ambient * 0.7 + air.sun * 0.06);
    frame.shade(edge - 0.05, 1.0, |x, y, under| {
        let near = 1.0 / (y - horizon + 0.05);
        let fine = soft().at(x * near * 0.4, near * 1.4 + ox) - 0.5;
        let line = edge + (soft().at(x * 0.5 + ox, 0.1) - 0.5) * 0.08 + fine * 0.01;
        let mirrored = sky.light(
            air.view.across(x),
            (y - horizon) / air.view.focal + 0.05 * fine.abs(),
        );
        let wet = smooth(0.75, 0.25, (y - line) * 1.6 + fine * 0.4) * 0.75;
        let mut light = (sand * (1.0 + 0.7 * fine)).mix(mirrored * 0.85, wet);
        let column = ((x + fine * 0.012) / pixel).clamp(0.0, width as f32 - 1.0) as usize;
        let row = (y / pixel).clamp(0.0, height as f32 - 1.0) as usize;
        light = light * (1.0 - 0.72 * image.at(column, row));
        let foam = smooth(0.016, 0.0, (y - line).abs() - fine.max(0.0) * 0.02);
        under
            .mix(light, smooth(-0.004, 0.004, y - line))
            .mix(air.cloud_lit * 0.8, foam * 0.6)
    });
}
