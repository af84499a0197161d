//! The light of a picture: the position of the sun, the light of sun and sky on things, and the haze
//! that grows with distance.

use super::colour::Rgb;
use super::dice::Dice;
use super::kinds::Light;
use super::maths::{cos, exp, sin, smooth};
use super::palette::mood;

/// The view of a camera: the height of its horizon from the top and its focal length, both in
/// picture heights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) aspect: f32,
    pub(crate) horizon: f32,
    pub(crate) focal: f32,
}

impl View {
    pub(crate) fn new(aspect: f32, horizon: f32, focal: f32) -> Self {
        Self {
            aspect,
            horizon,
            focal,
        }
    }

    /// Rightwards slope of the ray through a column.
    #[inline]
    pub(crate) fn across(&self, x: f32) -> f32 {
        (x - self.aspect * 0.5) / self.focal
    }

    /// Upwards slope of the ray through a row.
    #[inline]
    pub(crate) fn up(&self, y: f32) -> f32 {
        (self.horizon - y) / self.focal
    }
}

/// The position of the sun relative to the camera.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sun {
    /// In the picture, or just above it.
    Ahead,
    /// From one side, as most photographers like it.
    Aside,
    /// In any direction.
    Anywhere,
}

/// Light and air of a picture.
pub(crate) struct Air {
    pub(crate) view: View,
    zenith: Rgb,
    middle: Rgb,
    pub(crate) horizon: Rgb,
    pub(crate) glow: Rgb,
    pub(crate) sun: Rgb,
    pub(crate) ambient: Rgb,
    pub(crate) cloud_lit: Rgb,
    pub(crate) cloud_shade: Rgb,
    pub(crate) cover: f32,
    pub(crate) haze: f32,
    /// Towards the sun: rightwards, upwards, away from the camera; of length one.
    pub(crate) towards: [f32; 3],
    /// The slopes (rightwards, upwards) at which the camera sees the sun; far away when behind.
    pub(crate) sun_at: (f32, f32),
    disc_strength: f32,
}

impl Air {
    pub(crate) fn new(light: Light, view: View, sun: Sun, dice: &mut Dice) -> Self {
        let mood = mood(light);
        let half = 0.5 * view.aspect / view.focal;
        let azimuth = match sun {
            // On a third, or near it.
            Sun::Ahead => dice.sign() * half * dice.range(0.1, 0.75),
            Sun::Aside => dice.sign() * dice.range(0.7, 2.2),
            Sun::Anywhere => dice.range(-3.1, 3.1),
        };
        let height = dice.range(mood.height.0, mood.height.1).to_radians();
        let towards = [
            sin(azimuth) * cos(height),
            sin(height),
            cos(azimuth) * cos(height),
        ];
        let sun_at = if towards[2] > 0.1 {
            (towards[0] / towards[2], towards[1] / towards[2])
        } else {
            (9.0, 9.0)
        };
        // No two evenings have quite the same colours.
        let mut tint = |code: u32| {
            let c = Rgb::hex(code);
            let (r, b, k) = (
                dice.range(0.95, 1.05),
                dice.range(0.94, 1.06),
                dice.range(0.94, 1.06),
            );
            Rgb::new(c.r * r, c.g, c.b * b) * k
        };
        let haze = mood.haze.0 * 1.3;
        let thick = haze.max(if mood.cover.0 > 0.7 { 2.0 } else { 0.0 });
        Self {
            disc_strength: smooth(2.2, 1.4, thick) * 14.0,
            zenith: tint(mood.zenith),
            middle: tint(mood.middle),
            horizon: tint(mood.horizon),
            glow: tint(mood.glow.0) * (mood.glow.1 * 0.8),
            sun: tint(mood.sun.0) * mood.sun.1,
            ambient: tint(mood.ambient.0) * mood.ambient.1,
            cloud_lit: tint(mood.cloud_lit),
            cloud_shade: tint(mood.cloud_shade),
            cover: dice.range(mood.cover.0, mood.cover.1),
            haze: dice.range(mood.haze.0, mood.haze.1) * 0.62,
            view,
            towards,
            sun_at,
        }
    }

    /// The clear sky at a height (an upwards slope), away from the sun.
    #[inline]
    pub(crate) fn sky(&self, up: f32) -> Rgb {
        let up = up.max(0.0);
        let t = (1.5 * up / (up + 0.35)).min(1.0);
        let s = 1.0 - t;
        self.horizon * (s * s) + self.middle * (2.0 * s * t) + self.zenith * (t * t)
    }

    /// How much of the sun's glow is seen in a direction.
    #[inline]
    pub(crate) fn glow_at(&self, across: f32, up: f32) -> f32 {
        let (dx, dy) = (across - self.sun_at.0, up - self.sun_at.1);
        let d = dx * dx + dy * dy * 1.3;
        // 0.5 / p + 0.42 / q + 0.28 / r over one denominator: this runs for every pixel of sky.
        let (p, q, r) = (1.0 + d * 700.0, 1.0 + d * 60.0, 1.0 + d * 7.0);
        (0.5 * q * r + 0.42 * p * r + 0.28 * p * q) / (p * q * r)
    }

    /// The clear sky in a direction, with the sun's glow.
    #[inline]
    pub(crate) fn clear(&self, across: f32, up: f32) -> Rgb {
        self.sky(up) + self.glow * self.glow_at(across, up)
    }

    /// The colour of endless air in a column.
    #[inline]
    pub(crate) fn distance(&self, across: f32) -> Rgb {
        self.sky(0.015) * 0.94 + self.glow * (0.7 * self.glow_at(across, 0.02))
    }

    /// How much of a thing at a distance still comes through the air.
    #[inline]
    pub(crate) fn through(&self, distance: f32) -> f32 {
        exp(-self.haze * distance)
    }

    /// Light on a surface with this normal, where the sun is not hidden by more than `shadow`
    /// (zero: dark, one: free).
    #[inline]
    pub(crate) fn on(&self, normal: [f32; 3], shadow: f32) -> Rgb {
        let dot =
            normal[0] * self.towards[0] + normal[1] * self.towards[1] + normal[2] * self.towards[2];
        let open = 0.55 + 0.45 * normal[1];
        self.sun * (dot.max(0.0) * shadow) + self.ambient * open
    }

    /// The sun's own disc in a direction: far above white, soft at its edge, and drowned in
    /// thick weather.
    #[inline]
    pub(crate) fn disc(&self, across: f32, up: f32) -> f32 {
        let (dx, dy) = (across - self.sun_at.0, up - self.sun_at.1);
        self.disc_strength * smooth(0.017, 0.008, (dx * dx + dy * dy).sqrt())
    }
}
