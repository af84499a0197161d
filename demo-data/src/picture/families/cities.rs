//! Skylines: blocks in the haze by day, windows by night, their lights on the water.

use crate::picture::colour::Rgb;
use crate::picture::dice::Dice;
use crate::picture::frame::Frame;
use crate::picture::kinds::Light;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{exp, floor, lerp, smooth};
use crate::picture::noise::{hash01, soft};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;
use crate::picture::veil::Veil;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "city",
    subjects: &["skyline", "city on the river", "rooftops", "city lights"],
    lights: &[
        Light::Dawn,
        Light::Morning,
        Light::Afternoon,
        Light::Overcast,
        Light::Golden,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
        Light::Dusk,
        Light::Night,
        Light::Night,
        Light::Mist,
    ],
    portrait: 0.25,
    draw,
};

/// How many windows are lit, and how bright they are against the remaining daylight.
fn lamps(light: Light) -> (f32, f32) {
    match light {
        Light::Night => (0.34, 0.8),
        Light::Dusk => (0.28, 0.7),
        Light::Afterglow => (0.14, 0.7),
        Light::Sunset => (0.05, 1.0),
        _ => (0.0, 0.0),
    }
}

/// One block of the skyline.
struct Block {
    left: f32,
    right: f32,
    top: f32,
    /// Where its lit side ends, as a part of its width.
    corner: f32,
    wall: Rgb,
    /// Width and height of a window's cell.
    cell: (f32, f32),
    /// How much of it is lit, against the average.
    lamps: f32,
    salt: u32,
}

fn draw(sketch: &mut Sketch<'_>) {
    if sketch.composition == 3 {
        bokeh(sketch);
        return;
    }
    let river = sketch.composition == 1;
    let horizon = if river {
        sketch.dice.range(0.6, 0.68)
    } else {
        sketch.dice.range(0.66, 0.8)
    };
    let sun = if sketch.dice.chance(0.5) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let air = sketch.air(horizon, 1.5, sun);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, if river { horizon + 0.01 } else { 1.0 });
    let lamps = lamps(sketch.light);
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let town = Rgb::hex(0xd89058) * (lamps.0 * 0.35);
    frame.shade(0.0, horizon, |_, y, under| {
        under + town * exp(-(horizon - y) * 6.0)
    });
    let layers = 4 + dice.below(2);
    let tallest = dice.range(0.16, 0.42);
    let centre = dice.range(0.25, 0.75);
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let foot = if river {
            horizon
        } else {
            lerp(horizon, 1.02, depth * depth)
        };
        let blocks = row_of_blocks(dice, frame.aspect(), foot, depth, tallest, centre, !river);
        for block in &blocks {
            raise(
                frame,
                &air,
                block,
                if river { foot } else { 1.0 },
                depth,
                lamps,
            );
        }
    }
    if river {
        water(frame, &air, horizon, dice);
    }
}

fn row_of_blocks(
    dice: &mut Dice,
    aspect: f32,
    foot: f32,
    depth: f32,
    tallest: f32,
    centre: f32,
    near: bool,
) -> Vec<Block> {
    let mut blocks = Vec::new();
    let grow = if near {
        lerp(0.45, 1.15, depth)
    } else {
        lerp(0.6, 1.0, depth)
    };
    let mut left = -0.05;
    while left < aspect {
        let width = dice.range(0.022, 0.07) * grow;
        let place = (left / aspect - centre) * 2.2;
        let tower = exp(-place * place) * dice.range(0.1, 1.0) * dice.range(0.4, 1.0);
        let height =
            (0.035 + dice.range(0.0, 0.06)) * grow + tallest * tower * lerp(1.0, 0.55, depth);
        let cell = dice.range(0.006, 0.0095) * grow;
        let tint = dice.pick(&[
            0x8a8680, 0x9a8f84, 0x6f7680, 0xa89c90, 0x7c6a60, 0x5c646c, 0xb0aaa0,
        ]);
        let block = Block {
            left,
            right: left + width,
            top: foot - height,
            corner: dice.range(0.15, 0.85),
            wall: Rgb::hex(tint),
            cell: (cell * dice.range(0.6, 1.3), cell * dice.range(0.9, 1.4)),
            lamps: dice.range(0.25, 1.5),
            salt: dice.next() as u32,
        };
        // Some step back towards the top, some carry a mast.
        if tower > 0.25 && dice.chance(0.6) {
            let inset = width * dice.range(0.12, 0.3);
            let step = Block {
                left: left + inset,
                right: left + width - inset * dice.unit(),
                top: block.top - height * dice.range(0.05, 0.2),
                ..block
            };
            if dice.chance(0.5) {
                let middle = 0.5 * (step.left + step.right);
                blocks.push(Block {
                    left: middle,
                    right: middle + 0.0022 * grow,
                    top: step.top - dice.range(0.02, 0.06),
                    cell: (1.0, 1.0),
                    ..block
                });
            }
            blocks.push(step);
        }
        blocks.push(block);
        left += width * dice.range(0.55, 1.15);
    }
    blocks
}

