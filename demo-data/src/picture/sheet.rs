//! Contact sheets: many pictures on one, to judge them by eye.

use super::draw::draw;
use super::pixels::Picture;
use super::scene::Scene;

/// Pixels between pictures.
const GAP: usize = 4;

/// Draws `count` pictures from `first_seed` on in justified rows, as a photo site shows them:
/// `columns` pictures of common shape fill a row, each about `cell_width` wide.
pub fn contact_sheet(first_seed: u64, count: usize, columns: usize, cell_width: u32) -> Picture {
    let seeds: Vec<u64> = (0..count as u64)
        .map(|n| first_seed.wrapping_add(n))
        .collect();
    contact_sheet_of(&seeds, columns, cell_width)
}

/// Draws the pictures of these seeds in justified rows; see [`contact_sheet`].
pub fn contact_sheet_of(seeds: &[u64], columns: usize, cell_width: u32) -> Picture {
    let (width, row_height) = (
        columns.max(1) * cell_width as usize,
        cell_width as usize * 2 / 3,
    );
    let mut rgb = Vec::new();
    let mut height = 0;
    let mut rest = seeds;
    while !rest.is_empty() {
        let (mut taken, mut aspects) = (0, 0.0);
        while taken < rest.len() && aspects * (row_height as f32) < width as f32 {
            let shape = Scene::of(rest[taken]).shape;
            aspects += shape.width as f32 / shape.height as f32;
            taken += 1;
        }
        let space = width - (GAP * (taken - 1)).min(width / 2);
        let rows = ((space as f32 / aspects) as usize)
            .min(row_height * 3 / 2)
            .max(1);
        let mut strip = vec![255u8; (rows + GAP) * width * 3];
        let mut left = 0;
        for seed in &rest[..taken] {
            let shape = Scene::of(*seed).shape;
            let wide = (rows as f32 * shape.width as f32 / shape.height as f32).ceil() as u32;
            let picture = draw(*seed, wide);
            let columns = (picture.width as usize).min(width.saturating_sub(left));
            for row in 0..rows.min(picture.height as usize) {
                let from = row * picture.width as usize * 3;
                let to = (row * width + left) * 3;
                strip[to..to + columns * 3].copy_from_slice(&picture.rgb[from..from + columns * 3]);
            }
            left += columns + GAP;
        }
        rgb.extend(strip);
        height += rows + GAP;
        rest = &rest[taken..];
    }
    Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    }
}
