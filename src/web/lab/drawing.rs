//! From numbers to the `d` of a path and the place of a label. All drawings share one axis of time, a
//! unit a second, with now at its right end; what stands upright goes from 0, the top, to 100.

use std::fmt::Write as _;
use std::time::Instant;

use crate::lab::{SPAN, Scene, Second};

/// Seconds farther apart than this are not joined by a line: nobody watched in between.
const GAP_SECS: f64 = 2.5;

/// How long the axis of time is, in seconds.
pub(super) const WIDTH: f64 = SPAN.as_secs() as f64;

/// Where an instant stands on the axis of time.
pub(super) fn x_of(scene: &Scene, at: Instant) -> f64 {
    let age = scene.now.saturating_duration_since(at).as_secs_f64();
    (WIDTH - age).clamp(0.0, WIDTH)
}

/// A curve: where it is known, it has a height from 0 (bottom) to 1 (top).
pub(super) struct Curve(Vec<Vec<(f64, f64)>>);

impl Curve {
    /// The curve of what each second has of something.
    pub(super) fn of(scene: &Scene, height: impl Fn(&Second) -> Option<f64>) -> Self {
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![];
        let mut last_x = f64::NEG_INFINITY;
        for second in &scene.seconds {
            let x = x_of(scene, second.at);
            let Some(height) = height(second) else {
                last_x = f64::NEG_INFINITY;
                continue;
            };
            let point = (x, 100.0 - 100.0 * height.clamp(0.0, 1.0));
            match pieces.last_mut() {
                Some(piece) if x - last_x <= GAP_SECS => piece.push(point),
                // A second begins before it ends: so one alone can be seen.
                _ => pieces.push(vec![((x - 1.0).max(0.0), point.1), point]),
            }
            last_x = x;
        }
        Self(pieces)
    }

    /// The line.
    pub(super) fn line(&self) -> String {
        let mut d = String::new();
        for piece in &self.0 {
            trace(&mut d, 'M', piece.iter());
        }
        d
    }

    /// What lies below the line.
    pub(super) fn below(&self) -> String {
        let mut d = String::new();
        for piece in &self.0 {
            if let (Some((first, _)), Some((last, _))) = (piece.first(), piece.last()) {
                // Writing to a string cannot fail.
                let _ = write!(d, "M{first:.1} 100");
                trace(&mut d, 'L', piece.iter());
                let _ = write!(d, "L{last:.1} 100Z");
            }
        }
        d
    }

    /// What lies between this line and one that is known at the same seconds.
    pub(super) fn between(&self, other: &Self) -> String {
        let mut d = String::new();
        for (upper, lower) in self.0.iter().zip(&other.0) {
            trace(&mut d, 'M', upper.iter());
            trace(&mut d, 'L', lower.iter().rev());
            d.push('Z');
        }
        d
    }
}

fn trace<'a>(d: &mut String, first: char, points: impl Iterator<Item = &'a (f64, f64)>) {
    for (at, (x, y)) in points.enumerate() {
        let letter = if at == 0 { first } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(d, "{letter}{x:.1} {y:.1}");
    }
}

/// The next number of the form 1, 2 or 5 times a power of ten.
pub(super) fn nice_above(value: f64) -> f64 {
    let value = value.max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter();
    step.map(|step| step * power)
        .find(|nice| *nice >= value)
        .unwrap_or(value)
}

/// Moves labels apart that would stand on each other: each is at least `apart` below the one before.
pub(super) fn spread(places: &mut [f64], apart: f64, bottom: f64) {
    for at in 1..places.len() {
        places[at] = places[at].max(places[at - 1] + apart);
    }
    let mut limit = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - apart;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_with_a_round_number() {
        for (value, expected) in [(0.7, 1.0), (1.0, 1.0), (34.0, 50.0), (1_912.0, 2_000.0)] {
            assert_eq!(nice_above(value), expected);
        }
    }

    #[test]
    fn labels_never_stand_on_each_other() {
        let mut places = [40.0, 41.0, 99.0];
        spread(&mut places, 14.0, 100.0);
        assert_eq!(places, [40.0, 54.0, 99.0]);
        let mut low = [97.0, 98.0];
        spread(&mut low, 14.0, 100.0);
        assert_eq!(low, [86.0, 100.0]);
    }

    #[test]
    fn what_is_not_known_is_not_joined() {
        let curve = Curve(vec![vec![(0.0, 50.0), (1.0, 40.0)], vec![(8.0, 10.0)]]);
        assert_eq!(curve.line(), "M0.0 50.0L1.0 40.0M8.0 10.0");
        assert_eq!(
            curve.below(),
            "M0.0 100L0.0 50.0L1.0 40.0L1.0 100ZM8.0 100L8.0 10.0L8.0 100Z"
        );
    }
}