fn raise(frame: &mut Frame, air: &Air, block: &Block, foot: f32, depth: f32, lamps: (f32, f32)) {
    let pixel = frame.pixel();
    let through = air.through(lerp(1.9, 0.2, depth));
    // Facades turn one side to the sun.
    let side = air.towards[0];
    let lit = air.on([side.signum() * 0.7, 0.2, -0.65], 1.0) * 0.8;
    let dark = air.on([-side.signum() * 0.75, 0.2, -0.6], 0.35) * 0.75;
    let glass = air.sky(0.25) * 0.45;
    let sharp = smooth(3.2 * block.cell.1, 1.2 * block.cell.1, pixel);
    let warm = [0xffc070, 0xffd8a0, 0xfff0d8, 0xffb060, 0xd8e8ff].map(Rgb::hex);
    let first = ((block.left / pixel) as i32).max(0) as usize;
    let last = ((block.right / pixel) as i32 + 1).clamp(0, frame.width as i32) as usize;
    let fog = air.distance(air.view.across(0.5 * (block.left + block.right)));
    // The values that only depend on the column: coverage, side, number of the window, pane.
    let columns: Vec<(f32, Rgb, i32, f32)> = (first..last)
        .map(|column| {
            let x = (column as f32 + 0.5) * pixel;
            let edge = ((x - block.left) / pixel + 0.5).min((block.right - x) / pixel + 0.5);
            let across = (x - block.left) / (block.right - block.left);
            let sunny = (across < block.corner) == (side < 0.0);
            let u = (x - block.left) / block.cell.0;
            let part = u - floor(u);
            let pane = smooth(0.12, 0.3, part) * smooth(0.92, 0.75, part);
            let wall = block.wall * if sunny { lit } else { dark };
            (edge.clamp(0.0, 1.0), wall, floor(u) as i32, pane)
        })
        .collect();
    let lit_part = lamps.0 * block.lamps;
    for row in frame.row(block.top - pixel)..frame.row(foot) {
        let y = (row as f32 + 0.5) * pixel;
        let roof = ((y - block.top) / pixel + 0.5).clamp(0.0, 1.0);
        let v = (y - block.top) / block.cell.1;
        let (floor_v, part_v) = (floor(v), v - floor(v));
        // Streets glow and fume: walls fade towards their feet.
        let low = smooth(0.0, 0.3, y - block.top) * 0.3 * (1.0 - 0.6 * depth);
        let pane_v = smooth(0.2, 0.36, part_v) * smooth(0.9, 0.74, part_v);
        for (column, (edge, wall, number_u, pane_u)) in (first..last).zip(&columns) {
            let x = (column as f32 + 0.5) * pixel;
            let stain = soft().at(x * 2.0 + block.corner, y * 2.6) - 0.5;
            let pane = lerp(0.4, pane_u * pane_v, sharp);
            let number = hash01(*number_u, floor_v as i32, block.salt);
            let mut light =
                (*wall * (1.0 + 0.6 * stain)).mix(glass * (0.5 + 0.7 * number), pane * 0.42);
            if number < lit_part && v > 1.0 {
                let colour = warm[(number / lit_part * 4.99) as usize];
                let strength = hash01(floor_v as i32, *number_u, block.salt ^ 77);
                light += colour * (pane * lamps.1 * (0.08 + 1.5 * strength * strength * strength));
            }
            let at = row * frame.width + column;
            let seen = fog.mix(light, (through - low).max(0.05));
            frame.pixels[at] = frame.pixels[at].mix(seen, roof * edge);
        }
    }
}

