//! The darkroom: bloom, exposure, vignette, the film's curve and its grain.

use std::sync::OnceLock;

use super::Picture;
use super::colour::Rgb;
use super::frame::Frame;
use super::maths::{lerp, pow, smooth};
use super::noise::{Dice, SIDE, grain};
use super::palette::{self, Film};

/// A curve has an entry for each of these: exponent and first eight bits of the fraction of
/// light, from a 4096th of white up to eight times white. So a look-up needs no root, and
/// the steps are finer than the eye's everywhere.
const CURVE_LEN: usize = 15 << 8;
const CURVE_START: u32 = (127 - 12) << 8;

/// The place of some light in a curve.
#[inline]
fn place(light: f32) -> usize {
    ((light.max(0.0).to_bits() >> 15).saturating_sub(CURVE_START) as usize).min(CURVE_LEN - 1)
}

/// Turns light into a picture on this film, as bright on average as the key says.
pub(crate) fn develop(
    frame: &Frame,
    film: u8,
    key: f32,
    size: (usize, usize),
    dice: &mut Dice,
) -> Picture {
    let bloom = Bloom::of(frame);
    let curve = curves(film);
    let film = palette::film(film);
    let exposure = expose(frame, &curve[1], key);
    let (gx, gy) = (dice.below(SIDE) as i32, dice.below(SIDE) as i32);
    let (width, height) = size;
    // Grain has a size on the film: small pictures average it away.
    let strength = film.grain * 9.0 * (width as f32 / 1100.0).clamp(0.45, 1.0);
    let grain = grain();
    let mut rgb = vec![0; width * height * 3];
    let (mut stray, mut lights) = (Vec::new(), Vec::new());
    let edge: Vec<f32> = (0..width)
        .map(|c| square((c as f32 + 0.5) / width as f32 - 0.5))
        .collect();
    for (row, out) in rgb.chunks_exact_mut(width * 3).enumerate() {
        bloom.line((row as f32 + 0.5) / height as f32, width, &mut stray);
        let dy = square((row as f32 + 0.5) / height as f32 - 0.5);
        let pixels = frame.line(row, size, &mut lights);
        for (column, (pixel, out)) in pixels.iter().zip(out.chunks_exact_mut(3)).enumerate() {
            let away = edge[column] + dy;
            let dim = exposure * (1.0 - film.vignette * 2.0 * away * (0.4 + 1.2 * away));
            let light = ((*pixel + stray[column]) * dim).saturate(film.saturation);
            let noise = (grain.cell(column as i32 + gx, row as i32 + gy) - 0.5) * strength;
            out[0] = (curve[0][place(light.r)] + noise) as u8;
            out[1] = (curve[1][place(light.g)] + noise) as u8;
            out[2] = (curve[2][place(light.b)] + noise) as u8;
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
fn expose(frame: &Frame, curve: &[f32; CURVE_LEN], key: f32) -> f32 {
    let (rows, columns) = (40, 60);
    let mut exposure = 1.0;
    for _ in 0..3 {
        let mut sum = 0.0;
        for row in 0..rows {
            for column in 0..columns {
                let y = (2 * row + 1) * frame.height / (2 * rows);
                let x = (2 * column + 1) * frame.width / (2 * columns);
                let shown = curve[place(frame.pixels[y * frame.width + x].luma() * exposure)];
                // What would burn out counts more than what is merely bright.
                sum += shown + 1.3 * (shown - 225.0).max(0.0);
            }
        }
        let mean = sum / (rows * columns) as f32 / 255.0;
        exposure *= pow((key / mean.max(0.01)).clamp(0.3, 3.0), 1.6);
    }
    exposure.clamp(0.55, 2.4)
}

/// The curves of each film, made once.
fn curves(film: u8) -> &'static [[f32; CURVE_LEN]; 3] {
    static CURVES: [OnceLock<Box<[[f32; CURVE_LEN]; 3]>>; palette::FILM_COUNT] =
        [const { OnceLock::new() }; palette::FILM_COUNT];
    CURVES[usize::from(film) % palette::FILM_COUNT]
        .get_or_init(|| Box::new(curves_of(palette::film(film))))
}

/// The curve of each channel, from light to what a screen shows.
fn curves_of(film: &Film) -> [[f32; CURVE_LEN]; 3] {
    [0, 1, 2].map(|channel| {
        std::array::from_fn(|i| {
            let light = f32::from_bits((i as u32 + CURVE_START) << 15) * film.white[channel];
            // A shoulder: what is brighter than white still differs a little.
            let held = light * (1.0 + light * 0.12) / (1.0 + light * 0.75);
            let shown = pow(held, 1.0 / 2.2);
            // An S around the middle grey.
            let steep = smooth(0.0, 1.0, shown);
            let shown = lerp(shown, steep, (film.contrast - 1.0) * 1.5 + 0.3);
            let black = film.black[channel];
            255.0 * (black + (1.0 - black) * shown.clamp(0.0, 1.0))
        })
    })
}

fn square(x: f32) -> f32 {
    x * x
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
