//! Where land meets the sea.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::land::march;
use crate::picture::light::Sun;
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::relief::Relief;
use crate::picture::sky::Sky;
use crate::picture::water::Surface;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "coast",
    subjects: &["rocky coast", "green cliffs", "islands", "wild bay"],
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
    ],
    portrait: 0.2,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.3, 0.45);
    let focal = sketch.dice.range(1.0, 1.6);
    let sun = if sketch.dice.chance(0.35) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let air = sketch.air(horizon, focal, sun);
    let sky = Sky::new(&air, &mut sketch.dice);
    sky.paint(sketch.frame, horizon + 0.03);
    let dice = &mut sketch.dice;
    let mut relief = Relief::summer(dice);
    relief.rugged = 0.011;
    (relief.water_line, relief.tree_line) = match sketch.composition {
        0 => (0.42, -1.0),
        1 => (0.4, -1.0),
        2 => (0.5, 0.58),
        _ => (0.44, 0.62),
    };
    relief.tree_height = 0.002;
    if sketch.composition == 0 {
        relief.grass = relief.rock * 0.8;
    }
    let line = relief.water_line;
    let mut eye = relief.vantage(dice, 0.2, |here, near, far| {
        let wet = |part: f32| if part < line { 0.3 } else { 0.0 };
        (here - line).clamp(-0.1, 0.15) - 2.0 * (near - here).max(0.0) + wet(far) + 0.5 * wet(near)
    });
    eye.height = eye.height.max(line * relief.tall) + dice.range(0.012, 0.03);
    let deep = Rgb::hex(dice.pick(&[0x0f3a4a, 0x14485a, 0x1a4e58, 0x0c3040]));
    let rough = dice.range(0.6, 1.2);
    let surface = Surface::new(dice, rough, 0.35, deep);
    let waters = march(sketch.frame, &air, &eye, &relief);
    surface.paint_waters(sketch.frame, &sky, &waters);
}
