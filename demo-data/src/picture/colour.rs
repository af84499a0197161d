//! Colours as light: linear, unbounded red, green and blue.

use std::ops::{Add, AddAssign, Mul};
use std::sync::LazyLock;

use super::maths::pow;

/// The light of each of a screen's levels.
static LIGHT_OF_LEVEL: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|level| {
        let v = level as f32 / 255.0;
        if v <= 0.040_45 {
            v / 12.92
        } else {
            pow((v + 0.055) / 1.055, 2.4)
        }
    })
});

/// An amount of light in each of three channels; one is paper white, the sun is far above.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rgb {
    pub(crate) r: f32,
    pub(crate) g: f32,
    pub(crate) b: f32,
}

impl Rgb {
    pub(crate) const BLACK: Self = Self::new(0.0, 0.0, 0.0);

    #[inline]
    pub(crate) const fn new(r: f32, g: f32, b: f32) -> Self {
        Self { r, g, b }
    }

    #[inline]
    pub(crate) const fn grey(v: f32) -> Self {
        Self::new(v, v, v)
    }

    /// The light that a screen shows for `0xrrggbb`.
    pub(crate) fn hex(code: u32) -> Self {
        let channel = |shift: u32| LIGHT_OF_LEVEL[((code >> shift) & 0xff) as usize];
        Self::new(channel(16), channel(8), channel(0))
    }

    /// This colour at `t` = 0, `other` at 1.
    #[inline]
    pub(crate) fn mix(self, other: Self, t: f32) -> Self {
        Self::new(
            self.r + (other.r - self.r) * t,
            self.g + (other.g - self.g) * t,
            self.b + (other.b - self.b) * t,
        )
    }

    #[inline]
    pub(crate) fn luma(self) -> f32 {
        0.2126 * self.r + 0.7152 * self.g + 0.0722 * self.b
    }

    /// More (above one) or less (below one) colourful, as bright as before.
    #[inline]
    pub(crate) fn saturate(self, amount: f32) -> Self {
        Self::grey(self.luma()).mix(self, amount)
    }
}

impl Add for Rgb {
    type Output = Self;
    #[inline]
    fn add(self, o: Self) -> Self {
        Self::new(self.r + o.r, self.g + o.g, self.b + o.b)
    }
}

impl AddAssign for Rgb {
    #[inline]
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

/// Light through a filter, or off a surface.
impl Mul for Rgb {
    type Output = Self;
    #[inline]
    fn mul(self, o: Self) -> Self {
        Self::new(self.r * o.r, self.g * o.g, self.b * o.b)
    }
}

impl Mul<f32> for Rgb {
    type Output = Self;
    #[inline]
    fn mul(self, k: f32) -> Self {
        Self::new(self.r * k, self.g * k, self.b * k)
    }
}
