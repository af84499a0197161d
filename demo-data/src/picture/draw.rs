//! From a seed to its picture.

use super::dice::Dice;
use super::families::recipe;
use super::frame::Frame;
use super::pixels::Picture;
use super::recipe::Sketch;
use super::scene::Scene;
use super::{palette, post};

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
    (recipe(scene.family).draw)(&mut sketch);
    post::develop(
        &frame,
        scene.film,
        palette::mood(scene.light).key,
        (wide, high),
        &mut Dice::new(seed, 3),
    )
}
