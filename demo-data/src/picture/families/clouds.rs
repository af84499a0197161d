//! Clouds, from below and from above.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::land::{Eye, Ground, Spot, march};
use crate::picture::light::Sun;
use crate::picture::maths::{cos, sin};
use crate::picture::noise::{billow, soft};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "clouds",
    subjects: &["sea of clouds", "big sky", "above the clouds"],
    lights: &[
        Light::Dawn,
        Light::Sunrise,
        Light::Morning,
        Light::Noon,
        Light::Afternoon,
        Light::Storm,
        Light::Golden,
        Light::Sunset,
        Light::Sunset,
        Light::Afterglow,
    ],
    portrait: 0.2,
    draw,
};

/// A layer of cloud as land.
struct Tops {
    tall: f32,
    scale: f32,
}

impl Ground for Tops {
    fn bulk(&self, x: f32, z: f32) -> f32 {
        billow().at(x * self.scale, z * self.scale) * self.tall
    }

    fn height(&self, x: f32, z: f32, _distance: f32) -> f32 {
        self.bulk(x, z) + (soft().at(x * 9.0, z * 9.0) - 0.5) * self.tall * 0.05
    }

    fn albedo(&self, spot: &Spot) -> Rgb {
        // Light wanders inside a cloud, so hollows are less dark than those of rock.
        let hollow = spot.height / self.tall;
        Rgb::new(0.9, 0.92, 0.96) * (0.75 + 0.4 * hollow)
    }
}

fn draw(sketch: &mut Sketch<'_>) {
    let from_above = sketch.composition != 1;
    let horizon = if from_above {
        sketch.dice.range(0.35, 0.55)
    } else {
        sketch.dice.range(0.94, 1.1)
    };
    let focal = sketch.dice.range(1.0, 1.6);
    let sun = if sketch.dice.chance(0.5) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let mut air = sketch.air(horizon, focal, sun);
    if !from_above {
        air.cover = air.cover.max(0.45);
    }
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, (horizon + 0.1).min(1.0));
    if !from_above {
        return;
    }
    air.haze *= 0.8;
    air.ambient = air.ambient * 1.2;
    let dice = &mut sketch.dice;
    let tops = Tops {
        tall: dice.range(0.05, 0.1),
        scale: dice.range(1.2, 2.4),
    };
    let angle = dice.range(0.0, std::f32::consts::TAU);
    let height = tops.tall + dice.range(0.0, 0.07);
    let eye = Eye {
        x: dice.unit(),
        z: dice.unit(),
        height,
        heading: (cos(angle), sin(angle)),
        near: 0.03,
        far: 3.0,
    };
    march(sketch.frame, &air, &eye, &tops);
}
