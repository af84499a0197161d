//! What each second has of something, as a curve of the benchmarker's charts. All drawings share one axis
//! of time, a unit a second, with now at its right end.

use std::time::Instant;

use benchmarker::chart::Curve;
use ladder::lab::{SPAN, Second, Snapshot};

/// How long the axis of time is, in seconds.
pub(super) const WIDTH: f64 = SPAN.as_secs() as f64;

/// Where an instant stands on the axis of time.
pub(super) fn x_of(scene: &Snapshot, at: Instant) -> f64 {
    let age = scene.now.saturating_duration_since(at).as_secs_f64();
    (WIDTH - age).clamp(0.0, WIDTH)
}

/// A share of the whole as SVG writes it.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// The curve of what each second has of something, from 0 to 1; it breaks off where the lab was not watched.
pub(super) fn curve(scene: &Snapshot, height: impl Fn(&Second) -> Option<f64>) -> Curve {
    let seconds = scene.seconds.iter();
    Curve::through(
        seconds.map(|second| (x_of(scene, second.at), height(second))),
        1.0,
    )
}
