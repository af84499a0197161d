//! Still lifes: a few things on a table, light from a window at the side.

use crate::picture::colour::Rgb;
use crate::picture::dice::Dice;
use crate::picture::frame::Frame;
use crate::picture::kinds::Light;
use crate::picture::light::Sun;
use crate::picture::maths::{exp, lerp, pow, smooth};
use crate::picture::noise::{heads, soft};
use crate::picture::recipe::{Recipe, Sketch};

pub(crate) const RECIPE: Recipe = Recipe {
    name: "still life",
    subjects: &[
        "fruit on the table",
        "vase by the window",
        "bottles",
        "cups and light",
    ],
    lights: &[
        Light::Morning,
        Light::Afternoon,
        Light::Overcast,
        Light::Golden,
        Light::Winter,
        Light::Sunrise,
    ],
    portrait: 0.45,
    draw,
};

/// The outline of a thing turned on a wheel: half its width at a part of the way down.
type Outline = fn(f32) -> f32;

fn ball(t: f32) -> f32 {
    (t * (1.0 - t)).max(0.0).sqrt() * (1.0 - 0.06 * t)
}

fn pear(t: f32) -> f32 {
    (t * (1.0 - t)).max(0.0).sqrt() * lerp(0.52, 1.0, smooth(0.15, 0.62, t)) * 0.86
}

fn bottle(t: f32) -> f32 {
    lerp(0.055, 0.165, smooth(0.3, 0.46, t)) + 0.012 * smooth(0.05, 0.03, t)
}

fn vase(t: f32) -> f32 {
    0.10 + 0.17 * smooth(0.1, 0.55, t) - 0.13 * smooth(0.6, 1.0, t) + 0.03 * smooth(0.12, 0.0, t)
}

fn jug(t: f32) -> f32 {
    0.2 + 0.1 * smooth(0.1, 0.7, t) - 0.06 * smooth(0.8, 1.0, t)
}

fn cup(t: f32) -> f32 {
    0.52 - 0.14 * t * t - 0.16 * smooth(0.86, 1.0, t)
}

/// A thing on the table.
struct Thing {
    outline: Outline,
    x: f32,
    /// Its place on the table, and its height.
    foot: f32,
    height: f32,
    tint: Rgb,
    blush: Rgb,
    gloss: f32,
    /// Open things show their inside.
    open: bool,
    rough: f32,
    blur: f32,
}

/// The light in the room.
struct Room {
    sun: Rgb,
    fill: Rgb,
    /// Towards the window: rightwards, upwards, towards the camera.
    towards: [f32; 3],
    table: f32,
}

fn draw(sketch: &mut Sketch<'_>) {
    let air = sketch.air(0.3, 1.0, Sun::Aside);
    let composition = sketch.composition;
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let aspect = frame.aspect();
    let side = dice.sign();
    let room = Room {
        sun: air.sun * 0.3 + air.ambient * 0.45,
        fill: air.ambient * 0.34,
        towards: [0.72 * side, 0.42, 0.55],
        table: dice.range(0.58, 0.7),
    };
    backdrop(frame, &room, dice);
    let fruit = dice.below(4);
    let scale = dice.range(1.05, 1.5);
    let count = match composition {
        0 => 3 + dice.below(4),
        1 => 1 + dice.below(3),
        _ => 2 + dice.below(3),
    };
    let mut things = Vec::new();
    let centre = aspect * dice.range(0.42, 0.58);
    for n in 0..count {
        let depth = n as f32 / count as f32;
        let foot = lerp(room.table + 0.07, room.table + 0.2, depth) + dice.range(-0.01, 0.01);
        let x = centre
            + (((n * 5 + 2) % count.max(2)) as f32 - (count - 1) as f32 * 0.5) * 0.17 * scale
            + dice.range(-0.04, 0.04);
        let near = lerp(0.85, 1.1, depth) * scale;
        things.push(thing(dice, composition, (n, fruit), (x, foot), near));
    }
    for thing in &things {
        shadow(frame, &room, thing);
    }
    for thing in &things {
        place(frame, &room, thing);
    }
}

