//! Water: the sky in its waves, its own colour where the camera looks down into it.

use super::colour::Rgb;
use super::dice::Dice;
use super::frame::Frame;
use super::land::Waters;
use super::light::Air;
use super::maths::smooth;
use super::noise::soft;
use super::sky::Sky;

/// A surface of water that fills the picture below the horizon.
pub(crate) struct Surface {
    offset: (f32, f32),
    rough: f32,
    /// The height of the camera over it.
    height: f32,
    deep: Rgb,
    size: f32,
}

impl Surface {
    pub(crate) fn new(dice: &mut Dice, rough: f32, height: f32, deep: Rgb) -> Self {
        Self {
            offset: (dice.unit(), dice.unit()),
            rough,
            height,
            deep,
            size: dice.range(0.7, 1.2),
        }
    }

    /// Paints everything below the horizon.
    pub(crate) fn paint(&self, frame: &mut Frame, sky: &Sky<'_>) {
        self.paint_rows(frame, sky, |_| 1.0);
    }

    /// Paints the water that `march` left room for.
    pub(crate) fn paint_waters(&self, frame: &mut Frame, sky: &Sky<'_>, waters: &Waters) {
        self.paint_rows(frame, sky, |at| waters.part[at]);
    }

    /// Adds the light of the water where it takes part of a pixel.
    fn paint_rows(&self, frame: &mut Frame, sky: &Sky<'_>, part: impl Fn(usize) -> f32) {
        let view = sky.air.view;
        let (width, pixel) = (frame.width, frame.pixel());
        let hazes: Vec<Rgb> = (0..width)
            .map(|c| sky.air.distance(view.across(c as f32 * pixel)))
            .collect();
        for row in frame.row(view.horizon)..frame.height {
            let line = Line::of(
                self,
                sky,
                (row as f32 + 0.5) * pixel,
                0.8 * frame.height as f32,
            );
            for (column, haze) in hazes.iter().enumerate() {
                let at = row * width + column;
                let part = part(at);
                if part > 0.0 {
                    let across = view.across((column as f32 + 0.5) * pixel);
                    let light = haze.mix(self.light(sky, &line, across), line.clear);
                    let under = if part < 1.0 {
                        frame.pixels[at]
                    } else {
                        Rgb::BLACK
                    };
                    frame.pixels[at] = under + light * part;
                }
            }
        }
    }

    /// The light of the water in a direction of a line.
    #[inline(always)]
    fn light(&self, sky: &Sky<'_>, line: &Line, across: f32) -> Rgb {
        let (air, field) = (sky.air, soft());
        let (wx, wz) = (across * line.reach + self.offset.0, line.away);
        let swell = (field.at(wx * 0.8, wz * 2.2) - 0.5) * line.swell;
        let ripple = field.at(wx * 3.7 + 0.2, wz * 7.5 + swell * 0.2) - 0.5;
        let slope = (swell * 0.9 + ripple * 0.7 * line.seen) * self.rough;
        let tilt = (field.at(wx * 3.1 + 0.7, wz * 5.1) - 0.5) * self.rough * 0.5 * line.seen;
        // A wave that leans towards the camera shows sky from higher up.
        let up =
            (line.down + (slope * 0.45 + 0.10 * self.rough) * (0.35 + 0.65 * line.seen)).max(0.002);
        let mirrored = air.clear(across + tilt * 0.6, up);
        let facing = (line.down + slope * 0.35).clamp(0.0, 1.0);
        let mirror = 0.04 + 0.96 * pow5(1.0 - facing * 0.75);
        // Glitter: facets that happen to face the sun.
        let (dx, dy) = (across + tilt - air.sun_at.0, up - air.sun_at.1);
        let spread = dx * dx * line.narrow + dy * dy * 3.0;
        let spark = smooth(0.5, 0.72, 0.6 + ripple * 1.6 * line.seen + swell * 0.5);
        line.body.mix(mirrored, mirror)
            + air.glow * ((0.35 + 3.2 * spark) / (1.0 + spread * spread * 1.6))
    }
}

