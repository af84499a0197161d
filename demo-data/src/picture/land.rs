//! Land in perspective: columns of the picture walked from the camera into the distance over
//! a field of heights, so that ridges hide what is behind them and light falls on slopes.

use super::colour::Rgb;
use super::frame::Frame;
use super::light::Air;
use super::maths::{exp2, log2};
use super::noise::soft;

/// The position of the camera over the land, and its direction.
pub(crate) struct Eye {
    pub(crate) x: f32,
    pub(crate) z: f32,
    pub(crate) height: f32,
    /// Cosine and sine of the heading.
    pub(crate) heading: (f32, f32),
    pub(crate) near: f32,
    pub(crate) far: f32,
}

/// A point of the land whose colour is computed.
pub(crate) struct Spot {
    pub(crate) x: f32,
    pub(crate) z: f32,
    pub(crate) height: f32,
    pub(crate) distance: f32,
    pub(crate) normal: [f32; 3],
}

/// A land: its heights and what grows on it.
pub(crate) trait Ground {
    /// The height at a place; details may be left out where `distance` hides them.
    fn height(&self, x: f32, z: f32, distance: f32) -> f32;
    /// The large shapes only: what casts shadows.
    fn bulk(&self, x: f32, z: f32) -> f32;
    /// What the ground reflects.
    fn albedo(&self, spot: &Spot) -> Rgb;
    /// The height of the surface of the water.
    fn water(&self) -> f32 {
        -9.0
    }
    /// How much of the slopes the light sees: grass and leaves are less hard than rock.
    fn hardness(&self) -> f32 {
        0.8
    }
    /// How far shadows are searched; zero for none.
    fn shadow_reach(&self) -> f32 {
        0.012
    }
}

/// The water that [`march`] met and left black, to be painted afterwards.
pub(crate) struct Waters {
    /// How far the water of each pixel is.
    pub(crate) distance: Vec<f32>,
    /// How much of each pixel is water.
    pub(crate) part: Vec<f32>,
}

/// Draws land over the sky that is already there.
pub(crate) fn march<G: Ground>(frame: &mut Frame, air: &Air, eye: &Eye, ground: &G) -> Waters {
    let (width, rows) = (frame.width, frame.height);
    let level = ground.water();
    let wide = if level > -9.0 { width * rows } else { 0 };
    let mut waters = Waters {
        distance: vec![0.0; wide],
        part: vec![0.0; wide],
    };
    let steps = 96 + width / 5;
    let ratio = exp2(log2(eye.far / eye.near) / steps as f32);
    let hard = ground.hardness();
    let (cos, sin) = eye.heading;
    // Towards the sun in the land's own directions.
    let sun = (
        air.towards[0] * cos + air.towards[2] * sin,
        air.towards[2] * cos - air.towards[0] * sin,
    );
    // Slopes compare with the heights that a column to the left met at the same distances. It is
    // further away in pixels the larger the picture is, so that light does not change with size.
    let apart = (width / 320).max(1);
    let mut met = vec![vec![f32::NAN; steps]; apart];
    for column in 0..width {
        let across = air.view.across((column as f32 + 0.5) * frame.pixel());
        let (dx, dz) = (across * cos + sin, cos - across * sin);
        let fog = air.distance(across);
        let mut pen = Pen::new(column, rows);
        let (mut distance, mut before, mut free) = (eye.near, f32::NAN, 1.0);
        let left = &mut met[column % apart];
        let aside = apart as f32 * frame.pixel() / air.view.focal;
        for (step, left) in left.iter_mut().enumerate() {
            if pen.top <= 0.0 {
                *left = f32::NAN;
                continue;
            }
            let (x, z) = (eye.x + dx * distance, eye.z + dz * distance);
            let real = ground.height(x, z, distance);
            let wet = real < level;
            let height = if wet { level } else { real };
            let y = (air.view.horizon + (eye.height - height) / distance * air.view.focal)
                * rows as f32;
            if y >= pen.top {
                pen.joined = false;
            } else if wet {
                pen.flood(frame, &mut waters, y, distance);
            } else {
                let beside = if left.is_nan() {
                    ground.height(
                        x - cos * aside * distance,
                        z + sin * aside * distance,
                        distance,
                    )
                } else {
                    *left
                };
                let behind = if before.is_nan() { height } else { before };
                let right = (height - beside) / (aside * distance) * hard;
                let away =
                    (height - behind) / (distance - distance / ratio) * hard - right * across;
                let length = 1.0 / (right * right + away * away + 1.0).sqrt();
                let normal = [-right * length, length, -away * length];
                if step % 2 == 0 || !pen.joined {
                    free = shadow(ground, air, sun, (x, z), height);
                }
                let spot = Spot {
                    x,
                    z,
                    height,
                    distance,
                    normal,
                };
                let lit = ground.albedo(&spot) * air.on(normal, free);
                pen.fill(frame, y, fog.mix(lit, air.through(distance)));
            }
            (*left, before) = (height, height);
            distance *= ratio;
        }
        // Open water reaches to the horizon.
        let horizon = air.view.horizon * rows as f32;
        if level > -9.0 && pen.top > horizon {
            pen.flood(frame, &mut waters, horizon, eye.far);
        }
        pen.finish(frame);
    }
    waters
}