fn thing(
    dice: &mut Dice,
    composition: usize,
    (n, fruit): (usize, usize),
    (x, foot): (f32, f32),
    near: f32,
) -> Thing {
    let fruits: [(u32, u32, f32, Outline); 4] = [
        (0xd87820, 0xe89838, 0.55, ball),
        (0xa02c20, 0xc0a040, 0.0, ball),
        (0xa8a040, 0xc07830, 0.12, pear),
        (0xd8b830, 0xa8a838, 0.35, ball),
    ];
    let clay = [
        0xb8a898, 0x8c5a40, 0xe0d8cc, 0x50606a, 0x6a7464, 0xc8b8a0, 0x3c4048,
    ];
    let glass = [0x2c4430, 0x4a3420, 0x54707a, 0x8a9a8c, 0x28343c];
    let kind = match composition {
        1 if n == 0 => 1,
        2 => 2,
        3 => 3,
        _ => 0,
    };
    let (tint, blush, rough, outline) = match kind {
        1 => (
            dice.pick(&clay),
            0,
            0.12,
            dice.pick(&[vase as Outline, jug]),
        ),
        2 => (
            dice.pick(&glass),
            0,
            0.0,
            dice.pick(&[bottle as Outline, bottle, vase]),
        ),
        3 => (dice.pick(&clay), 0, 0.06, cup as Outline),
        _ => fruits[fruit],
    };
    let height = match kind {
        1 => dice.range(0.4, 0.52),
        2 => dice.range(0.38, 0.58),
        3 => dice.range(0.12, 0.17),
        _ => dice.range(0.16, 0.2),
    };
    let tint = Rgb::hex(tint);
    Thing {
        outline,
        x,
        foot,
        height: height * near,
        tint: tint * dice.range(0.85, 1.15),
        blush: if blush == 0 {
            tint * 0.8
        } else {
            Rgb::hex(blush)
        },
        gloss: [0.3, 0.18, 0.9, 0.4][kind],
        open: kind == 3 || (kind == 1 && dice.chance(0.7)),
        rough,
        blur: if n == 0 { 0.006 } else { 0.0025 },
    }
}

fn backdrop(frame: &mut Frame, room: &Room, dice: &mut Dice) {
    let walls = [
        0x8a8478, 0x5c6468, 0xa89c88, 0x3c4044, 0x70604c, 0xb8b4a8, 0x4c5a54, 0x94786a,
    ];
    let tables = [0x6a4a30, 0x8a6a48, 0x4a3828, 0xb8b0a4, 0x9a8670, 0x5a5450];
    let (wall, table) = (Rgb::hex(dice.pick(&walls)), Rgb::hex(dice.pick(&tables)));
    let aspect = frame.aspect();
    let side = room.towards[0].signum();
    let (ox, slope) = (dice.unit(), dice.range(0.25, 0.6));
    let window = dice.chance(0.6);
    let at = aspect * (0.5 - side * dice.range(0.0, 0.25));
    let (pane_x, pane_y) = (dice.range(0.2, 0.3), dice.range(0.2, 0.28));
    let cloth = dice.chance(0.3);
    frame.shade(0.0, 1.0, |x, y, _| {
        let lean = if side > 0.0 {
            x / aspect
        } else {
            1.0 - x / aspect
        };
        // The wall falls off from the window's side.
        let fall = 0.22 + 0.75 * lean * lean + 0.12 * (1.0 - y);
        let plaster = soft().at(x * 0.6 + ox, y * 0.6) - 0.5;
        let fine = soft().at(x * 4.0, y * 4.0 + ox) - 0.5;
        let mut shade = room.fill * 0.5 + room.sun * fall * 0.55;
        if window {
            // Panes of sun on the wall, leaning away from the window.
            let (px, py) = (
                x - at + side * (y - 0.35) * 0.12,
                y - 0.34 + side * (x - at) * slope,
            );
            let pane = |v: f32, size: f32, edge: f32| {
                let folded = (v.abs() - size * 0.5).abs();
                smooth(size * 0.46, size * 0.46 - edge, folded)
            };
            let leaves = smooth(0.4, 0.62, soft().at(x * 0.5 + ox, y * 0.5 + 0.4));
            shade += room.sun
                * (pane(px, pane_x, 0.035)
                    * pane(py, pane_y, 0.035)
                    * (0.45 + 0.55 * leaves)
                    * 0.85);
        }
        let back = wall * shade * (1.0 + 0.16 * plaster + 0.05 * fine);
        let down = y - room.table;
        if down < -0.01 {
            return back;
        }
        let near = 1.0 / (down + 0.28);
        let (u, v) = ((x - aspect * 0.5) * near, near * 2.0);
        let grain = if cloth {
            soft().at(u * 3.0, v * 3.0) - 0.5
        } else {
            soft().at(u * 0.16 + ox, v * 1.9) - 0.5
        };
        let knots = soft().at(u * 0.5, v * 0.6 + ox) - 0.5;
        let lit = room.fill * 0.8 + room.sun * (0.3 + 0.6 * lean);
        let gleam = exp(-down * 7.0) * 0.2 * lean;
        let top = table * lit * (1.0 + 0.5 * grain + 0.3 * knots) + back * gleam;
        back * 0.8 * smooth(0.01, -0.01, down) + top * smooth(-0.008, 0.008, down)
    });
}

