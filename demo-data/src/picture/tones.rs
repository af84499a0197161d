//! The average colour of each family in each light.

use super::scene::{Family, Light};

/// The average colour, as a screen shows it.
pub(crate) fn of(_family: Family, _light: Light, _film: u8) -> [u8; 3] {
    [128, 128, 128]
}

/// The nearest colour of the 6 x 6 x 6 cube.
pub(crate) fn index(colour: [u8; 3]) -> u8 {
    let level = |v: u8| (u16::from(v) * 5 + 127) / 255;
    let [r, g, b] = colour.map(level);
    (36 * r + 6 * g + b) as u8
}
