//! Sand: dunes with sharp crests, lit from low at the side.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::land::{Eye, Ground, Spot, march};
use crate::picture::light::Sun;
use crate::picture::maths::{cos, sin};
use crate::picture::noise::{dunes, soft};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "desert",
    subjects: &["dunes", "sea of sand", "desert wind"],
    lights: &[
        Light::Sunrise,
        Light::Morning,
        Light::Noon,
        Light::Afternoon,
        Light::Golden,
        Light::Golden,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
    ],
    portrait: 0.25,
    draw,
};

struct Sand {
    tall: f32,
    scale: f32,
    colour: Rgb,
    /// Direction of the ripples that the wind draws.
    wind: (f32, f32),
}

impl Ground for Sand {
    fn bulk(&self, x: f32, z: f32) -> f32 {
        dunes().at(x * self.scale, z * self.scale) * self.tall
    }

    fn height(&self, x: f32, z: f32, distance: f32) -> f32 {
        let base = self.bulk(x, z);
        if distance > 0.25 {
            return base;
        }
        let bend = soft().at(x * 2.0, z * 2.0) * 0.9;
        let phase = (x * self.wind.0 + z * self.wind.1) * 420.0 + bend * 40.0;
        base + sin(phase) * 0.00022 * (1.0 - distance * 4.0)
    }

    fn albedo(&self, spot: &Spot) -> Rgb {
        let patch = soft().at(spot.x * 9.0, spot.z * 9.0) - 0.5;
        let speck = soft().at(spot.x * 61.0, spot.z * 61.0) - 0.5;
        self.colour * (1.0 + 0.25 * patch + 0.22 * speck)
    }

    fn hardness(&self) -> f32 {
        1.0
    }

    fn shadow_reach(&self) -> f32 {
        0.02
    }
}

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.28, 0.45);
    let focal = sketch.dice.range(1.1, 2.0);
    let air = sketch.air(horizon, focal, Sun::Aside);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, horizon + 0.1);
    let dice = &mut sketch.dice;
    let sand = Sand {
        tall: [0.09, 0.06, 0.075][sketch.composition] * dice.range(0.85, 1.2),
        scale: [0.9, 1.6, 1.2][sketch.composition],
        colour: Rgb::hex(dice.pick(&[0xd9a066, 0xd8ac78, 0xc98a56, 0xe0c098, 0xcf9468])),
        wind: (cos(0.6), sin(0.6)),
    };
    let angle = dice.range(0.0, std::f32::consts::TAU);
    let (x, z) = (dice.unit(), dice.unit());
    let height = sand
        .bulk(x, z)
        .max(sand.bulk(x + sin(angle) * 0.04, z + cos(angle) * 0.04))
        + dice.range(0.015, 0.04);
    let eye = Eye {
        x,
        z,
        height,
        heading: (cos(angle), sin(angle)),
        near: 0.02,
        far: 1.5,
    };
    march(sketch.frame, &air, &eye, &sand);
}
