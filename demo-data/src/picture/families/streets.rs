//! Streets: two rows of houses that run towards the light, and what wet ground makes of them.

use super::cities::disc;
use super::{Kind, Sketch};
use crate::picture::colour::Rgb;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{exp, floor, lerp, smooth};
use crate::picture::noise::{hash01, heads, soft};
use crate::picture::scene::Light;
use crate::picture::sky::Sky;

pub(crate) const KIND: Kind = Kind {
    name: "street",
    subjects: &[
        "old town street",
        "street after rain",
        "side street",
        "avenue",
    ],
    lights: &[
        Light::Sunrise,
        Light::Morning,
        Light::Mist,
        Light::Overcast,
        Light::Golden,
        Light::Golden,
        Light::Sunset,
        Light::Dusk,
        Light::Dusk,
        Light::Night,
        Light::Night,
    ],
    standing: 0.5,
    draw,
};

/// The two rows of houses.
struct Houses {
    /// Half the width of the street, and how high the eye is over it.
    half: (f32, f32),
    eye: f32,
    shift: f32,
    long: f32,
    height: (f32, f32),
    salt: u32,
    paints: [Rgb; 6],
    lamps: f32,
    pixel: f32,
    lit_side: f32,
}

/// What a ray found: its light, how far away, and how much of it is house at all.
struct Seen {
    light: Rgb,
    distance: f32,
    solid: f32,
}

