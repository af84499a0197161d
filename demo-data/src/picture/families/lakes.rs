//! Still water among mountains, and what it mirrors.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::land::march;
use crate::picture::light::Sun;
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::relief::Relief;
use crate::picture::sky::Sky;
use crate::picture::water::{Surface, mirror};

pub(crate) const RECIPE: Recipe = Recipe {
    name: "lakes",
    subjects: &[
        "mountain lake",
        "quiet lake",
        "lake in the woods",
        "reflections",
    ],
    lights: &[
        Light::Dawn,
        Light::Dawn,
        Light::Sunrise,
        Light::Morning,
        Light::Mist,
        Light::Noon,
        Light::Overcast,
        Light::Golden,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
        Light::Winter,
    ],
    portrait: 0.2,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.45, 0.62);
    let focal = sketch.dice.range(1.1, 1.8);
    let sun = if sketch.dice.chance(0.3) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let air = sketch.air(horizon, focal, sun);
    let sky = Sky::new(&air, &mut sketch.dice);
    sky.paint(sketch.frame, horizon + 0.03);
    let dice = &mut sketch.dice;
    let mut relief = Relief::summer(dice);
    relief.water_line = dice.range(0.3, 0.4);
    (relief.snow_line, relief.tree_line) = match sketch.composition {
        0 => (0.62, 0.46),
        1 => (1.5, 0.42),
        2 => (1.5, 0.8),
        _ => (0.75, 0.55),
    };
    if sketch.light == Light::Winter {
        relief.snow_line = 0.2;
    }
    let line = relief.water_line;
    let mut eye = relief.vantage(dice, 0.3, |here, near, far| {
        let wet = |part: f32| if part < line - 0.03 { 0.5 } else { line - part };
        far + wet(here) + wet(near) * 3.0
    });
    eye.height = line * relief.tall + dice.range(0.004, 0.014);
    let rough = dice.range(0.05, 0.3);
    let deep = Rgb::hex(dice.pick(&[0x12303a, 0x16383a, 0x1c3a34, 0x0e2630]));
    let surface = Surface::new(dice, 0.3, 0.02, deep);
    let waters = march(sketch.frame, &air, &eye, &relief);
    mirror(sketch.frame, &air, &waters, &surface, rough);
}