/// The soft shadow that a thing throws over the table.
fn shadow(frame: &mut Frame, room: &Room, thing: &Thing) {
    let wide = (thing.outline)(0.7) * thing.height;
    let away = -room.towards[0].signum();
    // The shadow ends where it would take less than a hundredth.
    let (near, far) = (thing.x - away * wide * 2.2, thing.x + away * wide * 6.0);
    let rows = (thing.foot - wide * 1.1, thing.foot + wide * 0.8);
    frame.shade_box((near.min(far), near.max(far)), rows, |x, y, under| {
        let down = (y - thing.foot + wide * 0.16) / (wide * 0.3);
        let along = (x - thing.x) * away / wide;
        let above = smooth(room.table, room.table + 0.01, y);
        // Touching: dark and narrow; thrown: long and faint.
        let touch = exp(-(along * along * 1.1 + down * down * 2.2)) * 0.75;
        let length = 1.0 + 0.25 * along.max(0.0);
        let thrown = smooth(-0.5, 0.6, along)
            * exp(-(along - 0.6).max(0.0) * 0.75 - down * down * 1.1 / length)
            * 0.5;
        under * (1.0 - (touch + thrown).min(0.88) * above)
    });
}

fn place(frame: &mut Frame, room: &Room, thing: &Thing) {
    let pixel = frame.pixel();
    let edge = thing.blur.max(pixel * 0.75);
    let height = thing.height;
    let widest = (0..20)
        .map(|n| (thing.outline)(n as f32 / 19.0))
        .fold(0.0, f32::max)
        * height;
    let flat = if thing.open { 0.2 } else { 0.1 };
    let base = (thing.outline)(0.98) * height;
    let first = ((thing.x - widest - edge) / pixel).clamp(0.0, frame.width as f32) as usize;
    let last = ((thing.x + widest + edge) / pixel + 1.0).clamp(0.0, frame.width as f32) as usize;
    let top = thing.foot - height;
    for row in frame.row(top - 0.04)..frame.row(thing.foot + 0.03) {
        let y = (row as f32 + 0.5) * pixel;
        for column in first..last {
            let dx = (column as f32 + 0.5) * pixel - thing.x;
            // Rims and feet curve, because the camera is a little above them.
            let bow = (1.0 - square(dx / base.max(0.01))).max(0.0).sqrt() * base * flat;
            let t = (y - top - bow) / height;
            let inside_t = smooth(-edge / height, edge / height, t)
                * smooth(1.0 + edge / height, 1.0 - edge / height, t);
            let t1 = t.clamp(0.0, 1.0);
            let wide = (thing.outline)(t1) * height;
            let cover = smooth(wide + edge, wide - edge, dx.abs()) * inside_t;
            let at = row * frame.width + column;
            if cover > 0.0 {
                let (above, below) = ((t1 - 0.02).max(0.0), (t1 + 0.02).min(1.0));
                let slope = ((thing.outline)(below) - (thing.outline)(above)) * 25.0;
                let light = surface(
                    room,
                    thing,
                    (dx / wide.max(1e-3)).clamp(-1.0, 1.0),
                    t1,
                    slope,
                );
                frame.pixels[at] = frame.pixels[at].mix(light, cover);
            }
            if thing.open {
                let rim = (thing.outline)(0.0) * height;
                let (ex, ey) = (dx / rim, (y - top) / (rim * flat * 1.1));
                let d = (ex * ex + ey * ey).sqrt();
                let mouth = smooth(1.0 + edge / rim, 1.0 - edge / rim, d);
                if mouth > 0.0 {
                    let lip = smooth(0.86, 0.95, d);
                    let inner =
                        0.25 + 0.5 * smooth(0.6, -0.8, ex * room.towards[0].signum()) + 0.2 * ey;
                    let light = thing.tint
                        * (room.fill * 0.5 + room.sun * (0.5 * inner.max(0.1) + 0.45 * lip));
                    frame.pixels[at] = frame.pixels[at].mix(light, mouth);
                }
            }
        }
    }
}

