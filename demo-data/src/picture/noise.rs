//! Texture: tables of noise, made once a process.
//!
//! Every natural thing in a picture (clouds, ridges, waves, bark) is a look-up into one of a few
//! tiling tables, at a place, scale and angle that follow from the seed. A look-up costs some
//! nanoseconds, computing the noise a hundred.

use std::sync::OnceLock;

use super::maths::{ROUND, lerp, smooth};

/// A well mixed number for a place in a grid.
#[inline]
pub(crate) fn hash(x: i32, y: i32, salt: u32) -> u32 {
    let mut h = (x as u32).wrapping_mul(0x85eb_ca6b) ^ (y as u32).wrapping_mul(0xc2b2_ae35) ^ salt;
    h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
    h ^ (h >> 15)
}

/// [`hash`] as a number from zero to one.
#[inline]
pub(crate) fn hash01(x: i32, y: i32, salt: u32) -> f32 {
    (hash(x, y, salt) >> 8) as f32 / 16_777_216.0
}

const BITS: u32 = 9;
/// How many cells a table has on a side.
pub(crate) const SIDE: usize = 1 << BITS;
const MASK: u32 = SIDE as u32 - 1;
const CELLS: usize = SIDE * SIDE;

/// A tiling table of values from zero to one; a unit of distance is a whole tile.
pub(crate) struct Field(Box<[f32; CELLS]>);

impl Field {
    /// The value at a place, blended from the four nearest cells.
    #[inline]
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x * SIDE as f32, y * SIDE as f32);
        let (rx, ry) = (x - 0.5 + ROUND, y - 0.5 + ROUND);
        let (fx, fy) = (x - (rx - ROUND), y - (ry - ROUND));
        // The low bits of a number this large are its integer part.
        let (x0, y0) = (rx.to_bits() & MASK, ry.to_bits() & MASK);
        let (x1, y1) = ((x0 + 1) & MASK, (y0 + 1) & MASK);
        let cell = |x: u32, y: u32| self.0[((y << BITS) | x) as usize];
        let top = lerp(cell(x0, y0), cell(x1, y0), fx);
        let bottom = lerp(cell(x0, y1), cell(x1, y1), fx);
        lerp(top, bottom, fy)
    }

    /// A row of cells; rows repeat.
    pub(crate) fn line(&self, row: i32) -> &[f32] {
        let start = ((row as u32 & MASK) << BITS) as usize;
        &self.0[start..start + SIDE]
    }

    /// Fills a table from a function of its cells and stretches it to zero and one.
    fn build(value: impl Fn(f32, f32) -> f32) -> Self {
        let mut cells = Vec::with_capacity(CELLS);
        for y in 0..SIDE {
            for x in 0..SIDE {
                cells.push(value(x as f32 / SIDE as f32, y as f32 / SIDE as f32));
            }
        }
        let low = cells.iter().copied().fold(f32::MAX, f32::min);
        let high = cells.iter().copied().fold(f32::MIN, f32::max);
        for cell in &mut cells {
            *cell = (*cell - low) / (high - low);
        }
        match cells.into_boxed_slice().try_into() {
            Ok(cells) => Self(cells),
            Err(_) => unreachable!("a table has exactly {CELLS} cells"),
        }
    }
}

/// Gradient noise with its slope, tiling after `period` lattice steps.
fn gradient(x: f32, y: f32, period: i32, salt: u32) -> (f32, f32, f32) {
    let (px, py) = (x * period as f32, y * period as f32);
    let (ix, iy) = (px.floor(), py.floor());
    let (fx, fy) = (px - ix, py - iy);
    let corner = |dx: i32, dy: i32| {
        let h = hash(
            (ix as i32 + dx).rem_euclid(period),
            (iy as i32 + dy).rem_euclid(period),
            salt,
        );
        let gx = (h & 0xffff) as f32 / 32_768.0 - 1.0;
        let gy = (h >> 16) as f32 / 32_768.0 - 1.0;
        (gx, gy, gx * (fx - dx as f32) + gy * (fy - dy as f32))
    };
    let (a, b, c, d) = (corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1));
    let fade = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let slope = |t: f32| 30.0 * t * t * (t * (t - 2.0) + 1.0);
    let (ux, uy) = (fade(fx), fade(fy));
    let k = a.2 - b.2 - c.2 + d.2;
    let value = a.2 + ux * (b.2 - a.2) + uy * (c.2 - a.2) + ux * uy * k;
    let blend = |pick: fn(&(f32, f32, f32)) -> f32| {
        lerp(
            lerp(pick(&a), pick(&b), ux),
            lerp(pick(&c), pick(&d), ux),
            uy,
        )
    };
    let dx = blend(|c| c.0) + slope(fx) * (b.2 - a.2 + uy * k);
    let dy = blend(|c| c.1) + slope(fy) * (c.2 - a.2 + ux * k);
    (value, dx, dy)
}

/// Octaves of gradient noise, each finer by two and fainter by `gain`.
fn octaves(x: f32, y: f32, base: i32, count: u32, gain: f32, salt: u32) -> f32 {
    let (mut sum, mut weight) = (0.0, 1.0);
    for octave in 0..count {
        sum += weight * gradient(x, y, base << octave, salt + octave).0;
        weight *= gain;
    }
    sum
}

