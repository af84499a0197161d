//! The sizes of originals.

use super::dice::Dice;

/// The size of an original, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// How wide it is.
    pub width: u32,
    /// How high it is.
    pub height: u32,
}

impl Shape {
    /// The shape of an original, drawn from those that cameras make.
    pub(crate) fn drawn(portrait: bool, dice: &mut Dice) -> Self {
        let formats: &[Format] = if portrait { &PORTRAIT } else { &LANDSCAPE };
        let mut left = dice.below(formats.iter().map(|format| format.2 as usize).sum()) as u32;
        for (width, height, weight) in formats.iter().copied() {
            if left < weight {
                return Self { width, height };
            }
            left -= weight;
        }
        unreachable!("the draw is below the sum of the weights")
    }

    /// The height of a picture of this shape that is `width` wide.
    pub fn height_at(self, width: u32) -> u32 {
        let height = (u64::from(width) * u64::from(self.height) + u64::from(self.width) / 2)
            / u64::from(self.width);
        height.max(1) as u32
    }
}

/// Width, height and how often the shape is chosen.
type Format = (u32, u32, u32);

/// Landscape formats as cameras make them.
const LANDSCAPE: [Format; 6] = [
    (6000, 4000, 44),
    (5184, 3456, 16),
    (4608, 3456, 16),
    (5472, 3080, 12),
    (4000, 4000, 7),
    (6000, 2572, 5),
];

/// Portrait formats.
const PORTRAIT: [Format; 4] = [
    (4000, 6000, 50),
    (3456, 4608, 22),
    (4000, 5000, 18),
    (4000, 4000, 10),
];