fn square(x: f32) -> f32 {
    x * x
}

/// Light on a point of a thing turned on a wheel.
fn surface(room: &Room, thing: &Thing, side: f32, t: f32, slope: f32) -> Rgb {
    let front = (1.0 - side * side).max(0.0).sqrt();
    let around = side * (1.0 + 0.35 * side * side);
    let bump = heads().at(around * 0.35 + thing.x * 3.0, t * 0.4 + thing.x) - 0.4;
    let stain = soft().at(around * 0.22 + thing.x * 7.0, t * 0.25 + thing.foot) - 0.5;
    let (nx, ny, nz) = (
        side + bump * thing.rough * 0.14,
        slope + bump * thing.rough * 0.2,
        front,
    );
    let length = 1.0 / (nx * nx + ny * ny + nz * nz).sqrt();
    let (nx, ny, nz) = (nx * length, ny * length, nz * length);
    let dot = nx * room.towards[0] + ny * room.towards[1] + nz * room.towards[2];
    // Light wraps a little around soft things.
    let direct = ((dot + 0.18) / 1.18).max(0.0);
    let tint = thing
        .tint
        .mix(thing.blush, smooth(-0.15, 0.25, stain + 0.3 * (t - 0.5)));
    // Near the table its colour shines back, and the gap between swallows light.
    let low = smooth(0.75, 1.0, t);
    let open = 0.55 + 0.45 * ny;
    let mut light = tint * (room.sun * (direct * 1.05) + room.fill * open * (1.0 - 0.6 * low));
    light += tint * Rgb::new(0.10, 0.08, 0.06) * (low * (1.0 - direct) * 0.8);
    // The window itself, mirrored: a soft upright patch.
    let half = [room.towards[0], room.towards[1], room.towards[2] + 1.0];
    let size = 1.0 / (half[0] * half[0] + half[1] * half[1] + half[2] * half[2]).sqrt();
    let spec = ((nx * half[0] + ny * half[1] + nz * half[2]) * size).max(0.0);
    light += room.sun * (thing.gloss * pow(spec, 36.0) * 0.9);
    let rim = pow(1.0 - nz.max(0.0), 3.0);
    light + room.sun * (rim * thing.gloss * 0.12)
}