/// Distances to the nearest and second nearest of scattered points, and the nearest's number.
fn scattered(x: f32, y: f32, period: i32, salt: u32) -> (f32, f32, f32) {
    let (px, py) = (x * period as f32, y * period as f32);
    let (ix, iy) = (px.floor() as i32, py.floor() as i32);
    let (mut first, mut second, mut number) = (9.0f32, 9.0f32, 0.0);
    for cy in iy - 1..=iy + 1 {
        for cx in ix - 1..=ix + 1 {
            let (wx, wy) = (cx.rem_euclid(period), cy.rem_euclid(period));
            let dx = cx as f32 + hash01(wx, wy, salt) - px;
            let dy = cy as f32 + hash01(wx, wy, salt + 1) - py;
            let distance = (dx * dx + dy * dy).sqrt();
            if distance < first {
                (second, first) = (first, distance);
                number = hash01(wx, wy, salt + 2);
            } else if distance < second {
                second = distance;
            }
        }
    }
    (first, second, number)
}

macro_rules! table {
    ($(#[$doc:meta])* $name:ident, $value:expr) => {
        $(#[$doc])*
        pub(crate) fn $name() -> &'static Field {
            static TABLE: OnceLock<Field> = OnceLock::new();
            TABLE.get_or_init(|| Field::build($value))
        }
    };
}

table!(
    /// Plain smoke: detail at every scale.
    soft,
    |x, y| octaves(x, y, 4, 7, 0.5, 11)
);
table!(
    /// Only the large shapes of smoke: for drifting colour, uneven ground, blurred things.
    broad,
    |x, y| octaves(x, y, 5, 3, 0.45, 31)
);
table!(
    /// Heaped clouds: billows, bent by a slower noise.
    billow,
    |x, y| {
        let (wx, wy) = (octaves(x, y, 3, 3, 0.5, 51), octaves(x, y, 3, 3, 0.5, 61));
        let (x, y) = (x + 0.045 * wx, y + 0.045 * wy);
        let (mut sum, mut weight) = (octaves(x, y, 3, 3, 0.5, 71) * 1.1, 0.62);
        for octave in 0..6 {
            sum += weight * (0.35 - gradient(x, y, 6 << octave, 81 + octave).0.abs());
            weight *= 0.52;
        }
        sum
    }
);
table!(
    /// Worn mountains: steep slopes carry less detail, as if water had washed them.
    terrain,
    |x, y| {
        // Bent, or cliffs would show the lattice of the noise as a row of equal teeth.
        let (bx, by) = (octaves(x, y, 11, 3, 0.6, 221), octaves(x, y, 11, 3, 0.6, 231));
        let (x, y) = (x + 0.016 * bx, y + 0.016 * by);
        let (mut sum, mut weight, mut sx, mut sy) = (0.0, 1.0, 0.0f32, 0.0f32);
        for octave in 0..6 {
            let (n, dx, dy) = gradient(x, y, 3 << octave, 101 + octave);
            let ridge = 0.42 - (n * n + 0.006).sqrt() * 1.2;
            let side = -1.2 * n / (n * n + 0.006).sqrt();
            sx += side * dx * weight;
            sy += side * dy * weight;
            sum += weight * ridge / (1.0 + 1.8 * (sx * sx + sy * sy));
            weight *= 0.47;
        }
        sum + 0.55 * octaves(x, y, 2, 2, 0.5, 131)
    }
);
table!(
    /// Dunes: long crests, gentle on one side and steep on the other.
    dunes,
    |x, y| {
        let bend = octaves(x, y, 2, 3, 0.45, 141);
        let crest = |x: f32, y: f32, period: i32, salt: u32| {
            let n = gradient(x, y + 0.06 * bend, period, salt).0;
            let ridge = 1.0 - (n.abs() * 1.9).min(1.0);
            if n > 0.0 { ridge * ridge } else { ridge * (0.4 + 0.6 * ridge) }
        };
        crest(x, y, 4, 151) + 0.28 * crest(x, y, 9, 161) + 0.8 * bend
    }
);
table!(
    /// A wood from above: pointed cones of many sizes.
    spikes,
    |x, y| {
        let (a, _, n) = scattered(x, y, 48, 171);
        let (b, _, m) = scattered(x, y, 71, 181);
        let one = (0.55 + 0.45 * n) * (1.0 - a / 0.62).max(0.0);
        one.max((0.35 + 0.45 * m) * (1.0 - b / 0.6).max(0.0))
    }
);
table!(
    /// Round heads side by side: crowns of trees, pebbles, cobbles.
    heads,
    |x, y| {
        let (a, b, n) = scattered(x, y, 32, 191);
        (0.6 + 0.4 * n) * smooth(0.0, 0.5, b - a) * (1.0 - 0.7 * a * a).max(0.0)
    }
);
table!(
    /// What film does to a flat grey: fine, barely clumped.
    grain,
    |x, y| {
        let (cx, cy) = ((x * SIDE as f32) as i32, (y * SIDE as f32) as i32);
        let speck = |x: i32, y: i32| {
            let h = hash(x & MASK as i32, y & MASK as i32, 201);
            (h & 0xff) as f32 + ((h >> 8) & 0xff) as f32 + ((h >> 16) & 0xff) as f32
        };
        speck(cx, cy) + 0.35 * (speck(cx + 1, cy) + speck(cx, cy + 1) + speck(cx + 1, cy + 1))
    }
);
