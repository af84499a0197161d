//! The darkroom: bloom, exposure, vignette, the film's curve and its grain.

use super::Picture;
use super::colour::Rgb;
use super::frame::Frame;
use super::maths::{lerp, pow, smooth};
use super::noise::{Dice, SIDE, grain};
use super::palette::Film;

/// How many entries the curve has; they are spread by the square root of light, which is
/// close to how the eye spreads it.
const CURVE_LEN: usize = 2048;
/// The square root of the brightest light that the curve tells from white.
const CURVE_END: f32 = 2.2;

/// Turns light into a picture on this film.
pub(crate) fn develop(frame: &Frame, film: &Film, key: f32, dice: &mut Dice) -> Picture {
    let bloom = Bloom::of(frame);
    let curve = curves(film);
    let exposure = expose(frame, &curve[1], key);
    let (gx, gy) = (dice.below(SIDE) as i32, dice.below(SIDE) as i32);
    // Grain has a size on the film: small pictures average it away.
    let strength = film.grain * 9.0 * (frame.width as f32 / 1100.0).min(1.0).max(0.45);
    let grain = grain();
    let scale = (CURVE_LEN - 1) as f32 / CURVE_END;
    let (width, height) = (frame.width, frame.height);
    let mut rgb = Vec::with_capacity(width * height * 3);
    let mut line = Vec::new();
    let edge: Vec<f32> = (0..width)
        .map(|c| square((c as f32 + 0.5) / width as f32 - 0.5))
        .collect();
    for row in 0..height {
        bloom.line((row as f32 + 0.5) / height as f32, width, &mut line);
        let dy = square((row as f32 + 0.5) / height as f32 - 0.5);
        let pixels = &frame.pixels[row * width..(row + 1) * width];
        for (column, pixel) in pixels.iter().enumerate() {
            let away = edge[column] + dy;
            let dim = exposure * (1.0 - film.vignette * 2.0 * away * (0.4 + 1.2 * away));
            let light = ((*pixel + line[column]) * dim).saturate(film.saturation);
            let noise = (grain.cell(column as i32 + gx, row as i32 + gy) - 0.5) * strength;
            for (value, table) in [light.r, light.g, light.b].into_iter().zip(&curve) {
                let at = (value.max(0.0).sqrt() * scale).min((CURVE_LEN - 1) as f32);
                let shown = table[at as usize];
                rgb.push((shown + noise) as u8);
            }
        }
    }
    Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    }
}

/// The exposure that makes the average of the picture as bright as its key, as a camera's
/// meter would; it gives in only so far, or night would be as bright as day.
fn expose(frame: &Frame, curve: &[f32], key: f32) -> f32 {
    let scale = (CURVE_LEN - 1) as f32 / CURVE_END;
    let (rows, columns) = (40, 60);
    let mut exposure = 1.0;
    for _ in 0..3 {
        let mut sum = 0.0;
        for row in 0..rows {
            for column in 0..columns {
                let at = (2 * row + 1) * frame.height / (2 * rows) * frame.width
                    + (2 * column + 1) * frame.width / (2 * columns);
                let light = frame.pixels[at].luma().max(0.0) * exposure;
                sum += curve[((light.sqrt() * scale) as usize).min(CURVE_LEN - 1)];
            }
        }
        let mean = sum / (rows * columns) as f32 / 255.0;
        exposure *= pow((key / mean.max(0.01)).clamp(0.3, 3.0), 1.6);
    }
    exposure.clamp(0.55, 2.4)
}

fn square(x: f32) -> f32 {
    x * x
}

/// The curve of each channel, from the square root of light to what a screen shows.
fn curves(film: &Film) -> [Vec<f32>; 3] {
    [0, 1, 2].map(|channel| {
        (0..CURVE_LEN)
            .map(|i| {
                let root = i as f32 / (CURVE_LEN - 1) as f32 * CURVE_END;
                let light = root * root * film.white[channel];
                // A shoulder: what is brighter than white still differs a little.
                let held = light * (1.0 + light * 0.07) / (1.0 + light * 0.85);
                let shown = pow(held, 1.0 / 2.2);
                // An S around the middle grey.
                let steep = smooth(0.0, 1.0, shown);
                let shown = lerp(shown, steep, (film.contrast - 1.0) * 1.5 + 0.3);
                let black = film.black[channel];
                255.0 * (black + (1.0 - black) * shown.clamp(0.0, 1.0))
            })
            .collect()
    })
}

/// Light that strays in the lens: the brightest parts, blurred widely.
struct Bloom {
    width: usize,
    height: usize,
    cells: Vec<Rgb>,
}

impl Bloom {
    fn of(frame: &Frame) -> Self {
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
        let far = near.blurred(4);
        for ((cell, n), f) in bloom.cells.iter_mut().zip(&near.cells).zip(&far.cells) {
            *cell = *n * 0.10 + *f * 0.16;
        }
        bloom
    }

    fn blurred(&self, radius: i32) -> Self {
        let mut cells = self.cells.clone();
        for (dx, dy) in [(1, 0), (0, 1), (1, 0), (0, 1)] {
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
    fn line(&self, y: f32, width: usize, line: &mut Vec<Rgb>) {
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
