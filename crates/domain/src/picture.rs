//! The shape and the colour of a picture, which a page needs before the picture is loaded.

use std::fmt;

/// A picture's size in pixels as seen upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Pixels from left to right.
    pub width: i32,
    /// Pixels from top to bottom.
    pub height: i32,
}

impl Frame {
    /// The shape as one of the ratios that the style sheet knows.
    pub fn ratio(self) -> Ratio {
        let hundredths = i64::from(self.width) * 100 / i64::from(self.height.max(1));
        let even = (hundredths + 1) / 2 * 2;
        Ratio(u16::try_from(even.clamp(Ratio::MIN.into(), Ratio::MAX.into())).unwrap_or(Ratio::MAX))
    }

    /// The picture at this width at most: a smaller one stays as it is.
    pub fn within(self, width_max: u32) -> Self {
        match i32::try_from(width_max) {
            Ok(width) if width < self.width => Self {
                width,
                height: i32::try_from(self.height_at(width_max)).unwrap_or(i32::MAX),
            },
            _ => self,
        }
    }

    /// How high the picture is when it is made this wide; at least one pixel.
    pub fn height_at(self, width: u32) -> u32 {
        let height = u64::from(self.height.unsigned_abs()) * u64::from(width)
            / u64::from(self.width.unsigned_abs().max(1));
        u32::try_from(height.max(1)).unwrap_or(u32::MAX)
    }
}

/// Width to height in hundredths, always even: names a class of the style sheet (`r150` is 3:2).
///
/// A page may not carry inline style (its content security policy forbids it), so shapes are
/// classes; in steps of 0.02 a 3:2 picture is cropped by nothing and any other by 1 % at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio(u16);

impl Ratio {
    /// The narrowest shape laid out; a narrower picture is cropped in rows, never on its own page.
    pub const MIN: u16 = 40;
    /// The widest shape laid out.
    pub const MAX: u16 = 320;

    /// Every ratio there is a class for.
    pub fn all() -> impl Iterator<Item = Self> {
        (Self::MIN..=Self::MAX).step_by(2).map(Self)
    }

    /// Width in units of height.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// How wide the picture is in a row, in hundredths of the viewport, when the row's height is
    /// this many: the value of the attribute `sizes`.
    pub fn share(self, row_height_vw: u16) -> u16 {
        (u32::from(self.0) * u32::from(row_height_vw))
            .div_ceil(100)
            .min(100) as u16
    }

    /// How many pixels wide the picture is in a row of this many pixels' height.
    pub fn width_at(self, row_height_px: u16) -> u32 {
        (u32::from(self.0) * u32::from(row_height_px)).div_ceil(100)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Average colour as an index into the 6 x 6 x 6 cube, `r * 36 + g * 6 + b`: the placeholder
/// until a picture is loaded. Names a class of the style sheet (`t215` is white).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
#[cfg_attr(feature = "sqlx", sqlx(transparent))]
pub struct Tone(pub i16);

impl Tone {
    /// Every tone there is.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..216).map(Self)
    }

    /// Red, green and blue, 0 to 255.
    pub fn rgb(self) -> [u8; 3] {
        let step = |place: i16| u8::try_from(self.0 / place % 6 * 51).unwrap_or(0);
        [step(36), step(6), step(1)]
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_a_class() {
        let classes: Vec<u16> = Ratio::all().map(|ratio| ratio.0).collect();
        for (width, height, expected) in [
            (6000, 4000, 150),
            (4000, 6000, 66),
            (1, 100_000, 40),
            (100_000, 1, 320),
            (4000, 4000, 100),
        ] {
            let ratio = Frame { width, height }.ratio();
            assert_eq!(ratio.0, expected, "{width} x {height}");
            assert!(classes.contains(&ratio.0));
        }
    }

    #[test]
    fn a_picture_is_made_smaller_and_never_larger() {
        let frame = |width, height| Frame { width, height };
        assert_eq!(frame(6000, 4000).within(2048), frame(2048, 1365));
        assert_eq!(frame(60, 40).within(2048), frame(60, 40));
        assert_eq!(frame(100_000, 1).within(2048), frame(2048, 1));
    }

    #[test]
    fn tones_span_the_cube() {
        assert_eq!(Tone(0).rgb(), [0, 0, 0]);
        assert_eq!(Tone(215).rgb(), [255, 255, 255]);
        assert_eq!(Tone(36 * 5).rgb(), [255, 0, 0]);
    }
}
