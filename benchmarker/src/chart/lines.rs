//! Values over time.

use super::Frame;
use super::axis::{Axis, Scale};
use super::svg::{Anchor, Svg};
use crate::numbers;

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Seconds and values, in the order of time; NaN leaves a gap.
    pub points: Vec<(f64, f64)>,
}

/// A span of time that does not count, such as the warm-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its first second.
    pub from: f64,
    /// Its last second.
    pub to: f64,
    /// Its name.
    pub name: String,
}

const HEIGHT: f64 = 220.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 30.0;
const LEFT: f64 = 52.0;

/// Draws up to three lines over time. The axis begins at zero, because a part of it would exaggerate.
#[must_use]
pub fn lines(frame: Frame<'_>, unit: &str, series: &[Series], aside: Option<&Span>) -> String {
    let mut svg = Svg::new(frame, HEIGHT);
    let points = || series.iter().flat_map(|series| &series.points);
    let finite = |values: f64, value: f64| {
        if value.is_finite() {
            values.max(value)
        } else {
            values
        }
    };
    let last = points().map(|(at, _)| *at).fold(0.0, finite);
    let highest = points().map(|(_, value)| *value).fold(0.0, finite);
    let x = Axis {
        scale: Scale::Linear,
        low: 0.0,
        high: last.max(1.0),
        from_px: LEFT,
        to_px: frame.width - 18.0,
    };
    let y = Axis::from_zero(highest, 4, HEIGHT - BOTTOM, TOP);
    if let Some(span) = aside {
        let (from, to) = (x.at(span.from), x.at(span.to));
        svg.rect("aside", (from, TOP), to - from, HEIGHT - BOTTOM - TOP);
        svg.text("dim", (from + 6.0, TOP + 15.0), Anchor::Start, &span.name);
    }
    for tick in y.ticks(4) {
        let at = y.at(tick);
        let class = if tick == 0.0 { "base" } else { "grid" };
        svg.line(class, (x.from_px, at), (x.to_px, at));
        svg.text(
            "dim",
            (LEFT - 8.0, at + 4.0),
            Anchor::End,
            &numbers::count(tick),
        );
    }
    let ticks = x.ticks(if frame.width < 500.0 { 4 } else { 8 });
    for (index, tick) in ticks.iter().enumerate() {
        let name = match index + 1 == ticks.len() {
            true => format!("{} s", numbers::count(*tick)),
            false => numbers::count(*tick),
        };
        svg.text(
            "dim",
            (x.at(*tick), HEIGHT - BOTTOM + 18.0),
            Anchor::Middle,
            &name,
        );
    }
    svg.text("dim", (0.0, 12.0), Anchor::Start, unit);
    legend(&mut svg, frame.width, series);
    for (index, series) in series.iter().enumerate() {
        let class = format!("line s{index} dash{index}");
        svg.path(
            &class,
            series
                .points
                .iter()
                .map(|(at, value)| (x.at(*at), y.at(*value))),
        );
    }
    svg.finish()
}

/// Draws the names of the lines above the plot; for a single line the unit is enough.
fn legend(svg: &mut Svg<'_>, width: f64, series: &[Series]) {
    if series.len() < 2 {
        return;
    }
    let mut right = width - 8.0;
    for (index, series) in series.iter().enumerate().rev() {
        let name_width = 6.6 * series.name.chars().count() as f64;
        svg.text("", (right, 12.0), Anchor::End, &series.name);
        let class = format!("line s{index} dash{index}");
        let from = right - name_width - 30.0;
        svg.path(&class, [(from, 8.0), (from + 24.0, 8.0)].into_iter());
        right = from - 18.0;
    }
}
