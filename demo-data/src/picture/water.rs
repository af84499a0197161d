//! Water: the sky in its waves, its own colour where one looks down into it.

use super::colour::Rgb;
use super::frame::Frame;
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

    /// Paints the water below the horizon.
    pub(crate) fn paint(&self, frame: &mut Frame, sky: &Sky<'_>) {
        let air = sky.air;
        let view = air.view;
        let field = soft();
        let fine = 0.8 * frame.height as f32;
        let body = self.deep * (air.ambient + air.sun * 0.25);
        frame.shade(view.horizon, 1.0, |x, y, _| {
            let down = ((y - view.horizon) / view.focal).max(0.0006);
            let distance = self.height / down;
            let across = view.across(x);
            let (wx, wz) = (
                across * distance * self.size + self.offset.0,
                distance * self.size * 1.6 + self.offset.1,
            );
            // Waves smaller than a pixel are left to the roughness of the reflection.
            let seen = smooth(0.0, 1.0, down * down * fine * 0.9);
            let swell = field.at(wx * 0.8, wz * 2.2) - 0.5;
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
            light += air.glow * ((0.35 + 3.2 * spark) * smooth(1.0, 0.0, spread * 0.35));
            let far = air.through(distance * 0.12);
            air.distance(across).mix(light, far)
        });
    }
}

#[inline]
fn pow5(x: f32) -> f32 {
    let s = x * x;
    s * s * x
}
