//! Water: the sky in its waves, its own colour where one looks down into it.

use super::colour::Rgb;
use super::frame::Frame;
use super::land::Waters;
use super::light::Air;
use super::maths::smooth;
use super::noise::{Dice, soft};
use super::sky::Sky;

/// A surface of water that fills the picture below the horizon.
pub(crate) struct Surface {
    offset: (f32, f32),
    rough: f32,
    /// The height of the camera over it.
    height: f32,
    deep: Rgb,
    size: f32,
}

impl Surface {
    pub(crate) fn new(dice: &mut Dice, rough: f32, height: f32, deep: Rgb) -> Self {
        Self {
            offset: (dice.unit(), dice.unit()),
            rough,
            height,
            deep,
            size: dice.range(0.7, 1.2),
        }
    }

    /// Paints everything below the horizon.
    pub(crate) fn paint(&self, frame: &mut Frame, sky: &Sky<'_>) {
        let light = self.light(frame, sky);
        frame.shade(sky.air.view.horizon, 1.0, |x, y, _| light(x, y));
    }

    /// Paints the water that `march` left room for.
    pub(crate) fn paint_waters(&self, frame: &mut Frame, sky: &Sky<'_>, waters: &Waters) {
        let light = self.light(frame, sky);
        let mut parts = waters.part[frame.row(sky.air.view.horizon) * frame.width..].iter();
        frame.shade(sky.air.view.horizon, 1.0, |x, y, under| {
            match parts.next() {
                Some(part) if *part > 0.0 => under + light(x, y) * *part,
                _ => under,
            }
        });
    }

    /// The light of the water at each place.
    fn light<'a>(&'a self, frame: &Frame, sky: &'a Sky<'_>) -> impl Fn(f32, f32) -> Rgb + use<'a> {
        let air = sky.air;
        let view = air.view;
        let field = soft();
        let fine = 0.8 * frame.height as f32;
        let body = self.deep * (air.ambient + air.sun * 0.25);
        move |x, y| {
            let down = ((y - view.horizon) / view.focal).max(0.0006);
            let distance = self.height / down;
            let across = view.across(x);
            let (wx, wz) = (
                across * distance * self.size + self.offset.0,
                distance * self.size * 1.6 + self.offset.1,
            );
            // Waves smaller than a pixel are left to the roughness of the reflection.
            let seen = smooth(0.0, 1.0, down * down * fine * 0.9);
            let swell =
                (field.at(wx * 0.8, wz * 2.2) - 0.5) * smooth(0.0, 1.0, down * down * fine * 8.0);
            let ripple = field.at(wx * 3.7 + 0.2, wz * 7.5 + swell * 0.2) - 0.5;
            let slope = (swell * 0.9 + ripple * 0.7 * seen) * self.rough;
            let tilt = (field.at(wx * 3.1 + 0.7, wz * 5.1) - 0.5) * self.rough * 0.5 * seen;
            // A wave that leans towards us shows sky from higher up.
            let up = (down + (slope * 0.45 + 0.10 * self.rough) * (0.35 + 0.65 * seen)).max(0.002);
            let mirrored = sky.air.clear(across + tilt * 0.6, up);
            let facing = (down + slope * 0.35).clamp(0.0, 1.0);
            let mirror = 0.04 + 0.96 * pow5(1.0 - facing.min(1.0) * 0.75);
            let mut light = body.mix(mirrored, mirror.clamp(0.0, 1.0));
            // Glitter: facets that happen to face the sun.
            let (dx, dy) = (across + tilt - air.sun_at.0, up - air.sun_at.1);
            let wide = 0.004 + 0.03 * self.rough;
            let spread = dx * dx / wide + dy * dy * 3.0;
            let spark = smooth(0.5, 0.72, 0.5 + ripple * 1.6 * seen + swell * 0.5 + 0.1);
            light += air.glow * ((0.35 + 3.2 * spark) / (1.0 + spread * spread * 1.6));
            let far = air.through(distance * 0.12);
            air.distance(across).mix(light, far)
        }
    }
}

#[inline]
fn pow5(x: f32) -> f32 {
    let s = x * x;
    s * s * x
}

/// Lays the mirror image of the far shore over water that `march` found.
///
/// Each column is mirrored at the line where its water begins, which is what a low camera
/// sees of things that stand at the shore.
pub(crate) fn mirror(frame: &mut Frame, air: &Air, waters: &Waters, surface: &Surface, rough: f32) {
    let (width, pixel) = (frame.width, frame.pixel());
    let view = air.view;
    let first = frame.row(view.horizon);
    let mut shore = vec![usize::MAX; width];
    let above: Vec<Rgb> = frame.pixels.clone();
    for row in first..frame.height {
        let y = (row as f32 + 0.5) * pixel;
        for (column, shore) in shore.iter_mut().enumerate() {
            let distance = waters.distance[row * width + column];
            if distance <= 0.0 {
                *shore = usize::MAX;
                continue;
            }
            if *shore == usize::MAX {
                *shore = row;
            }
            let x = (column as f32 + 0.5) * pixel;
            let away = view.across(x) * distance;
            let wave = soft().at(
                away * 9.0 + surface.offset.0,
                distance * 24.0 + surface.offset.1,
            ) - 0.5;
            let slow = soft().at(away * 2.0 + surface.offset.1, distance * 5.0) - 0.5;
            let depth = (row - *shore) as f32 * pixel;
            // Waves draw the image out downwards, the more the nearer they are.
            let bend = (wave * 1.4 + slow) * rough * (0.02 + depth * 0.35);
            let source = ((*shore as f32 * pixel) - depth * 1.02 + bend) / pixel - 1.0;
            let side = (column as f32 + wave * rough * 0.012 / pixel).clamp(0.0, width as f32 - 1.0)
                as usize;
            let from = (source.clamp(0.0, *shore as f32)) as usize;
            let image = above[from.min(frame.height - 1) * width + side];
            let down = ((y - view.horizon) / view.focal).max(0.0);
            let mirror = 0.45 + 0.5 * pow5(1.0 - down.min(1.0) * 0.8);
            let body = surface.deep * (air.ambient + air.sun * 0.2);
            let gleam = smooth(0.06, 0.2, slow + 0.3 * wave) * 0.12 * rough;
            let seen = body.mix(image * 0.94, mirror).mix(air.sky(down), gleam);
            let seen = air
                .distance(view.across(x))
                .mix(seen, air.through(distance * 0.4));
            let part = waters.part[row * width + column];
            frame.pixels[row * width + column] += seen * part;
        }
    }
}
