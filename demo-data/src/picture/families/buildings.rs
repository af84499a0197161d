//! Architecture: glass towers from below, white walls against the sky, ribs of concrete.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{cos, floor, fract, lerp, sin, smooth};
use crate::picture::noise::{hash, soft};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "architecture",
    subjects: &["glass tower", "white wall", "concrete ribs", "facade"],
    lights: &[
        Light::Morning,
        Light::Noon,
        Light::Noon,
        Light::Afternoon,
        Light::Overcast,
        Light::Golden,
        Light::Golden,
        Light::Afterglow,
        Light::Dusk,
    ],
    portrait: 0.55,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    match sketch.composition {
        1 => wall(sketch),
        2 => ribs(sketch),
        _ => tower(sketch),
    }
}

/// A wall seen at an angle: it starts at a corner and runs away from the camera.
struct Side {
    corner: (f32, f32),
    run: (f32, f32),
}

impl Side {
    /// Distance to the wall along a ray, and how far along the wall.
    fn meet(&self, across: f32) -> (f32, f32) {
        // corner + s * run = t * (across, 1)
        let det = across * self.run.1 - self.run.0;
        let t = (self.corner.0 * self.run.1 - self.corner.1 * self.run.0) / det;
        let s = (self.corner.0 - across * self.corner.1) / det;
        (t, s)
    }
}

fn tower(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(1.25, 1.9);
    let air = sketch.air(horizon, 1.3, Sun::Aside);
    let sky = Sky::new(&air, &mut sketch.dice);
    sky.paint(sketch.frame, 1.0);
    let mirror = Mirror::of(&sky);
    let grid = sketch.composition == 3;
    let lamps = if matches!(sketch.light, Light::Dusk | Light::Afterglow) {
        0.3
    } else {
        0.0
    };
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let aspect = frame.aspect();
    let count = if grid { 1 } else { 1 + dice.below(3) };
    for n in 0..count {
        let far = (count - 1 - n) as f32;
        let column = aspect
            * if grid {
                dice.range(0.2, 0.8)
            } else {
                dice.range(0.1, 0.9)
            };
        let edge = air.view.across(column);
        let distance = 1.0 + far * 0.5;
        let (a, b) = (dice.range(0.4, 1.1), dice.range(0.4, 1.1));
        let corner = (edge * distance, distance);
        let left = Side {
            corner,
            run: (-cos(a), sin(a)),
        };
        let right = Side {
            corner,
            run: (cos(b), sin(b)),
        };
        let top = if grid {
            9.0
        } else {
            dice.range(0.75, 1.5) * distance
        };
        let wide = if grid { 9.0 } else { dice.range(0.35, 0.7) };
        let cell = (dice.range(0.035, 0.06), dice.range(0.045, 0.075));
        let salt = dice.next() as u32;
        let metal = Rgb::hex(dice.pick(&[0x8a8e92, 0x5c6066, 0xb0aca4, 0x3c4248, 0xa89880]));
        let tint = Rgb::hex(dice.pick(&[0x9ab0bc, 0x88a0a8, 0xa0a8a0, 0x7c94ac]));
        let bar = dice.range(0.06, 0.2);
        let band = if dice.chance(0.5) {
            dice.range(0.1, 0.4)
        } else {
            0.06
        };
        let view = air.view;
        let step = frame.pixel();
        let columns: Vec<Option<Column>> = (0..frame.width)
            .map(|column| {
                let across = view.across((column as f32 + 0.5) * step);
                let (side, turned) = if across < edge {
                    (&left, -1.0)
                } else {
                    (&right, 1.0)
                };
                let (t, s) = side.meet(across);
                let fine = step / view.focal * t;
                let cover = smooth(wide + fine, wide - fine, s);
                if t <= 0.0 || s < 0.0 || cover <= 0.0 {
                    return None;
                }
                let u = s / cell.0;
                let number = floor(u);
                // How much of a cell a pixel spans along the wall, where it runs away from the camera.
                let blur = (fine * 2.2 / cell.0).clamp(0.02, 0.5);
                let part = u - number;
                let normal_x = side.run.1 * turned;
                let toward = -side.run.0.abs();
                Some(Column {
                    t,
                    s,
                    fine,
                    cover,
                    number: number as i32,
                    pane: smooth(bar - blur, bar + blur, part)
                        * smooth(1.0 + blur * 0.5, 1.0 - blur, part),
                    mirrored: across - normal_x * 1.6,
                    facing: 0.45 + 0.4 * toward.abs(),
                    metal: metal * air.on([normal_x, 0.15, toward], 1.0),
                    fog: air.distance(across),
                    through: air.through(0.12 * t * (1.0 + far)),
                })
            })
            .collect();
        frame.shade(0.0, 1.0, |x, y, under| {
            let Some(column) = &columns[((x / step) as usize).min(columns.len() - 1)] else {
                return under;
            };
            let up = view.up(y);
            let height = up * column.t;
            let fine = column.fine;
            let cover = smooth(top + fine, top - fine, height) * column.cover;
            if cover <= 0.0 {
                return under;
            }
            let v = height / cell.1;
            let number = floor(v);
            let blur = (fine / cell.1).clamp(0.02, 0.5);
            let pane = column.pane * smooth(band - blur, band + blur, v - number);
            // Each pane hangs a little differently and so mirrors another part of the sky.
            let own = hash(column.number, number as i32, salt);
            let chance = |shift: u32| ((own >> shift) & 0x3ff) as f32 / 1024.0;
            let (tilt, tilt_up, blind) = (chance(0) - 0.5, chance(10) - 0.5, chance(20));
            let mirrored = mirror.at(
                column.mirrored + tilt * 0.12,
                up * 0.8 + tilt_up * 0.10 + 0.05,
            );
            let room = Rgb::grey(0.02) + air.ambient * 0.05 * (1.0 + tilt);
            let mut glass = room.mix(mirrored * tint, lerp(0.75, 0.5, column.facing));
            if blind < 0.12 {
                glass = glass.mix(air.ambient * 0.6, 0.35);
            }
            if blind > 1.0 - lamps {
                glass += Rgb::new(1.0, 0.58, 0.22) * (0.35 + 0.5 * tilt_up);
            }
            let stain = soft().at(column.s * 0.9, height * 0.7) - 0.5;
            let seen = (column.metal * (0.85 + 0.3 * stain)).mix(glass, pane);
            under.mix(column.fog.mix(seen, column.through), cover)
        });
    }
}

