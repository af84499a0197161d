//! Streets: two rows of houses that run towards the light, mirrored in wet ground.

use super::cities::disc;
use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{exp, floor, lerp, smooth};
use crate::picture::noise::{hash01, heads, soft};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;

pub(crate) const RECIPE: Recipe = Recipe {
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
    portrait: 0.5,
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

/// The result of a ray: its light, and how much of it is house.
struct Seen {
    light: Rgb,
    solid: f32,
}

/// What one column of the picture sees of the houses, whatever the height.
struct Slice {
    distance: f32,
    roof: f32,
    paint: Rgb,
    storey: f32,
    footprint: f32,
    /// Number of the column of windows, for chance.
    number: i32,
    /// How much of the column is pane, and how much is frame.
    pane: f32,
    frame: f32,
    sunny: f32,
    /// Darkening at the house's end.
    corner: f32,
    /// Nearness of the lamp on the wall.
    lamp: f32,
    side: f32,
    fog: f32,
}

impl Houses {
    fn slice(&self, across: f32, haze: f32) -> Slice {
        let left = across < 0.0;
        let (half, side) = if left {
            (self.half.0, 1)
        } else {
            (self.half.1, 2)
        };
        let distance = half / across.abs().max(1e-4);
        let along = distance / self.long + self.shift * side as f32;
        let number = floor(along);
        let house = |k: u32| hash01(number as i32, side, self.salt + k);
        let within = (along - number) * self.long;
        let u = within / lerp(0.42, 0.62, house(3));
        let fu = u - floor(u);
        let footprint = distance * self.pixel;
        // Windows blur into the wall where they are smaller than a pixel.
        let blur = (footprint * distance / half * 1.3).clamp(0.03, 0.5);
        let between = |low: f32, high: f32| {
            smooth(low - blur, low + blur, fu) * smooth(high + blur, high - blur, fu)
        };
        let lamp = within - self.long * 0.5;
        Slice {
            distance,
            roof: lerp(self.height.0, self.height.1, house(0)),
            paint: self.paints[(house(1) * 5.99) as usize],
            storey: lerp(0.62, 0.8, house(2)),
            footprint,
            number: floor(u) as i32 + number as i32 * 31 + side * 1000,
            pane: between(0.24, 0.76),
            frame: between(0.16, 0.84),
            sunny: if left == (self.lit_side > 0.0) {
                1.0
            } else {
                0.0
            },
            corner: 1.0 - 0.35 * smooth(0.06, 0.0, within),
            lamp: exp(-lamp * lamp * 2.0) * self.lamps * 1.8,
            side: side as f32 * 0.37,
            fog: exp(-haze * distance),
        }
    }

    /// What the ray with this upward slope meets in a column.
    fn look(&self, air: &Air, slice: &Slice, up: f32) -> Seen {
        let height = self.eye + up * slice.distance;
        let (roof, footprint) = (slice.roof, slice.footprint);
        let solid = smooth(roof + footprint * 0.6, roof - footprint * 0.6, height);
        if solid <= 0.0 {
            return Seen {
                light: Rgb::BLACK,
                solid,
            };
        }
        let stain = soft().at(slice.distance * 0.23 + slice.side, height * 0.31) - 0.5;
        let fine = soft().at(slice.distance * 1.7, height * 1.7 + 0.2) - 0.5;
        let v = height / slice.storey;
        let row = floor(v);
        let fv = v - row;
        let shop = v < 1.0;
        let (low, high) = if shop { (0.1, 0.85) } else { (0.24, 0.8) };
        let blur = (footprint * 1.5).clamp(0.03, 0.4);
        let pane_v = smooth(low - blur, low + blur, fv) * smooth(high + blur, high - blur, fv);
        let pane = slice.pane * pane_v * smooth(0.08, 0.18, roof - height);
        let reveal = smooth(0.0, roof * 0.9, height);
        let sun = 0.42 * slice.sunny * smooth(0.2, 0.55, height / roof + stain * 0.3);
        let mut shade = air.ambient * lerp(0.35, 0.75, reveal) + air.sun * sun;
        shade = shade * (slice.corner - 0.25 * smooth(0.07, 0.0, roof - height));
        let mut light = slice.paint * shade * (1.0 + 0.55 * stain + 0.3 * fine);
        light = light * (1.0 + (slice.frame - slice.pane).max(0.0) * pane_v * 0.15);
        if pane > 0.0 {
            let chance = hash01(slice.number, row as i32, self.salt ^ 99);
            let other = hash01(slice.number, row as i32, self.salt ^ 55);
            light = light.mix(air.sky(0.3) * (0.12 + 0.3 * other * reveal), pane * 0.9);
            let lit_part = if shop { self.lamps * 1.9 } else { self.lamps };
            if chance < lit_part {
                let warm = Rgb::new(1.0, 0.48, 0.14).mix(Rgb::new(1.0, 0.81, 0.58), other);
                light += warm * (pane * (0.3 + 0.8 * chance / lit_part) * (0.5 + fv * 0.5));
            }
        }
        // A lamp on the wall lights the wall around it.
        if slice.lamp > 0.01 {
            let above = height - 0.9;
            light += slice.paint
                * Rgb::new(1.0, 0.39, 0.08)
                * (slice.lamp / (1.0 + above * above * 3.0));
        }
        Seen { light, solid }
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
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, horizon + 0.12);
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
    let view = air.view;
    let (width, pixel) = (sketch.frame.width, sketch.frame.pixel());
    let columns: Vec<(Slice, Rgb)> = (0..width)
        .map(|column| {
            let across = view.across((column as f32 + 0.5) * pixel) - turn;
            let fog = air.distance(across) + Rgb::new(1.0, 0.43, 0.12) * (lamps * 0.12);
            (houses.slice(across, haze), fog)
        })
        .collect();
    let over = |(slice, fog): &(Slice, Rgb), up: f32, behind: Rgb| {
        let seen = houses.look(&air, slice, up);
        behind.mix(fog.mix(seen.light, slice.fog), seen.solid)
    };
    sketch.frame.shade(0.0, 1.0, |x, y, sky| {
        let (across, up) = (view.across(x) - turn, view.up(y));
        let column = ((x / pixel) as usize).min(width - 1);
        let here = &columns[column];
        let ground = if up < 0.0 { houses.eye / -up } else { f32::MAX };
        let wall = here.0.distance;
        if wall < ground {
            return if wall > end { sky } else { over(here, up, sky) };
        }
        let (gx, gz) = (across * ground, ground);
        let half = if across < 0.0 {
            houses.half.0
        } else {
            houses.half.1
        };
        let detail = smooth(14.0, 3.0, ground);
        let cobbles = heads().at(gx * 0.42 + ox, gz * 0.3 + oy);
        let worn = soft().at(gx * 0.3 + oy, gz * 0.2) - 0.5;
        let fine = soft().at(gx * 1.3, gz * 0.9) - 0.5;
        let kerb = smooth(0.7, 0.74, gx.abs() / half);
        let dry = stone
            * (air.ambient * 0.55
                + air.sun * 0.06
                + air.glow * (0.10 / (1.0 + across * across * 40.0)))
            * (0.8 + 0.45 * cobbles * detail + 0.5 * worn + 0.4 * fine * detail + 0.25 * kerb);
        let puddle = smooth(0.35, 0.65, worn + 0.5 + 0.3 * wet);
        let mirror = wet * (0.25 + 0.75 * puddle) / (1.0 - up * 1.6);
        let mut light = dry;
        if mirror > 0.05 {
            // The mirror image, shaken by the stones and drawn out downwards.
            let shaken = (fine * 0.16 + (cobbles - 0.5) * 0.1) * detail;
            let aside =
                (column as f32 + shaken * 0.2 / pixel).clamp(0.0, width as f32 - 1.0) as usize;
            let sky = air.clear(turn + across, -up);
            let image = if wall > end {
                sky
            } else {
                over(&columns[aside], (shaken * 0.4 - up).max(0.0), sky)
            };
            light = dry.mix(dry * 0.5 + image * 0.85, mirror.min(0.9));
        }
        here.1.mix(light, 1.0 / (1.0 + haze * ground))
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
