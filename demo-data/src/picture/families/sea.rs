//! Open water under a large sky.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::light::Sun;
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;
use crate::picture::water::Surface;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "sea",
    subjects: &["open sea", "calm water", "rolling waves", "sun on the sea"],
    lights: &[
        Light::Dawn,
        Light::Sunrise,
        Light::Morning,
        Light::Noon,
        Light::Afternoon,
        Light::Overcast,
        Light::Storm,
        Light::Golden,
        Light::Sunset,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
        Light::Mist,
    ],
    portrait: 0.22,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let third = if sketch.dice.chance(0.6) {
        sketch.dice.range(0.6, 0.7)
    } else {
        sketch.dice.range(0.33, 0.42)
    };
    let focal = sketch.dice.range(1.0, 1.6);
    let sun = if sketch.dice.chance(0.65) {
        Sun::Ahead
    } else {
        Sun::Anywhere
    };
    let air = sketch.air(third, focal, sun);
    let sky = Sky::new(&air, &mut sketch.dice);
    sky.paint(sketch.frame, third);
    let rough = [1.0, 0.25, 1.8, 0.7][sketch.composition] * sketch.dice.range(0.7, 1.3);
    let deep = Rgb::hex(sketch.dice.pick(&[0x0f2c3c, 0x123642, 0x1a3a40, 0x0c2434]));
    let surface = Surface::new(&mut sketch.dice, rough, 0.16, deep);
    surface.paint(sketch.frame, &sky);
}