/// What one column of the picture sees of a tower, whatever the height.
struct Column {
    t: f32,
    s: f32,
    fine: f32,
    cover: f32,
    number: i32,
    pane: f32,
    mirrored: f32,
    facing: f32,
    metal: Rgb,
    fog: Rgb,
    through: f32,
}

/// The sky all around, coarse: enough for what glass mirrors.
struct Mirror(Vec<Rgb>);

impl Mirror {
    const COLUMNS: usize = 80;
    const ROWS: usize = 40;

    fn of(sky: &Sky<'_>) -> Self {
        let cell = |n: usize| {
            sky.light(
                (n % Self::COLUMNS) as f32 / 14.0 - 2.8,
                (n / Self::COLUMNS) as f32 / 24.0 + 0.02,
            )
        };
        Self((0..Self::COLUMNS * Self::ROWS).map(cell).collect())
    }

    fn at(&self, across: f32, up: f32) -> Rgb {
        let x = ((across + 2.8) * 14.0).clamp(0.0, Self::COLUMNS as f32 - 1.001);
        let y = ((up - 0.02) * 24.0).clamp(0.0, Self::ROWS as f32 - 1.001);
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let at = row * Self::COLUMNS + column;
        let below = at + Self::COLUMNS;
        self.0[at]
            .mix(self.0[at + 1], fx)
            .mix(self.0[below].mix(self.0[below + 1], fx), fy)
    }
}

fn wall(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(1.1, 1.6);
    let mut air = sketch.air(horizon, 1.3, Sun::Aside);
    air.cover = air.cover.min(0.3);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, 1.0);
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let (aspect, pixel) = (frame.aspect(), frame.pixel());
    let paint = Rgb::hex(dice.pick(&[0xeae6de, 0xe8dcc8, 0xd8a888, 0xe0c080, 0xc8d0d0, 0xd88a78]));
    let flip = dice.chance(0.5);
    let edge = aspect * dice.range(0.45, 0.7);
    let (rise, fall) = (dice.range(-0.5, -0.15), dice.range(0.1, 0.45));
    let top = dice.range(0.2, 0.42);
    let (shadow_at, slant) = (dice.range(-0.25, 0.3), dice.range(0.5, 1.6));
    let steps = if dice.chance(0.4) {
        dice.range(0.08, 0.16)
    } else {
        0.0
    };
    let (ox, windows) = (dice.unit(), dice.chance(0.6));
    let (wx, wy) = (dice.range(0.10, 0.24), dice.range(0.2, 0.34));
    let bright = air.sun * 0.42 + air.ambient * 0.5;
    let dark = air.ambient * 0.62;
    frame.shade(0.0, 1.0, |x, y, under| {
        let x = if flip { aspect - x } else { x };
        let left = x < edge;
        let mut roof = top
            + (edge - x)
                * if left {
                    -rise * 0.0 + rise * -0.35
                } else {
                    -fall
                };
        if steps > 0.0 && left {
            roof = top + floor((edge - x) / steps) * steps * 0.6;
        }
        let cover = smooth(roof - pixel, roof + pixel, y);
        if cover <= 0.0 {
            return under;
        }
        let plaster = soft().at(x * 1.1 + ox, y * 1.1) - 0.5;
        let fine = soft().at(x * 6.0, y * 6.0 + ox) - 0.5;
        let corner = smooth(-pixel, pixel, x - edge);
        // The shadow of something outside the picture, across the sunny side.
        let line = (y - roof) - (edge - x) * slant - shadow_at;
        let thrown = smooth(-0.006, 0.012, line + fine * 0.004);
        let sunny = bright.mix(dark * 0.95, thrown);
        let shade = sunny.mix(dark * lerp(0.85, 1.0, y), corner);
        let mut light = paint * shade * (1.0 + 0.12 * plaster + 0.07 * fine);
        let streak = soft().at(x * 1.6, y * 0.12 + ox) - 0.5;
        light = light * (1.0 - 0.16 * smooth(0.0, 0.3, streak) * smooth(0.3, 0.0, y - roof));
        if windows {
            let along = if left { edge - x } else { (x - edge) * 1.5 };
            let (u, v) = (along / (wx * 1.9), (y - roof - 0.12) / (wy * 1.7));
            let (fu, fv) = ((fract(u) - 0.5).abs() * wx * 1.9, fract(v) * wy * 1.7);
            let soft_edge = pixel * 1.2;
            let hole = smooth(wx * 0.5 + soft_edge, wx * 0.5 - soft_edge, fu)
                * smooth(-soft_edge, soft_edge, fv)
                * smooth(wy + soft_edge, wy - soft_edge, fv)
                * smooth(0.0, 0.002, y - roof - 0.12)
                * smooth(0.04, 0.05, along);
            let reveal =
                smooth(0.03, 0.02, fv) * 0.7 + smooth(wx * 0.5 - 0.015, wx * 0.5 - 0.01, fu) * 0.3;
            let glass = air.sky(0.4) * (0.16 + 0.12 * plaster) + Rgb::grey(0.01);
            let bars = smooth(0.006, 0.004, fu) + smooth(0.006, 0.004, (fv - wy * 0.45).abs());
            let inside = glass
                .mix(paint * dark * 0.7, bars.min(1.0))
                .mix(paint * dark * 0.45, reveal);
            light = light.mix(inside, hole);
        }
        under.mix(light, cover)
    });
}

