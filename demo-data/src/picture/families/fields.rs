//! Open country: meadows, crops in rows, a line of trees, something blurred before the lens.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::land::{Eye, Ground, Spot, march};
use crate::picture::light::Sun;
use crate::picture::maths::{cos, lerp, sin, smooth};
use crate::picture::noise::{broad, heads, soft, spikes};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;
use crate::picture::veil::Veil;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "fields",
    subjects: &[
        "summer meadow",
        "lavender field",
        "wheat field",
        "rolling hills",
        "tea terraces",
    ],
    lights: &[
        Light::Sunrise,
        Light::Morning,
        Light::Mist,
        Light::Noon,
        Light::Afternoon,
        Light::Overcast,
        Light::Storm,
        Light::Golden,
        Light::Golden,
        Light::Sunset,
        Light::Afterglow,
    ],
    portrait: 0.2,
    draw,
};

struct Country {
    tall: f32,
    scale: f32,
    /// Distance between rows, zero when the crop covers everything.
    rows: f32,
    crop_height: f32,
    crop: Rgb,
    bloom: Rgb,
    earth: Rgb,
    wood: Rgb,
    tree_height: f32,
    woods: f32,
}

impl Country {
    /// How much of a row grows at a place.
    fn row(&self, x: f32, z: f32) -> f32 {
        if self.rows <= 0.0 {
            return 1.0;
        }
        let bend = broad().at(x * 0.7, z * 0.7) * 0.02;
        0.5 + 0.5 * sin((x + bend) / self.rows * std::f32::consts::TAU)
    }

    fn wooded(&self, x: f32, z: f32) -> f32 {
        smooth(
            self.woods,
            self.woods + 0.04,
            broad().at(x * 1.4 + 0.2, z * 2.6 + 0.4),
        )
    }
}

impl Ground for Country {
    fn bulk(&self, x: f32, z: f32) -> f32 {
        broad().at(x * self.scale, z * self.scale) * self.tall
    }

    fn height(&self, x: f32, z: f32, distance: f32) -> f32 {
        let mut height = self.bulk(x, z);
        if distance < 0.3 {
            let tuft = spikes().at(x * 60.0, z * 60.0) * 0.6 + soft().at(x * 31.0, z * 31.0) * 0.6;
            height +=
                self.crop_height * tuft * lerp(0.25, 1.0, self.row(x, z)) * (1.0 - distance / 0.3);
        }
        if distance > 0.12 {
            let wooded = self.wooded(x, z) * smooth(0.12, 0.2, distance);
            if wooded > 0.0 {
                height += self.tree_height
                    * wooded
                    * (0.45
                        + 0.6 * heads().at(x * 9.0, z * 9.0)
                        + 0.3 * soft().at(x * 40.0, z * 40.0));
            }
        }
        height
    }

    fn albedo(&self, spot: &Spot) -> Rgb {
        let patch = broad().at(spot.x * 3.0, spot.z * 3.0) - 0.5;
        let fine = soft().at(spot.x * 47.0, spot.z * 47.0) - 0.5;
        let row = self.row(spot.x, spot.z);
        let seen = smooth(0.5, 0.05, spot.distance * 0.7);
        let stand = lerp(0.62, row, seen);
        let flower = smooth(
            0.42,
            0.62,
            soft().at(spot.x * 19.0 + 0.4, spot.z * 19.0) + 0.25 * patch,
        );
        let crop = self.crop.mix(self.bloom, lerp(0.5, flower, 0.7));
        let mut c = self.earth.mix(crop, smooth(0.1, 0.5, stand))
            * (1.0 + 0.5 * patch + 1.1 * fine * (0.4 + 0.6 * seen));
        // Parcels of other land further off.
        let parcel = broad().at(spot.x * 1.1 + 0.5, spot.z * 1.9);
        c = c.mix(
            self.earth.mix(self.wood, 0.35) * (1.3 + fine),
            smooth(0.5, 0.54, parcel) * smooth(0.12, 0.3, spot.distance) * 0.7,
        );
        let wooded = self.wooded(spot.x, spot.z) * smooth(0.12, 0.2, spot.distance);
        c.mix(self.wood * (0.7 + 1.2 * fine), wooded)
    }

