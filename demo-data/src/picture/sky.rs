//! Skies: a gradient, the sun's glow and disc, and clouds that flatten towards the horizon.

use super::colour::Rgb;
use super::dice::Dice;
use super::frame::Frame;
use super::light::Air;
use super::maths::{cos, lerp, sin, smooth};
use super::noise::{Field, billow, soft};

/// A kind of cloud over a whole sky.
pub(crate) struct Clouds {
    field: &'static Field,
    detail: f32,
    /// Rotation and scale from the cloud's plane to its table.
    turn: (f32, f32),
    stretch: (f32, f32),
    offset: (f32, f32),
    low: f32,
    high: f32,
    /// How far towards the sun a cloud looks to find its own shadow, in its table.
    shadow: (f32, f32),
    pub(crate) thickness: f32,
}

impl Clouds {
    /// Clouds such as the light's weather has.
    pub(crate) fn of(air: &Air, dice: &mut Dice) -> Self {
        let cover = air.cover;
        let high = cover < 0.7 && dice.chance(0.4);
        let angle = dice.range(0.0, std::f32::consts::TAU);
        let (field, stretch, softness) = if high {
            let long = dice.range(0.05, 0.09);
            (soft(), (long, long * dice.range(2.2, 4.0)), 0.42)
        } else if cover > 0.7 {
            let size = dice.range(0.09, 0.14);
            (billow(), (size, size * 1.6), 0.5)
        } else {
            let size = dice.range(0.1, 0.2);
            (billow(), (size, size), 0.24)
        };
        // Half of the values of both tables are around these.
        let low = lerp(0.72, 0.22, cover);
        let turn = (cos(angle), sin(angle));
        let length = 0.035;
        let to_sun = (air.towards[0] * length, air.towards[2] * length);
        let shadow = (
            turn.0 * to_sun.0 - turn.1 * to_sun.1,
            turn.1 * to_sun.0 + turn.0 * to_sun.1,
        );
        Self {
            field,
            detail: if high { 0.06 } else { 0.09 },
            turn,
            stretch,
            offset: (dice.unit(), dice.unit()),
            low,
            high: low + softness,
            shadow,
            thickness: if high {
                dice.range(0.35, 0.75)
            } else {
                dice.range(0.8, 1.0)
            },
        }
    }

    /// How dense the cloud is in a direction, and how much light reaches it.
    #[inline]
    pub(crate) fn at(&self, across: f32, up: f32) -> (f32, f32) {
        let reach = 1.0 / (up + 0.07);
        let (x, z) = (across * reach, reach);
        let u = (self.turn.0 * x - self.turn.1 * z) * self.stretch.0 + self.offset.0;
        let v = (self.turn.1 * x + self.turn.0 * z) * self.stretch.1 + self.offset.1;
        let fine = self.detail * (soft().at(u * 5.0, v * 5.0) - 0.5);
        let here = self.field.at(u, v) + fine;
        if here <= self.low {
            return (0.0, 0.5);
        }
        let sunward = self.field.at(u + self.shadow.0, v + self.shadow.1) + fine * 0.4;
        let density = smooth(self.low, self.high, here);
        let light = 0.62 + (here - sunward) * 2.6 - density * 0.25;
        (density * self.thickness, light.clamp(0.0, 1.0))
    }
}

/// A sky, with its light in any direction.
pub(crate) struct Sky<'a> {
    pub(crate) air: &'a Air,
    pub(crate) clouds: Clouds,
}

impl<'a> Sky<'a> {
    pub(crate) fn new(air: &'a Air, dice: &mut Dice) -> Self {
        let clouds = Clouds::of(air, dice);
        Self { air, clouds }
    }

    /// The light that comes from a direction.
    #[inline]
    pub(crate) fn light(&self, across: f32, up: f32) -> Rgb {
        let air = self.air;
        let glow = air.glow_at(across, up);
        let clear = air.sky(up) + air.glow * glow;
        let (density, light) = self.clouds.at(across, up);
        let disc = air.disc(across, up);
        let bare = clear + air.glow * disc;
        if density <= 0.0 {
            return bare;
        }
        // Thin cloud before the sun glows; thick cloud hides it.
        let lining = glow * (1.0 - 0.55 * density);
        let cloud = air.cloud_shade.mix(air.cloud_lit, light) + air.glow * (lining * 1.1);
        let near = smooth(0.0, 0.16, up);
        let cloud = clear.mix(cloud, 0.35 + 0.65 * near);
        bare.mix(cloud, density * (0.25 + 0.75 * smooth(0.0, 0.07, up)))
    }

    /// Paints the rows above `bottom`. Clouds are soft: large pictures compute every other
    /// pixel and blend between them.
    pub(crate) fn paint(&self, frame: &mut Frame, bottom: f32) {
        let view = self.air.view;
        coarse(frame, 0.0, bottom, |x, y| {
            self.light(view.across(x), view.up(y))
        });
    }
}

/// Sets the pixels of some rows from a soft function, computed on a coarser grid when the
/// picture is large.
pub(crate) fn coarse(
    frame: &mut Frame,
    top: f32,
    bottom: f32,
    mut shader: impl FnMut(f32, f32) -> Rgb,
) {
    let step = match frame.width {
        0..=200 => 1,
        201..=500 => 2,
        501..=900 => 3,
        _ => 4,
    };
    if step == 1 {
        frame.shade(top, bottom, |x, y, _| shader(x, y));
        return;
    }
    let (first, last) = (frame.row(top), frame.row(bottom));
    let columns = frame.width.div_ceil(step) + 2;
    let pixel = frame.pixel();
    let mut line = |row: usize| -> Vec<Rgb> {
        let y = (row as f32 + 0.5) * pixel;
        (0..columns)
            .map(|c| shader(((c * step) as f32 + 0.5) * pixel, y))
            .collect()
    };
    let (mut upper, mut lower) = (line(first), Vec::new());
    let mut base = first;
    let width = frame.width;
    for row in first..last {
        if row == base || lower.is_empty() {
            lower = line(base + step);
        }
        if row == base + step {
            std::mem::swap(&mut upper, &mut lower);
            base = row;
            lower = line(base + step);
        }
        let fy = (row - base) as f32 / step as f32;
        for (column, pixel) in frame.pixels[row * width..(row + 1) * width]
            .iter_mut()
            .enumerate()
        {
            let (cell, fx) = (column / step, (column % step) as f32 / step as f32);
            let above = upper[cell].mix(upper[cell + 1], fx);
            *pixel = above.mix(lower[cell].mix(lower[cell + 1], fx), fy);
        }
    }
}
