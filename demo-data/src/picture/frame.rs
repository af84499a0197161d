//! The picture while it is being drawn: light per pixel, and masks cut by tiny-skia.

use tiny_skia::{FillRule, Mask, Path, Transform};

use super::colour::Rgb;

/// A picture in linear light. Places are measured in picture heights from the top left, so
/// that the same numbers draw the same picture at every size.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Rgb>,
    aspect: f32,
}

impl Frame {
    /// A black picture. The aspect is that of the original: rounded to pixels it would differ from
    /// size to size, and with it every count and draw that depends on it.
    pub(crate) fn new(width: usize, height: usize, aspect: f32) -> Self {
        Self {
            width,
            height,
            pixels: vec![Rgb::BLACK; width * height],
            aspect,
        }
    }

    /// The width in picture heights.
    pub(crate) fn aspect(&self) -> f32 {
        self.aspect
    }

    /// The size of a pixel in picture heights.
    pub(crate) fn pixel(&self) -> f32 {
        1.0 / self.height as f32
    }

    /// The row that a place from the top falls into, within the picture.
    pub(crate) fn row(&self, y: f32) -> usize {
        (y.clamp(0.0, 1.0) * self.height as f32) as usize
    }

    /// Sets every pixel of the rows from `top` to `bottom` from its place and what was there.
    pub(crate) fn shade(
        &mut self,
        top: f32,
        bottom: f32,
        mut shader: impl FnMut(f32, f32, Rgb) -> Rgb,
    ) {
        let (step, width) = (self.pixel(), self.width);
        for row in self.row(top)..self.row(bottom) {
            let y = (row as f32 + 0.5) * step;
            for (column, pixel) in self.pixels[row * width..(row + 1) * width]
                .iter_mut()
                .enumerate()
            {
                *pixel = shader((column as f32 + 0.5) * step, y, *pixel);
            }
        }
    }

    /// Like [`Frame::shade`], for a box given by its sides and its top and bottom.
    pub(crate) fn shade_box(
        &mut self,
        sides: (f32, f32),
        rows: (f32, f32),
        mut shader: impl FnMut(f32, f32, Rgb) -> Rgb,
    ) {
        let (step, width) = (self.pixel(), self.width);
        let column = |x: f32| ((x / step).max(0.0) as usize).min(width);
        let (first, last) = (column(sides.0), column(sides.1 + step));
        for row in self.row(rows.0)..self.row(rows.1) {
            let y = (row as f32 + 0.5) * step;
            for column in first..last {
                let pixel = &mut self.pixels[row * width + column];
                *pixel = shader((column as f32 + 0.5) * step, y, *pixel);
            }
        }
    }

    /// The light at a place, blended between pixels and held at the edges.
    pub(crate) fn light_at(&self, x: f32, y: f32) -> Rgb {
        let x = (x * self.height as f32 - 0.5).clamp(0.0, self.width as f32 - 1.001);
        let y = (y * self.height as f32 - 0.5).clamp(0.0, self.height as f32 - 1.001);
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let at = row * self.width + column;
        let below = (at + self.width).min(self.pixels.len() - 2);
        let top = self.pixels[at].mix(self.pixels[at + 1], fx);
        top.mix(self.pixels[below].mix(self.pixels[below + 1], fx), fy)
    }

    /// Adds a small light: a star, a lamp. Smaller than a pixel it keeps its power.
    pub(crate) fn spark(&mut self, x: f32, y: f32, radius: f32, light: Rgb) {
        let height = self.height as f32;
        let (x, y, radius) = (x * height - 0.5, y * height - 0.5, radius * height);
        let wide = radius.max(0.58);
        let light = light * (radius * radius / (wide * wide));
        let reach = (wide * 2.0) as i32 + 1;
        for row in (y as i32 - reach).max(0)..(y as i32 + reach + 1).min(self.height as i32) {
            for column in (x as i32 - reach).max(0)..(x as i32 + reach + 1).min(self.width as i32) {
                let (dx, dy) = (column as f32 - x, row as f32 - y);
                let near = (1.0 - (dx * dx + dy * dy) / (4.0 * wide * wide)).max(0.0);
                self.pixels[row as usize * self.width + column as usize] += light * (near * near);
            }
        }
    }

    /// Cuts a path, given in picture heights, into a mask of this picture's size.
    pub(crate) fn cut(&self, path: &Path) -> Cut {
        let mut mask = Cut::empty(self.width, self.height);
        mask.add(path);
        mask
    }

    /// Paints through a mask, given the place, the light there and how much the mask covers.
    pub(crate) fn through(&mut self, cut: &Cut, mut paint: impl FnMut(f32, f32, Rgb) -> Rgb) {
        let (step, width) = (self.pixel(), self.width);
        let coverage = cut.mask.data();
        for row in cut.top..cut.bottom {
            let y = (row as f32 + 0.5) * step;
            for column in cut.left..cut.right {
                let at = row * width + column;
                if coverage[at] > 0 {
                    let under = self.pixels[at];
                    let over = paint((column as f32 + 0.5) * step, y, under);
                    self.pixels[at] = under.mix(over, f32::from(coverage[at]) / 255.0);
                }
            }
        }
    }
}

/// What a path covers of each pixel.
pub(crate) struct Cut {
    mask: Mask,
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

impl Cut {
    pub(crate) fn empty(width: usize, height: usize) -> Self {
        let mask =
            Mask::new(width as u32, height as u32).expect("a picture has at least one pixel");
        Self {
            mask,
            top: height,
            bottom: 0,
            left: width,
            right: 0,
        }
    }

    /// Adds a path, given in picture heights.
    pub(crate) fn add(&mut self, path: &Path) {
        let (height, bounds) = (self.mask.height() as f32, path.bounds());
        self.mask.fill_path(
            path,
            FillRule::Winding,
            true,
            Transform::from_scale(height, height),
        );
        let within = |place: f32, end: u32| ((place * height).max(0.0) as usize).min(end as usize);
        let (wide, high) = (self.mask.width(), self.mask.height());
        self.top = self.top.min(within(bounds.top(), high));
        self.bottom = self
            .bottom
            .max(within(bounds.bottom() + 1.0 / height, high));
        self.left = self.left.min(within(bounds.left(), wide));
        self.right = self.right.max(within(bounds.right() + 1.0 / height, wide));
    }

    /// The rows that anything covers, and a few around them.
    pub(crate) fn rows(&self) -> std::ops::Range<usize> {
        let margin = self.mask.height() as usize / 40;
        self.top.saturating_sub(margin)..(self.bottom + margin).min(self.mask.height() as usize)
    }

    /// The columns that anything covers, and a few around them.
    pub(crate) fn columns(&self) -> std::ops::Range<usize> {
        let margin = self.mask.height() as usize / 40;
        self.left.saturating_sub(margin)..(self.right + margin).min(self.mask.width() as usize)
    }

    /// How much is covered at a pixel, from zero to one.
    pub(crate) fn at(&self, column: usize, row: usize) -> f32 {
        f32::from(self.mask.data()[row * self.mask.width() as usize + column]) / 255.0
    }
}