/// The skyline again, upside down, drawn out by waves.
fn water(frame: &mut Frame, air: &Air, horizon: f32, dice: &mut Dice) {
    let (ox, oy) = (dice.unit(), dice.unit());
    let rough = dice.range(0.5, 1.3);
    let image = frame.clone();
    let line = frame.row(horizon) as f32 * frame.pixel();
    let body = Rgb::hex(0x1c2c34) * air.ambient * 0.6;
    frame.shade(horizon, 1.0, |x, y, _| {
        let depth = y - line;
        let near = 1.0 / (depth + 0.05);
        let wave = soft().at((x - 0.7) * near * 0.12 + ox, near * 0.9 + oy) - 0.5;
        let chop = soft().at((x - 0.7) * near * 0.5 + oy, near * 3.4 + ox) - 0.5;
        let bend = (wave + chop) * rough * (0.02 + depth * 0.9);
        let source = (line - depth * 1.05 - 0.002 + bend).clamp(0.0, line - 0.004);
        let side = x + chop * rough * 0.02;
        let mirrored = image.light_at(side, source).mix(
            image.light_at(side, (source + bend * 0.8 + 0.02).min(line - 0.004)),
            0.5,
        );
        let glint = air.sky(0.3) * ((wave + chop).max(0.0) * 0.25);
        body.mix(mirrored * 0.86, 0.86 - 0.25 * depth) + glint
    });
}

/// Only lamps, far out of focus.
fn bokeh(sketch: &mut Sketch<'_>) {
    let night = matches!(sketch.light, Light::Night | Light::Dusk | Light::Afterglow);
    let air = sketch.air(0.6, 1.4, Sun::Ahead);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, 1.0);
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let aspect = frame.aspect();
    let dim = if night { 0.35 } else { 0.6 };
    let street = Rgb::hex(dice.pick(&[0x2a2430, 0x1e2838, 0x302822]));
    let mut back = Veil::new(frame, 60);
    back.shade(|x, y| {
        let smoke = soft().at(x * 0.3, y * 0.3 + 0.3);
        (
            street * (0.3 + smoke) * (0.2 + air.ambient.luma() * 2.0),
            dim + (1.0 - dim) * smooth(0.35, 0.7, y),
        )
    });
    for _ in 0..26 {
        let centre = (dice.unit() * aspect, dice.range(0.2, 0.9));
        let size = (dice.range(0.02, 0.12), dice.range(0.1, 0.4));
        let wall =
            Rgb::hex(dice.pick(&[0x30303a, 0x40362e, 0x222a36])) * (0.2 + air.ambient.luma());
        back.spot(centre, size, 0.5, wall, 0.6);
    }
    back.blur(0.04);
    back.cover(frame);
    let lamps = [
        0xffb050, 0xffc880, 0xff8040, 0xfff0d0, 0xff4838, 0x60c0a0, 0x70a8ff, 0xffa8c0,
    ]
    .map(Rgb::hex);
    let size = dice.range(0.016, 0.06);
    let row = dice.range(0.45, 0.7);
    let ring = dice.range(0.0, 0.5);
    for n in 0..(30 + dice.below(50)) {
        let far = (n % 3) as f32 / 2.0;
        let y = row + (dice.unit() + dice.unit() + dice.unit() - 1.5) * 0.3;
        let x = dice.range(-0.05, 1.05) * aspect;
        let radius = size * dice.range(0.7, 1.1) * (1.0 + far * 0.5);
        let light = dice.pick(&lamps) * dice.range(0.06, 0.4);
        disc(frame, (x, y), radius, ring, light);
        if y > row {
            disc(
                frame,
                (x, (2.0 * row - y).abs()),
                radius * 0.8,
                ring,
                light * 0.5,
            );
        }
    }
}

/// A lamp out of focus: a disc of light, a little brighter at its rim.
pub(super) fn disc(frame: &mut Frame, centre: (f32, f32), radius: f32, ring: f32, light: Rgb) {
    let pixel = frame.pixel();
    let soft_edge = (pixel * 1.2).max(radius * 0.06);
    let columns = |c: f32| ((c / pixel) as i32).clamp(0, frame.width as i32) as usize;
    let (left, right) = (
        columns(centre.0 - radius),
        columns(centre.0 + radius + pixel),
    );
    for row in frame.row(centre.1 - radius)..frame.row(centre.1 + radius + pixel) {
        let dy = (row as f32 + 0.5) * pixel - centre.1;
        for column in left..right {
            let dx = (column as f32 + 0.5) * pixel - centre.0;
            let d = (dx * dx + dy * dy).sqrt();
            let inside = smooth(radius, radius - soft_edge, d);
            let rim = 1.0 - ring + ring * 1.6 * smooth(radius * 0.5, radius, d);
            frame.pixels[row * frame.width + column] += light * (inside * rim);
        }
    }
}
