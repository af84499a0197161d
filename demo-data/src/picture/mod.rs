//! Photos that never were: each drawn from its seed, a million different ones.
//!
//! [`Scene::of`] tells what a seed shows without drawing it; [`draw`] draws it, the same
//! picture at every width and on every machine.

use std::fmt;

mod bloom;
mod colour;
mod families;
mod frame;
mod land;
mod light;
mod maths;
mod noise;
mod palette;
mod post;
mod relief;
mod scene;
mod sheet;
mod sky;
mod tones;
mod veil;
mod water;

pub use scene::{Family, Light, Scene, Shape};
pub use sheet::{contact_sheet, contact_sheet_of};

#[cfg(test)]
mod tests;

use families::{Sketch, kind};
use frame::Frame;
use noise::Dice;

/// Pixels, eight bits a channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue of each pixel, row by row from the top left.
    pub rgb: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} x {})", self.width, self.height)
    }
}

/// Draws the picture of a seed, `width` pixels wide and as high as its shape says.
///
/// The width must be between 16 and 8192; nearer values are taken for others.
pub fn draw(seed: u64, width: u32) -> Picture {
    draw_scene(&Scene::of(seed), seed, width)
}

/// Draws a scene with everything that it leaves open chosen by the seed.
pub(crate) fn draw_scene(scene: &Scene, seed: u64, width: u32) -> Picture {
    let width = width.clamp(16, 8192);
    let (wide, high) = (width as usize, scene.shape.height_at(width) as usize);
    // No lens is sharp to the pixel: pictures are drawn a little smaller and enlarged, the more
    // the larger, which halves the work and shows only as a lens does.
    let (w, h) = if wide > 400 {
        (wide * 2 / 3, high * 2 / 3)
    } else {
        (wide * 5 / 6, high * 5 / 6)
    };
    let aspect = scene.shape.width as f32 / scene.shape.height as f32;
    let mut frame = Frame::new(w.max(8), h.max(8), aspect);
    let dice = Dice::new(seed, 2);
    let mut sketch = Sketch {
        frame: &mut frame,
        light: scene.light,
        composition: scene.composition,
        dice,
    };
    (kind(scene.family).draw)(&mut sketch);
    post::develop(
        &frame,
        scene.film,
        palette::mood(scene.light).key,
        (wide, high),
        &mut Dice::new(seed, 3),
    )
}