/// The part of the sun that a place gets: one when nothing is between.
fn shadow<G: Ground>(ground: &G, air: &Air, sun: (f32, f32), at: (f32, f32), height: f32) -> f32 {
    let mut reach = ground.shadow_reach();
    if reach <= 0.0 {
        return 1.0;
    }
    let mut free = 1.0f32;
    for _ in 0..3 {
        let above = ground.bulk(at.0 + sun.0 * reach, at.1 + sun.1 * reach)
            - height
            - air.towards[1] * reach;
        free = free.min(1.0 - above / reach * 7.0);
        reach *= 2.6;
    }
    free.clamp(0.0, 1.0)
}

/// Fills one column from the bottom up, with the part of each row that is covered.
struct Pen {
    column: usize,
    /// The upper edge of what is filled, in rows.
    top: f32,
    /// What the row at the edge has gathered so far.
    gathered: Rgb,
    last: Rgb,
    /// Whether the last step was visible too, so that colours may blend.
    joined: bool,
}

impl Pen {
    fn new(column: usize, rows: usize) -> Self {
        Self {
            column,
            top: rows as f32,
            gathered: Rgb::BLACK,
            last: Rgb::BLACK,
            joined: false,
        }
    }

    fn fill(&mut self, frame: &mut Frame, y: f32, light: Rgb) {
        let y = y.max(0.0);
        let from = if self.joined { self.last } else { light };
        let scale = frame.pixel();
        let (start, span) = (self.top, (self.top - y).max(1e-6));
        while self.top > y {
            let row = (self.top.ceil() - 1.0).max(0.0);
            let edge = y.max(row);
            let part = self.top - edge;
            let t = (start - 0.5 * (self.top + edge)) / span;
            let mut here = from.mix(light, t);
            if span > 2.5 {
                // One step fills many rows of a cliff: give it back the texture of rock.
                let (u, v) = (self.column as f32 * scale, row * scale);
                here = here * (0.72 + 0.56 * soft().at(u * 1.1, v * 0.8 + u * 0.3));
            }
            self.gathered += here * part;
            self.top = edge;
            if edge <= row {
                frame.pixels[row as usize * frame.width + self.column] = self.gathered;
                self.gathered = Rgb::BLACK;
            }
        }
        self.last = light;
        self.joined = true;
    }

    /// Leaves room for water, and notes how far away it is.
    fn flood(&mut self, frame: &mut Frame, waters: &mut Waters, y: f32, distance: f32) {
        let y = y.max(0.0);
        while self.top > y {
            let row = (self.top.ceil() - 1.0).max(0.0);
            let edge = y.max(row);
            let at = row as usize * frame.width + self.column;
            waters.distance[at] = distance;
            waters.part[at] += self.top - edge;
            self.top = edge;
            if edge <= row {
                frame.pixels[at] = self.gathered;
                self.gathered = Rgb::BLACK;
            }
        }
        self.joined = false;
    }

    /// Leaves what was there in the uncovered part of the edge's row.
    fn finish(&mut self, frame: &mut Frame) {
        let row = self.top as usize;
        if row < frame.height && self.top > 0.0 {
            let pixel = &mut frame.pixels[row * frame.width + self.column];
            *pixel = *pixel * (self.top - row as f32) + self.gathered;
        }
    }
}
