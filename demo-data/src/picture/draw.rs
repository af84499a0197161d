//! From a seed to its picture.

use super::dice::Dice;
use super::families::recipe;
use super::frame::Frame;
use super::pixels::Picture;
use super::recipe::Sketch;
use super::scene::Scene;
use super::{palette, post};

/// Draws the picture of a seed, `width` pixels wide and as high as its shape makes it.
///
/// A width below 16 counts as 16, one above 8192 as 8192.
pub fn draw(seed: u64, width: u32) -> Picture {
    draw_scene(&Scene::of(seed), seed, width)
}

/// Draws a scene; the seed decides everything that the scene leaves open.
pub(crate) fn draw_scene(scene: &Scene, seed: u64, width: u32) -> Picture {
    let width = width.clamp(16, 8192);
    let (wide, high) = (width as usize, scene.shape.height_at(width) as usize);
    // Pictures are drawn a little smaller and enlarged, large ones more. That halves the work and
    // looks like the softness of a lens.
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
