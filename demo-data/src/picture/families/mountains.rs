//! High mountains: rock, snow and forest, walked over in perspective.

use super::{Kind, Sketch};
use crate::picture::colour::Rgb;
use crate::picture::land::{Eye, Ground, Spot, march};
use crate::picture::light::Sun;
use crate::picture::maths::{cos, lerp, sin, smooth};
use crate::picture::noise::{Field, soft, spikes, terrain};
use crate::picture::scene::Light;
use crate::picture::sky::Sky;

pub(crate) const KIND: Kind = Kind {
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
    standing: 0.22,
    draw,
};

struct Alps {
    heights: &'static Field,
    fine: &'static Field,
    trees: &'static Field,
    /// Height of the mountains over a tile.
    tall: f32,
    snow_line: f32,
    tree_line: f32,
    tree_height: f32,
    rock: Rgb,
    grass: Rgb,
    wood: Rgb,
    snow: Rgb,
}

impl Ground for Alps {
    fn bulk(&self, x: f32, z: f32) -> f32 {
        self.heights.at(x, z) * self.tall
    }

    fn height(&self, x: f32, z: f32, distance: f32) -> f32 {
        let base = self.bulk(x, z);
        let fine = (self.fine.at(x * 9.0, z * 9.0) - 0.5) * 0.012;
        let mut height = base + fine;
        if base < self.tree_line && distance < 0.8 {
            let thick = smooth(self.tree_line, self.tree_line - 0.03, base + fine * 2.0);
            height += self.tree_height * thick * self.trees.at(x * 11.0, z * 11.0);
        }
        height
    }

    fn albedo(&self, spot: &Spot) -> Rgb {
        let patch = self.fine.at(spot.x * 23.0, spot.z * 23.0) - 0.5;
        let broad = self.fine.at(spot.x * 3.0 + 0.3, spot.z * 3.0) - 0.5;
        let steep = 1.0 - spot.normal[1];
        let rock = self.rock * (0.85 + 0.9 * patch + 0.5 * broad);
        let mut ground = self.grass * (0.9 + 1.1 * patch + broad);
        ground = ground.mix(rock, smooth(0.18, 0.38, steep + patch * 0.3));
        let wooded = smooth(
            self.tree_line,
            self.tree_line - 0.02,
            spot.height + broad * 0.06,
        );
        ground = ground.mix(
            self.wood * (0.6 + 0.8 * self.trees.at(spot.x * 11.0, spot.z * 11.0)),
            wooded,
        );
        let snowy = smooth(
            self.snow_line,
            self.snow_line + 0.03,
            spot.height + 0.06 * broad + 0.04 * patch,
        );
        ground.mix(self.snow, snowy * smooth(0.62, 0.4, steep + patch * 0.35))
    }
}

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.42, 0.6);
    let focal = sketch.dice.range(1.1, 1.9);
    let sun = if sketch.dice.chance(0.3) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let air = sketch.air(horizon, focal, sun);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, horizon + 0.05);
    let dice = &mut sketch.dice;
    let tall = dice.range(0.2, 0.3);
    let winter = sketch.light == Light::Winter;
    let (snow_line, tree_line) = match sketch.composition {
        1 => (0.3, 0.2),
        2 => (0.72, 0.38),
        3 => (0.8, 0.75),
        _ => (0.6, 0.3),
    };
    let snow_line = if winter {
        0.1
    } else {
        snow_line + dice.range(-0.08, 0.08)
    };
    let alps = Alps {
        heights: terrain(),
        fine: soft(),
        trees: spikes(),
        tall,
        snow_line: snow_line * tall,
        tree_line: tree_line * tall,
        tree_height: 0.006,
        rock: Rgb::hex(dice.pick(&[0x7d766c, 0x6a6660, 0x8a7d70, 0x716a68])),
        grass: Rgb::hex(dice.pick(&[0x6f7a3e, 0x7f7a45, 0x5f6f3c, 0x94804a])),
        wood: Rgb::hex(dice.pick(&[0x2c3a26, 0x32402a, 0x3c4426])),
        snow: Rgb::hex(0xf0f2f6),
    };
    let angle = dice.range(0.0, std::f32::consts::TAU);
    let mut best = (0.0, 0.0, 9.0f32, 0.0);
    // A photographer looks for a place with a view: low ground that rises ahead.
    for _ in 0..24 {
        let (x, z) = (dice.unit(), dice.unit());
        let here = alps.bulk(x, z);
        let ahead = alps.bulk(x + sin(angle) * 0.12, z + cos(angle) * 0.12);
        let beyond = alps.bulk(x + sin(angle) * 0.32, z + cos(angle) * 0.32);
        let score = ahead - 1.2 * beyond + here * 0.3;
        if score < best.2 {
            best = (x, z, score, here.max(ahead));
        }
    }
    let height = best.3 + dice.range(0.02, 0.06);
    let eye = Eye {
        x: best.0,
        z: best.1,
        height,
        heading: (cos(angle), sin(angle)),
        near: lerp(0.02, 0.04, dice.unit()),
        far: 1.3,
    };
    march(sketch.frame, &air, &eye, &alps);
}
