//! Things out of focus: drawn coarse, blurred, and laid over the sharp picture.

use super::colour::Rgb;
use super::frame::Frame;
use super::maths::lerp;

/// A small picture with transparency for things out of focus: drawn coarse, blurred, and
/// laid over the sharp picture. Its resolution does not depend on the picture's.
pub(crate) struct Veil {
    width: usize,
    height: usize,
    cells: Vec<[f32; 4]>,
}

impl Veil {
    /// An empty veil with `rows` cells from top to bottom.
    pub(crate) fn new(frame: &Frame, rows: usize) -> Self {
        let width = (frame.aspect() * rows as f32 + 0.5) as usize;
        Self {
            width,
            height: rows,
            cells: vec![[0.0; 4]; width * rows],
        }
    }

    /// Sets every cell to light and coverage from its place.
    pub(crate) fn shade(&mut self, mut shader: impl FnMut(f32, f32) -> (Rgb, f32)) {
        let step = 1.0 / self.height as f32;
        for row in 0..self.height {
            for column in 0..self.width {
                let (light, cover) =
                    shader((column as f32 + 0.5) * step, (row as f32 + 0.5) * step);
                self.cells[row * self.width + column] =
                    [light.r * cover, light.g * cover, light.b * cover, cover];
            }
        }
    }

    /// Sets every cell to light that hides nothing.
    pub(crate) fn glow(&mut self, mut light: impl FnMut(f32, f32) -> Rgb) {
        let step = 1.0 / self.height as f32;
        for row in 0..self.height {
            for column in 0..self.width {
                let light = light((column as f32 + 0.5) * step, (row as f32 + 0.5) * step);
                self.cells[row * self.width + column] = [light.r, light.g, light.b, 0.0];
            }
        }
    }

    /// Covers an ellipse with soft edges; `softness` is the part of the radius that fades.
    pub(crate) fn spot(
        &mut self,
        centre: (f32, f32),
        radius: (f32, f32),
        softness: f32,
        light: Rgb,
        cover: f32,
    ) {
        let step = 1.0 / self.height as f32;
        let rows = range(centre.1, radius.1, self.height, self.height);
        let columns = range(centre.0, radius.0, self.height, self.width);
        for row in rows {
            let dy = ((row as f32 + 0.5) * step - centre.1) / radius.1;
            for column in columns.clone() {
                let dx = ((column as f32 + 0.5) * step - centre.0) / radius.0;
                let inside = ((1.0 - (dx * dx + dy * dy).sqrt()) / softness).clamp(0.0, 1.0);
                let a = inside * cover;
                let cell = &mut self.cells[row * self.width + column];
                for (old, new) in cell.iter_mut().zip([light.r, light.g, light.b, 1.0]) {
                    *old = *old * (1.0 - a) + new * a;
                }
            }
        }
    }

    /// Blurs as a lens does: three box blurs in each direction are close to a disc of glass.
    pub(crate) fn blur(&mut self, radius: f32) {
        let cells = (radius * self.height as f32 + 0.5) as usize;
        if cells == 0 {
            return;
        }
        let mut line = Vec::new();
        for _ in 0..2 {
            for row in 0..self.height {
                box_blur(
                    &mut self.cells,
                    row * self.width,
                    1,
                    self.width,
                    cells,
                    &mut line,
                );
            }
            for column in 0..self.width {
                box_blur(
                    &mut self.cells,
                    column,
                    self.width,
                    self.height,
                    cells,
                    &mut line,
                );
            }
        }
    }

    /// Lays the veil over the picture.
    pub(crate) fn cover(&self, frame: &mut Frame) {
        let scale = self.height as f32 / frame.height as f32;
        // The place of each column of the picture between columns of the veil.
        let places: Vec<(usize, f32)> = (0..frame.width)
            .map(|column| {
                let x = ((column as f32 + 0.5) * scale - 0.5).clamp(0.0, self.width as f32 - 1.001);
                (x as usize, x - (x as usize) as f32)
            })
            .collect();
        let mut blend = vec![[0.0f32; 4]; self.width];
        for (row, line) in frame.pixels.chunks_exact_mut(frame.width).enumerate() {
            let y = ((row as f32 + 0.5) * scale - 0.5).clamp(0.0, self.height as f32 - 1.001);
            let (top, fy) = (y as usize, y - (y as usize) as f32);
            let (upper, lower) =
                self.cells[top * self.width..(top + 2) * self.width].split_at(self.width);
            let mut clear = true;
            for ((cell, a), b) in blend.iter_mut().zip(upper).zip(lower) {
                *cell = std::array::from_fn(|c| lerp(a[c], b[c], fy));
                clear &= *cell == [0.0; 4];
            }
            if clear {
                continue;
            }
            for (pixel, (left, fx)) in line.iter_mut().zip(&places) {
                let (a, b) = (&blend[*left], &blend[left + 1]);
                let cell: [f32; 4] = std::array::from_fn(|c| lerp(a[c], b[c], *fx));
                *pixel = *pixel * (1.0 - cell[3]) + Rgb::new(cell[0], cell[1], cell[2]);
            }
        }
    }
}

fn range(centre: f32, radius: f32, scale: usize, end: usize) -> std::ops::Range<usize> {
    let low = ((centre - radius) * scale as f32).max(0.0) as usize;
    let high = ((centre + radius) * scale as f32 + 1.0).max(0.0) as usize;
    low.min(end)..high.min(end)
}

fn box_blur(
    cells: &mut [[f32; 4]],
    start: usize,
    step: usize,
    count: usize,
    radius: usize,
    line: &mut Vec<[f32; 4]>,
) {
    line.clear();
    line.extend((0..count).map(|i| cells[start + i * step]));
    let at = |i: isize| line[i.clamp(0, count as isize - 1) as usize];
    let mut sum = [0.0f32; 4];
    for i in -(radius as isize)..=radius as isize {
        let v = at(i);
        for c in 0..4 {
            sum[c] += v[c];
        }
    }
    let weight = 1.0 / (2 * radius + 1) as f32;
    for i in 0..count {
        let (leaving, coming) = (
            at(i as isize - radius as isize),
            at(i as isize + radius as isize + 1),
        );
        let cell = &mut cells[start + i * step];
        for c in 0..4 {
            cell[c] = sum[c] * weight;
            sum[c] += coming[c] - leaving[c];
        }
    }
}
