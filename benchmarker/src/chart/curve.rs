//! Curves for a chart of any width: the `d` of a path in a stretched `viewBox` of height 100, and the
//! positions of the labels at their ends.

use std::fmt::Write as _;

/// How many steps apart two points may be and still be joined.
const GAP_STEPS: f64 = 2.5;

/// A curve with gaps where values are missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve(Vec<Vec<(f64, f64)>>);

impl Curve {
    /// The curve through points in the order of x, with heights from 0 (bottom) to 1 (top).
    ///
    /// Each point is the value of the `step` before it. The curve is interrupted where a height is
    /// missing, and where more than two steps are.
    pub fn through(points: impl IntoIterator<Item = (f64, Option<f64>)>, step: f64) -> Self {
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![];
        let mut last_x = f64::NEG_INFINITY;
        for (x, height) in points {
            let Some(height) = height else {
                last_x = f64::NEG_INFINITY;
                continue;
            };
            let point = (x, 100.0 - 100.0 * height.clamp(0.0, 1.0));
            match pieces.last_mut() {
                Some(piece) if x - last_x <= GAP_STEPS * step => piece.push(point),
                // Begins one step before, so that a single point is visible.
                _ => pieces.push(vec![((x - step).max(0.0), point.1), point]),
            }
            last_x = x;
        }
        Self(pieces)
    }

    /// The line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut d = String::new();
        for piece in &self.0 {
            trace(&mut d, 'M', piece.iter());
        }
        d
    }

    /// The area below the line.
    #[must_use]
    pub fn below(&self) -> String {
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

    /// The area between this line and another with values at the same points.
    #[must_use]
    pub fn between(&self, other: &Self) -> String {
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

/// Moves overlapping labels apart: each is at least `apart` below the one before, and none below
/// `bottom`.
pub fn spread(places: &mut [f64], apart: f64, bottom: f64) {
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
        let heights = [
            (1.0, Some(0.6)),
            (2.0, None),
            (8.0, Some(0.9)),
            (11.0, Some(1.0)),
        ];
        let curve = Curve::through(heights, 1.0);
        assert_eq!(
            curve.line(),
            "M0.0 40.0L1.0 40.0M7.0 10.0L8.0 10.0M10.0 0.0L11.0 0.0"
        );
        let joined = Curve::through([(1.0, Some(0.6)), (3.5, Some(2.0))], 1.0);
        assert_eq!(
            joined.below(),
            "M0.0 100L0.0 40.0L1.0 40.0L3.5 0.0L3.5 100Z"
        );
        let lower = Curve::through([(1.0, Some(0.1)), (3.5, Some(0.0))], 1.0);
        assert_eq!(
            joined.between(&lower),
            "M0.0 40.0L1.0 40.0L3.5 0.0L3.5 100.0L1.0 90.0L0.0 90.0Z"
        );
    }
}
