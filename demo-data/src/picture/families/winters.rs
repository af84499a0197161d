//! Snow: white woods, soft hills, and sometimes flakes before the lens.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::land::march;
use crate::picture::light::Sun;
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::relief::Relief;
use crate::picture::sky::Sky;
use crate::picture::veil::Veil;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "winter",
    subjects: &["snowy woods", "first snow", "winter hills"],
    lights: &[
        Light::Winter,
        Light::Winter,
        Light::Winter,
        Light::Overcast,
        Light::Mist,
        Light::Dawn,
        Light::Golden,
        Light::Afterglow,
        Light::Dusk,
    ],
    portrait: 0.25,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.32, 0.5);
    let focal = sketch.dice.range(1.2, 2.0);
    let sun = if sketch.dice.chance(0.3) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let mut air = sketch.air(horizon, focal, sun);
    let falling = sketch.composition == 1;
    if falling {
        air.haze *= 1.8;
        air.cover = 0.95;
    }
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, (horizon + 0.12).min(1.0));
    let dice = &mut sketch.dice;
    let mut relief = Relief::summer(dice);
    relief.tall = [0.075, 0.05, 0.06][sketch.composition];
    relief.rugged = 0.0025;
    relief.snow_line = -1.0;
    relief.tree_line = [0.62, 0.55, 0.36][sketch.composition] + dice.range(-0.06, 0.1);
    relief.tree_height = dice.range(0.0018, 0.0028);
    relief.tree_scale = dice.range(15.0, 21.0);
    relief.wood = Rgb::hex(0x3a4440).mix(Rgb::hex(0xb0b8c0), dice.range(0.0, 0.3));
    let mut eye = relief.vantage(dice, 0.25, |here, near, far| {
        far - 1.2 * near - 0.5 * (here - 0.5).abs()
    });
    eye.height += dice.range(0.012, 0.025);
    march(sketch.frame, &air, &eye, &relief);
    if falling {
        flakes(sketch, air.horizon);
    }
}

/// Falling snow, near flakes large and blurred.
fn flakes(sketch: &mut Sketch<'_>, light: Rgb) {
    let dice = &mut sketch.dice;
    let aspect = sketch.frame.aspect();
    let white = light.mix(Rgb::grey(0.9), 0.5);
    for _ in 0..(240.0 * aspect) as usize {
        let (x, y) = (dice.unit() * aspect, dice.unit());
        sketch
            .frame
            .spark(x, y, dice.range(0.001, 0.0024), white * 0.5);
    }
    let mut veil = Veil::new(sketch.frame, 96);
    for _ in 0..26 {
        let centre = (dice.unit() * aspect, dice.unit());
        let size = dice.range(0.012, 0.035);
        veil.spot(
            centre,
            (size, size * 1.2),
            0.8,
            white,
            dice.range(0.1, 0.35),
        );
    }
    veil.cover(sketch.frame);
}
