//! A land of rock, grass, wood, snow and water, shared by several families.

use super::colour::Rgb;
use super::dice::Dice;
use super::land::{Eye, Ground, Spot};
use super::maths::{cos, sin, smooth};
use super::noise::{Field, soft, spikes, terrain};

/// The parameters of a land. Heights are parts of a tile of the table of heights.
pub(crate) struct Relief {
    pub(crate) heights: &'static Field,
    /// How many times the table is repeated over a unit of distance.
    pub(crate) scale: f32,
    /// Height of the highest mountain.
    pub(crate) tall: f32,
    /// Height of the small unevenness.
    pub(crate) rugged: f32,
    /// Lines between the kinds of ground, as parts of the greatest height.
    pub(crate) snow_line: f32,
    pub(crate) tree_line: f32,
    pub(crate) water_line: f32,
    pub(crate) tree_height: f32,
    /// The density of trees, as repetitions of their table.
    pub(crate) tree_scale: f32,
    pub(crate) rock: Rgb,
    pub(crate) grass: Rgb,
    pub(crate) wood: Rgb,
    pub(crate) snow: Rgb,
    /// The colour along the water.
    pub(crate) shore: Rgb,
}

impl Relief {
    /// A dry mountain land in summer.
    pub(crate) fn summer(dice: &mut Dice) -> Self {
        Self {
            heights: terrain(),
            scale: 1.0,
            tall: dice.range(0.07, 0.1),
            rugged: 0.0045,
            snow_line: 2.0,
            tree_line: -1.0,
            water_line: -1.0,
            tree_height: 0.0032,
            tree_scale: 14.0,
            rock: Rgb::hex(dice.pick(&[0x8d8478, 0x77736c, 0x978878, 0x7e7672])),
            grass: Rgb::hex(dice.pick(&[0x6a7438, 0x7c7640, 0x5c6a38, 0x8d7a44, 0x64703a])),
            wood: Rgb::hex(dice.pick(&[0x2a3822, 0x303c26, 0x3a4224, 0x283426])),
            snow: Rgb::hex(0xeef1f6),
            shore: Rgb::hex(dice.pick(&[0x9a8c74, 0x857a68, 0xb09c78])),
        }
    }

    /// Looks for a place with a view in some direction: `score` judges the heights (as parts
    /// of the greatest) here, the highest a little ahead, and far ahead; the best of some wins.
    pub(crate) fn vantage(
        &self,
        dice: &mut Dice,
        reach: f32,
        score: impl Fn(f32, f32, f32) -> f32,
    ) -> Eye {
        let angle = dice.range(0.0, std::f32::consts::TAU);
        let (c, s) = (cos(angle), sin(angle));
        let mut best = (0.0, 0.0, f32::MIN, 0.0f32);
        for _ in 0..30 {
            let (x, z) = (dice.unit() / self.scale, dice.unit() / self.scale);
            let part = |away: f32, aside: f32| {
                let (away, aside) = (away * reach, aside * away * reach);
                self.bulk(x + s * away + c * aside, z + c * away - s * aside) / self.tall
            };
            let wide = |away: f32| part(away, -0.5).max(part(away, 0.0)).max(part(away, 0.5));
            let (here, far) = (part(0.0, 0.0), part(1.0, 0.0));
            let close = here.max(wide(0.1)).max(wide(0.2));
            let near = close.max(wide(0.4));
            let score = score(here, near, far);
            if score > best.2 {
                best = (x, z, score, close);
            }
        }
        Eye {
            x: best.0,
            z: best.1,
            height: best.3 * self.tall,
            heading: (c, s),
            near: 0.012,
            far: 1.4,
        }
    }
}

impl Ground for Relief {
    fn bulk(&self, x: f32, z: f32) -> f32 {
        self.heights.at(x * self.scale, z * self.scale) * self.tall
    }

    fn height(&self, x: f32, z: f32, distance: f32) -> f32 {
        let base = self.bulk(x, z);
        let fine = soft().at(x * 8.0, z * 8.0) - 0.5;
        let mut height = base + fine * self.rugged;
        let tree_line = self.tree_line * self.tall;
        if base < tree_line && distance < 0.9 {
            let thick = smooth(0.0, 0.012, tree_line - base + fine * 0.035);
            height +=
                self.tree_height * thick * spikes().at(x * self.tree_scale, z * self.tree_scale);
        }
        height
    }

    fn albedo(&self, spot: &Spot) -> Rgb {
        let up = spot.height * 21.0;
        let patch = soft().at(spot.x * 23.0 + up, spot.z * 23.0 - up) - 0.5;
        let broad = soft().at(spot.x * 4.0 + 0.3, spot.z * 4.0) - 0.5;
        let steep = 1.0 - spot.normal[1];
        let rock = self.rock * (0.85 + 0.9 * patch + 0.6 * broad);
        let mut ground = self.grass * (0.9 + 1.1 * patch + broad);
        ground = ground.mix(rock, smooth(0.14, 0.3, steep + patch * 0.25));
        let tall = self.tall;
        if self.water_line > 0.0 {
            let above = spot.height - self.water_line * tall;
            ground = ground.mix(
                self.shore * (0.9 + patch),
                smooth(0.004, 0.001, above + 0.004 * patch),
            );
        }
        let snowy = smooth(
            -0.006,
            0.008,
            spot.height - self.snow_line * tall + 0.03 * broad + 0.02 * patch,
        );
        ground = ground.mix(self.snow, snowy * smooth(0.5, 0.28, steep + patch * 0.3));
        if spot.height < self.tree_line * tall + 0.02 {
            let wooded = smooth(
                0.0,
                0.01,
                self.tree_line * tall - spot.height + broad * 0.035,
            );
            let crown = spikes().at(spot.x * self.tree_scale, spot.z * self.tree_scale);
            let tree = self.wood * (0.45 + 1.1 * crown + broad);
            // Snow on branches is thinner than on open ground.
            ground = ground.mix(
                tree.mix(
                    self.snow * 0.8,
                    0.45 * snowy * smooth(0.25, 0.6, crown + patch),
                ),
                wooded,
            );
        }
        ground
    }

    fn water(&self) -> f32 {
        if self.water_line > 0.0 {
            self.water_line * self.tall
        } else {
            -9.0
        }
    }
}