    fn hardness(&self) -> f32 {
        0.35
    }

    fn shadow_reach(&self) -> f32 {
        0.0
    }
}

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = if sketch.dice.chance(0.6) {
        sketch.dice.range(0.3, 0.4)
    } else {
        sketch.dice.range(0.55, 0.68)
    };
    let sun = if sketch.dice.chance(0.45) {
        Sun::Ahead
    } else {
        Sun::Aside
    };
    let air = sketch.air(horizon, sketch.dice.clone().range(1.0, 1.7), sun);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, (horizon + 0.1).min(1.0));
    let dice = &mut sketch.dice;
    let greens = [0x6c7c34, 0x5d7234, 0x808038, 0x56692e];
    let (crop, bloom, earth, rows, tall) = match sketch.composition {
        0 => (
            dice.pick(&greens),
            dice.pick(&[0xd8b838, 0xc84838, 0xe8e0d0, 0xa878b8, 0x8c9a40]),
            0x6a6a3c,
            0.0,
            0.02,
        ),
        1 => (
            0x6a5a94,
            dice.pick(&[0x8a68b8, 0x7a5cb0, 0x9c78b4]),
            0x7c7456,
            dice.range(0.012, 0.018),
            0.012,
        ),
        2 => (
            0xb89850,
            dice.pick(&[0xd8b868, 0xc8a458]),
            0x8a7038,
            0.0,
            0.016,
        ),
        3 => (
            dice.pick(&greens),
            dice.pick(&[0x94924a, 0x7c8a3c, 0xb0a050]),
            0x74703c,
            0.0,
            0.075,
        ),
        _ => (0x4c7030, 0x66883c, 0x6c5a40, dice.range(0.008, 0.012), 0.06),
    };
    let country = Country {
        tall: tall * dice.range(0.8, 1.3),
        scale: dice.range(0.9, 1.5),
        rows,
        crop_height: dice.range(0.0008, 0.0016),
        crop: Rgb::hex(crop),
        bloom: Rgb::hex(bloom),
        earth: Rgb::hex(earth),
        wood: Rgb::hex(dice.pick(&[0x34421f, 0x3c4a26, 0x2c3a22])),
        tree_height: dice.range(0.006, 0.011),
        woods: dice.range(0.5, 0.62),
    };
    let angle = if rows > 0.0 {
        dice.range(-0.35, 0.35)
    } else {
        dice.range(0.0, std::f32::consts::TAU)
    };
    let (x, z) = (dice.unit(), dice.unit());
    let ahead = country.bulk(x + sin(angle) * 0.05, z + cos(angle) * 0.05);
    let height = country.bulk(x, z).max(ahead) + dice.range(0.009, 0.018);
    let eye = Eye {
        x,
        z,
        height,
        heading: (cos(angle), sin(angle)),
        near: 0.012,
        far: 1.5,
    };
    march(sketch.frame, &air, &eye, &country);
    if sketch.dice.chance(0.45) {
        foreground(
            sketch,
            country.crop.mix(country.bloom, 0.4),
            air.ambient + air.sun * 0.35,
        );
    }
}

/// Stems and blossoms right before the lens.
pub(super) fn foreground(sketch: &mut Sketch<'_>, tint: Rgb, light: Rgb) {
    let dice = &mut sketch.dice;
    let aspect = sketch.frame.aspect();
    let mut veil = Veil::new(sketch.frame, 72);
    let middle = dice.unit() * aspect;
    for _ in 0..70 {
        let x = dice.unit() * aspect;
        // Higher at one side, so that the view stays open.
        let reach = 0.06 + 0.3 * smooth(0.2, 1.1, (x - middle).abs());
        let y = 1.03 - dice.unit() * dice.unit() * reach;
        let leaf = tint * light * dice.range(0.35, 1.2);
        let size = dice.range(0.012, 0.04);
        veil.spot((x, y + 0.1), (size * 0.5, 0.16), 0.8, leaf * 0.7, 0.85);
        veil.spot((x, y), (size, size * 0.9), 0.6, leaf, 0.9);
    }
    veil.blur(0.016);
    veil.cover(sketch.frame);
}