fn ribs(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(1.1, 1.5);
    let air: Air = sketch.air(horizon, 1.3, Sun::Aside);
    let sky = Sky::new(&air, &mut sketch.dice);
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let pixel = frame.pixel();
    let concrete = Rgb::hex(dice.pick(&[0xb8b2a8, 0xd8d4cc, 0x9a9894, 0xc8b8a4, 0xe4e0d8]));
    let pace = dice.range(0.05, 0.12);
    let (bend, lean) = (dice.range(0.5, 1.6), dice.range(-0.6, 0.6));
    let phase = dice.range(0.0, std::f32::consts::TAU);
    let open = dice.chance(0.5);
    let swing = dice.range(0.08, 0.25);
    let roof_at = dice.range(0.2, 0.45);
    let ox = dice.unit();
    if open {
        sky.paint(frame, roof_at + swing + 0.01);
    }
    // The facade swings towards the camera and away: ribs crowd where it turns aside.
    let columns: Vec<(f32, f32, f32)> = (0..frame.width)
        .map(|column| {
            let x = (column as f32 + 0.5) * pixel;
            let angle = x * bend * 2.2 + phase;
            let roof = if open {
                roof_at + swing * sin(x * bend * 1.7 + phase)
            } else {
                -1.0
            };
            (roof, sin(angle), x + 0.13 * cos(angle) / bend)
        })
        .collect();
    frame.shade(0.0, 1.0, |x, y, under| {
        let (roof, turn, place) = columns[((x / pixel) as usize).min(columns.len() - 1)];
        let cover = smooth(roof - pixel, roof + pixel, y);
        if cover <= 0.0 {
            return under;
        }
        let place = place + lean * (y - 0.5) * 0.3 + swing * 0.2 * sin(y * 2.0);
        let part = fract(place / pace);
        let depth = smooth(0.0, 0.42, part) * smooth(1.0, 0.62, part);
        let edge = (pixel / pace * 1.5).clamp(0.03, 0.4);
        let face = smooth(0.62 - edge, 0.62 + edge, part);
        let towards = air.towards[0].signum();
        let normal = [
            turn * 0.5 + if face > 0.5 { 0.1 } else { -0.75 * towards },
            0.15,
            -0.7,
        ];
        let shadow = lerp(0.25 + 0.5 * depth, 1.0, face);
        let stain = soft().at(x * 0.7 + ox, y * 0.35) - 0.5;
        let pores = soft().at(x * 5.0, y * 5.0 + ox) - 0.5;
        let boards = smooth(0.02, 0.008, (fract(y / 0.16) - 0.5).abs()) * 0.14;
        let lit = air.on(normal, shadow) * lerp(0.35 + 0.35 * depth, 0.9, face);
        let grown = lerp(1.0, 0.75, smooth(0.2, 1.0, y - roof.max(0.0)));
        let light = concrete * lit * (1.0 + 0.3 * stain + 0.16 * pores - boards) * grown;
        under.mix(light, cover)
    });
}