impl Houses {
    /// What the ray through these slopes meets.
    fn look(&self, air: &Air, across: f32, up: f32) -> Seen {
        let left = across < 0.0;
        let (half, side) = if left {
            (self.half.0, 1)
        } else {
            (self.half.1, 2)
        };
        let distance = half / across.abs().max(1e-4);
        let height = self.eye + up * distance;
        let along = distance / self.long + self.shift * side as f32;
        let number = floor(along);
        let house = |k: u32| hash01(number as i32, side, self.salt + k);
        let roof = lerp(self.height.0, self.height.1, house(0));
        let footprint = distance * self.pixel;
        let solid = smooth(roof + footprint * 0.6, roof - footprint * 0.6, height);
        if solid <= 0.0 {
            return Seen {
                light: Rgb::BLACK,
                distance,
                solid,
            };
        }
        let within = (along - number) * self.long;
        let paint = self.paints[(house(1) * 5.99) as usize];
        let stain = soft().at(distance * 0.23 + side as f32 * 0.37, height * 0.31) - 0.5;
        let fine = soft().at(distance * 1.7, height * 1.7 + 0.2) - 0.5;
        let storey = lerp(0.62, 0.8, house(2));
        let v = height / storey;
        let u = within / lerp(0.42, 0.62, house(3));
        let (fu, fv) = (u - floor(u), v - floor(v));
        // Windows blur into the wall where they are smaller than a pixel.
        let stretch = footprint * distance / half;
        let soft_u = (stretch * 1.3).clamp(0.03, 0.5);
        let shop = v < 1.0;
        let (low, high) = if shop { (0.1, 0.85) } else { (0.24, 0.8) };
        let pane_u =
            smooth(0.24 - soft_u, 0.24 + soft_u, fu) * smooth(0.76 + soft_u, 0.76 - soft_u, fu);
        let soft_v = (footprint * 1.5).clamp(0.03, 0.4);
        let pane_v =
            smooth(low - soft_v, low + soft_v, fv) * smooth(high + soft_v, high - soft_v, fv);
        let pane = pane_u * pane_v * smooth(0.0, 0.1, roof - height - 0.08);
        let frame_u =
            smooth(0.16 - soft_u, 0.16 + soft_u, fu) * smooth(0.84 + soft_u, 0.84 - soft_u, fu);
        let sunny = if left == (self.lit_side > 0.0) {
            1.0
        } else {
            0.0
        };
        let reveal = smooth(0.0, roof * 0.9, height);
        let mut shade = air.ambient * lerp(0.35, 0.75, reveal)
            + air.sun * (0.42 * sunny * smooth(0.2, 0.55, height / roof + stain * 0.3));
        shade = shade
            * (1.0 - 0.35 * smooth(0.06, 0.0, within) - 0.25 * smooth(0.07, 0.0, roof - height));
        let mut light = paint * shade * (1.0 + 0.55 * stain + 0.3 * fine);
        light = light.mix(light * 1.25, (frame_u - pane_u).max(0.0) * pane_v * 0.6);
        let cell = (floor(u) as i32 + number as i32 * 31, floor(v) as i32);
        let chance = hash01(cell.0, cell.1, self.salt ^ 99);
        let glass = air.sky(0.3) * (0.12 + 0.3 * hash01(cell.0, cell.1, self.salt ^ 55) * reveal);
        light = light.mix(glass, pane * 0.9);
        let lamp_chance = if shop { self.lamps * 1.9 } else { self.lamps };
        if chance < lamp_chance {
            let warm =
                Rgb::hex(0xffb868).mix(Rgb::hex(0xffe8c8), hash01(cell.0, cell.1, self.salt ^ 3));
            light +=
                warm * (pane * (0.3 + 0.8 * chance / lamp_chance.max(0.01)) * (0.5 + fv * 0.5));
        }
        // A lamp on the wall lights the wall around it.
        let lamp = (within - self.long * 0.5, height - 0.9);
        let near = exp(-(lamp.0 * lamp.0 * 2.0 + lamp.1 * lamp.1 * 1.5));
        light += paint * Rgb::hex(0xffa850) * (near * self.lamps * 1.8);
        Seen {
            light,
            distance,
            solid,
        }
    }
}

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.56, 0.68);
    let focal = sketch.dice.range(1.0, 1.6);
    let mut air = sketch.air(horizon, focal, Sun::Ahead);
    let mut middle = air.view.aspect * sketch.dice.range(-0.1, 0.1);
    if sketch.composition == 2 {
        middle *= 2.0;
    }
    let turn = middle / focal;
    air.sun_at.0 = turn + sketch.dice.range(-0.05, 0.05);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, 1.0);
    let light = sketch.light;
    let composition = sketch.composition;
    let dice = &mut sketch.dice;
    let lamps = match light {
        Light::Night => 0.4,
        Light::Dusk => 0.33,
        Light::Sunset => 0.08,
        _ => 0.0,
    };
    let wide = [0.9, 1.1, 0.7, 1.7][composition] * dice.range(0.85, 1.15);
    let sets = [
        [0xc9a27c, 0xd8c0a0, 0xb88868, 0xc8b498, 0xa87858, 0xd0b090],
        [0x9a9590, 0x8a8078, 0xa8a49c, 0x706a66, 0xb0a898, 0x847c74],
        [0xd0a878, 0xc87858, 0xe0c890, 0xb8a890, 0x90a0a0, 0xd09080],
        [0x8c5a48, 0x9a6a54, 0x7a5044, 0xa88470, 0x886050, 0x6c5048],
    ];
    let houses = Houses {
        half: (wide * dice.range(0.8, 1.2), wide * dice.range(0.8, 1.2)),
        eye: 0.45,
        shift: dice.range(3.0, 40.0),
        long: dice.range(1.6, 2.6),
        height: if composition == 3 {
            (3.4, 5.5)
        } else {
            (2.0, 3.3)
        },
        salt: dice.next() as u32,
        paints: dice.pick(&sets).map(Rgb::hex),
        lamps,
        pixel: sketch.frame.pixel() / focal,
        lit_side: dice.sign(),
    };
    let wet = if composition == 1 {
        dice.range(0.6, 0.85)
    } else if lamps > 0.1 {
        dice.range(0.15, 0.6)
    } else {
        dice.range(0.0, 0.2)
    };
    let stone = Rgb::hex(dice.pick(&[0x807a74, 0x6c6a6a, 0x8c8074]));
    let (ox, oy) = (dice.unit(), dice.unit());
    let end = dice.range(9.0, 22.0);
    let haze = 0.008 + 0.026 * air.haze;
    let over = |seen: &Seen, behind: Rgb, across: f32| {
        let fog = air.distance(across) + Rgb::hex(0xffb060) * (lamps * 0.12);
        behind.mix(fog.mix(seen.light, exp(-haze * seen.distance)), seen.solid)
    };
    let view = air.view;
    sketch.frame.shade(0.0, 1.0, |x, y, sky| {
        let (across, up) = (view.across(x) - turn, view.up(y));
        let ground = if up < 0.0 { houses.eye / -up } else { f32::MAX };
        let half = if across < 0.0 {
            houses.half.0
        } else {
            houses.half.1
        };
        let wall = half / across.abs().max(1e-4);
        if wall < ground {
            if wall > end {
                return sky;
            }
            return over(&houses.look(&air, across, up), sky, across);
        }
        let (gx, gz) = (across * ground, ground);
        let cobbles = heads().at(gx * 0.42 + ox, gz * 0.3 + oy);
        let worn = soft().at(gx * 0.3 + oy, gz * 0.2) - 0.5;
        let fine = soft().at(gx * 1.3, gz * 0.9) - 0.5;
        let detail = smooth(14.0, 3.0, ground);
        let kerb = smooth(0.7, 0.74, gx.abs() / half);
        let dry = stone
            * (air.ambient * 0.55
                + air.sun * 0.06
                + air.glow * (0.10 / (1.0 + across * across * 40.0)))
            * (0.8 + 0.45 * cobbles * detail + 0.5 * worn + 0.4 * fine * detail + 0.25 * kerb);
        // The mirror image, shaken by the stones and drawn out downwards.
        let shaken = (fine * 0.16 + (cobbles - 0.5) * 0.1) * detail;
        let tilt = across + shaken * 0.25;
        let seen = houses.look(
            &air,
            if tilt * across > 0.0 { tilt } else { across },
            (-up + shaken * 0.4).max(0.0),
        );
        let image = if wall > end {
            air.clear(turn + across, -up)
        } else {
            over(&seen, air.clear(turn + across, -up), across)
        };
        let puddle = smooth(
            0.35,
            0.65,
            soft().at(gx * 0.17 + ox, gz * 0.13 + oy) + 0.3 * wet,
        );
        let mirror = wet * (0.25 + 0.75 * puddle) * (0.35 + 0.65 * exp(up * 2.2));
        let light = dry.mix(dry * 0.5 + image * 0.85, mirror.min(0.9));
        air.distance(across).mix(light, exp(-haze * ground))
    });
    if lamps > 0.1 {
        string_of_lamps(sketch, &houses, turn, view.focal);
    }
}

/// Street lamps on both sides, smaller and smaller.
fn string_of_lamps(sketch: &mut Sketch<'_>, houses: &Houses, turn: f32, focal: f32) {
    let middle = sketch.frame.aspect() * 0.5 + turn * focal;
    let horizon_row = sketch.dice.range(0.56, 0.62);
    let warm = Rgb::hex(0xffc070);
    for n in 0..8 {
        let distance = 1.6 + n as f32 * 1.7;
        for (half, side) in [(houses.half.0, -1.0), (houses.half.1, 1.0)] {
            let x = middle + side * half * 0.8 / distance * focal;
            let y = horizon_row - 0.95 / distance * focal;
            let size = 0.013 / distance * focal;
            disc(sketch.frame, (x, y), size, 0.2, warm * 2.2);
            disc(sketch.frame, (x, y), size * 4.0, 0.0, warm * 0.12);
            disc(sketch.frame, (x, y), size * 9.0, 0.0, warm * 0.04);
        }
    }
}
