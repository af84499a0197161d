//! The darkroom: bloom, exposure, vignette, the film's curve and its grain.

use std::sync::OnceLock;

use super::bloom::Bloom;
use super::dice::Dice;
use super::frame::Frame;
use super::maths::{lerp, pow, smooth};
use super::noise::{SIDE, grain};
use super::palette::{self, Film};
use super::pixels::Picture;

/// The entries of a curve: one for each exponent and first eight bits of the fraction of light, from a
/// 4096th of white up to eight times white. So a look-up needs no root, and the steps are finer than
/// the eye can see.
const CURVE_LEN: usize = 15 << 8;
const CURVE_START: u32 = (127 - 12) << 8;

/// The place of some light in a curve.
#[inline]
fn place(light: f32) -> usize {
    ((light.max(0.0).to_bits() >> 15).saturating_sub(CURVE_START) as usize).min(CURVE_LEN - 1)
}

/// Turns light into a picture on this film, with the average brightness `key`.
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
    let (width, height) = (frame.width, frame.height);
    let mut negative = vec![0.0; width * height * 3];
    let mut stray = Vec::new();
    let edge: Vec<f32> = (0..width)
        .map(|c| square((c as f32 + 0.5) / width as f32 - 0.5))
        .collect();
    let lines = negative
        .chunks_exact_mut(width * 3)
        .zip(frame.pixels.chunks_exact(width));
    for (row, (shown, pixels)) in lines.enumerate() {
        let y = (row as f32 + 0.5) / height as f32;
        bloom.line(y, width, &mut stray);
        let dy = square(y - 0.5);
        for (((pixel, stray), dx), shown) in pixels
            .iter()
            .zip(&stray)
            .zip(&edge)
            .zip(shown.chunks_exact_mut(3))
        {
            let away = dx + dy;
            let dim = exposure * (1.0 - film.vignette * 2.0 * away * (0.4 + 1.2 * away));
            let light = ((*pixel + *stray) * dim).saturate(film.saturation);
            shown[0] = curve[0][place(light.r)];
            shown[1] = curve[1][place(light.g)];
            shown[2] = curve[2][place(light.b)];
        }
    }
    // Grain has a size on the film: small pictures average it away.
    let strength = film.grain * 9.0 * (size.0 as f32 / 1400.0).clamp(0.3, 1.0);
    print(&negative, (width, height), size, strength, dice)
}

/// Enlarges the negative to the size of the picture and adds the grain.
fn print(
    negative: &[f32],
    from: (usize, usize),
    size: (usize, usize),
    strength: f32,
    dice: &mut Dice,
) -> Picture {
    let grain = grain();
    let (gx, gy) = (dice.below(SIDE) as i32, dice.below(SIDE) as i32);
    let stride = from.0 * 3;
    // A place between two lines or columns: the first of them, and how far on.
    let between = |n: usize, from: usize, to: usize| {
        let at = ((n as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, from as f32 - 1.001);
        (at as usize, at - (at as usize) as f32)
    };
    let columns: Vec<(usize, f32)> = (0..size.0)
        .map(|column| {
            let (left, part) = between(column, from.0, size.0);
            (left * 3, part)
        })
        .collect();
    let mut line = vec![0.0; stride];
    let mut rgb = vec![0; size.0 * size.1 * 3];
    for (row, out) in rgb.chunks_exact_mut(size.0 * 3).enumerate() {
        let (top, part) = between(row, from.1, size.1);
        let (upper, lower) = negative[top * stride..(top + 2) * stride].split_at(stride);
        for ((value, a), b) in line.iter_mut().zip(upper).zip(lower) {
            *value = a + (b - a) * part;
        }
        let noises = grain.line(gy + row as i32);
        for ((column, (left, part)), out) in columns.iter().enumerate().zip(out.chunks_exact_mut(3))
        {
            let noise = (noises[(column + gx as usize) % SIDE] - 0.5) * strength;
            let near = &line[*left..left + 6];
            for channel in 0..3 {
                let value = near[channel] + (near[channel + 3] - near[channel]) * part;
                out[channel] = (value + noise) as u8;
            }
        }
    }
    Picture {
        width: size.0 as u32,
        height: size.1 as u32,
        rgb,
    }
}

/// The exposure that makes the average of the picture as bright as its key, as a camera's meter
/// does. It is limited, or night would be as bright as day.
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
