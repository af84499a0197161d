//! Light that strays in the lens around what is bright.

use super::colour::Rgb;
use super::frame::Frame;

/// Light that strays in the lens: the brightest parts, blurred widely.
pub(crate) struct Bloom {
    width: usize,
    height: usize,
    cells: Vec<Rgb>,
}

impl Bloom {
    pub(crate) fn of(frame: &Frame) -> Self {
        let (width, height) = (48, (48 * frame.height / frame.width).max(8));
        let mut bloom = Self {
            width,
            height,
            cells: vec![Rgb::BLACK; width * height],
        };
        // A few samples of each cell are enough for something this soft.
        for cy in 0..height {
            for cx in 0..width {
                let mut sum = Rgb::BLACK;
                for s in 0..9 {
                    let x = (cx * 3 + s % 3) * frame.width / (width * 3);
                    let y = (cy * 3 + s / 3) * frame.height / (height * 3);
                    let light = frame.pixels[y * frame.width + x];
                    let over = (light.luma() - 0.9).clamp(0.0, 6.0);
                    if over > 0.0 {
                        sum += light * (over / (over + 1.0));
                    }
                }
                bloom.cells[cy * width + cx] = sum * (1.0 / 9.0);
            }
        }
        let near = bloom.blurred(1);
        let far = near.blurred(3).blurred(2);
        for ((cell, n), f) in bloom.cells.iter_mut().zip(&near.cells).zip(&far.cells) {
            *cell = *n * 0.10 + *f * 0.16;
        }
        bloom
    }

    fn blurred(&self, radius: i32) -> Self {
        let mut cells = self.cells.clone();
        for (dx, dy) in [(1, 0), (0, 1)] {
            let from = cells.clone();
            for y in 0..self.height as i32 {
                for x in 0..self.width as i32 {
                    let mut sum = Rgb::BLACK;
                    for k in -radius..=radius {
                        let sx = (x + k * dx).clamp(0, self.width as i32 - 1);
                        let sy = (y + k * dy).clamp(0, self.height as i32 - 1);
                        sum += from[sy as usize * self.width + sx as usize];
                    }
                    cells[y as usize * self.width + x as usize] =
                        sum * (1.0 / (2 * radius + 1) as f32);
                }
            }
        }
        Self {
            width: self.width,
            height: self.height,
            cells,
        }
    }

    /// The stray light along a line of the picture.
    pub(crate) fn line(&self, y: f32, width: usize, line: &mut Vec<Rgb>) {
        let y = (y * self.height as f32 - 0.5).clamp(0.0, self.height as f32 - 1.001);
        let (top, fy) = (y as usize, y - (y as usize) as f32);
        let row: Vec<Rgb> = (0..self.width)
            .map(|x| {
                self.cells[top * self.width + x].mix(self.cells[(top + 1) * self.width + x], fy)
            })
            .collect();
        line.clear();
        let scale = self.width as f32 / width as f32;
        line.extend((0..width).map(|column| {
            let x = ((column as f32 + 0.5) * scale - 0.5).clamp(0.0, self.width as f32 - 1.001);
            let left = x as usize;
            row[left].mix(row[left + 1], x - left as f32)
        }));
    }
}