/// What a row of water has in common.
struct Line {
    /// Downwards slope of the view.
    down: f32,
    /// Width and distance of the row in the table of waves.
    reach: f32,
    away: f32,
    /// How much of the small and of the large waves is larger than a pixel; the rest is left
    /// to the roughness of the reflection.
    seen: f32,
    swell: f32,
    /// How much comes through the air.
    clear: f32,
    narrow: f32,
    body: Rgb,
}

impl Line {
    fn of(surface: &Surface, sky: &Sky<'_>, y: f32, fine: f32) -> Self {
        let air = sky.air;
        let down = ((y - air.view.horizon) / air.view.focal).max(0.0006);
        let distance = surface.height / down;
        Self {
            down,
            reach: distance * surface.size,
            away: distance * surface.size * 1.6 + surface.offset.1,
            seen: smooth(0.0, 1.0, down * down * fine * 0.9),
            swell: smooth(0.0, 1.0, down * down * fine * 8.0),
            clear: air.through(distance * 0.12),
            narrow: 1.0 / (0.004 + 0.03 * surface.rough),
            body: surface.deep * (air.ambient + air.sun * 0.25),
        }
    }
}

#[inline]
fn pow5(x: f32) -> f32 {
    let s = x * x;
    s * s * x
}

/// Lays the mirror image of the far shore over water that `march` found.
///
/// Each column is mirrored at the line where its water begins, which is what a low camera
/// sees of things at the shore.
pub(crate) fn mirror(frame: &mut Frame, air: &Air, waters: &Waters, surface: &Surface, rough: f32) {
    let (width, pixel) = (frame.width, frame.pixel());
    let view = air.view;
    let first = frame.row(view.horizon);
    let mut shore = vec![usize::MAX; width];
    let above: Vec<Rgb> = frame.pixels.clone();
    for row in first..frame.height {
        let y = (row as f32 + 0.5) * pixel;
        for (column, shore) in shore.iter_mut().enumerate() {
            let distance = waters.distance[row * width + column];
            if distance <= 0.0 {
                *shore = usize::MAX;
                continue;
            }
            if *shore == usize::MAX {
                *shore = row;
            }
            let x = (column as f32 + 0.5) * pixel;
            let away = view.across(x) * distance;
            let wave = soft().at(
                away * 9.0 + surface.offset.0,
                distance * 24.0 + surface.offset.1,
            ) - 0.5;
            let slow = soft().at(away * 2.0 + surface.offset.1, distance * 5.0) - 0.5;
            let depth = (row - *shore) as f32 * pixel;
            // Waves draw the image out downwards, the more the nearer they are.
            let bend = (wave * 1.4 + slow) * rough * (0.02 + depth * 0.35);
            let source = ((*shore as f32 * pixel) - depth * 1.02 + bend) / pixel - 1.0;
            let side = (column as f32 + wave * rough * 0.012 / pixel).clamp(0.0, width as f32 - 1.0)
                as usize;
            let from = (source.clamp(0.0, *shore as f32)) as usize;
            let image = above[from.min(frame.height - 1) * width + side];
            let down = ((y - view.horizon) / view.focal).max(0.0);
            let mirror = 0.45 + 0.5 * pow5(1.0 - down.min(1.0) * 0.8);
            let body = surface.deep * (air.ambient + air.sun * 0.2);
            let gleam = smooth(0.06, 0.2, slow + 0.3 * wave) * 0.12 * rough;
            let seen = body.mix(image * 0.94, mirror).mix(air.sky(down), gleam);
            let seen = air
                .distance(view.across(x))
                .mix(seen, air.through(distance * 0.4));
            let part = waters.part[row * width + column];
            frame.pixels[row * width + column] += seen * part;
        }
    }
}
