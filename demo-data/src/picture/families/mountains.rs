//! High mountains: rock, snow and forest, walked over in perspective.

use crate::picture::kinds::Light;
use crate::picture::land::march;
use crate::picture::light::Sun;
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::relief::Relief;
use crate::picture::sky::Sky;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "mountains",
    subjects: &[
        "mountain range",
        "snowy peaks",
        "high valley",
        "alpine forest",
    ],
    lights: &[
        Light::Dawn,
        Light::Sunrise,
        Light::Morning,
        Light::Noon,
        Light::Afternoon,
        Light::Overcast,
        Light::Storm,
        Light::Golden,
        Light::Golden,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
        Light::Winter,
    ],
    portrait: 0.22,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.4, 0.6);
    let focal = sketch.dice.range(1.4, 2.4);
    let sun = if sketch.dice.chance(0.25) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let air = sketch.air(horizon, focal, sun);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, (horizon + 0.1).min(1.0));
    let dice = &mut sketch.dice;
    let mut relief = Relief::summer(dice);
    (relief.snow_line, relief.tree_line) = match sketch.composition {
        1 => (0.36, 0.24),
        2 => (0.72, 0.36),
        3 => (0.8, 0.6),
        _ => (0.56, 0.3),
    };
    relief.snow_line += dice.range(-0.08, 0.08);
    if sketch.light == Light::Winter {
        relief.snow_line = 0.1;
    }
    let mut eye = relief.vantage(dice, 0.35, |here, near, far| far - 1.3 * near - 0.2 * here);
    eye.height += dice.range(0.008, 0.03);
    march(sketch.frame, &air, &eye, &relief);
}
