//! Ratios with their intervals, on a logarithmic axis around 1.

use super::Frame;
use super::axis::Axis;
use super::svg::{Anchor, Svg, fitted};
use crate::compare::Effect;
use crate::numbers;

/// A named effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// The quantity that was compared.
    pub name: String,
    /// The effect.
    pub effect: Effect,
}

const ROW: f64 = 52.0;
const BOTTOM: f64 = 30.0;
const EDGE: f64 = 10.0;

/// Draws a dot and a whisker a row, over a grey band for the noise floor: filled where an effect is
/// seen, hollow and grey where none is.
#[must_use]
pub fn dots(frame: Frame<'_>, rows: &[Dot]) -> String {
    let plot = ROW * rows.len() as f64;
    let mut svg = Svg::new(frame, plot + BOTTOM);
    let values = rows.iter().flat_map(|row| {
        let ends = [row.effect.interval, row.effect.same_interval]
            .into_iter()
            .flatten();
        ends.flat_map(|interval| [interval.low, interval.high])
            .chain(row.effect.ratio)
    });
    let x = Axis::log_around(values.chain([1.0]), EDGE, frame.width - EDGE);
    for tick in x.ticks(if frame.width < 500.0 { 5 } else { 8 }) {
        let at = x.at(tick);
        let is_one = (tick - 1.0).abs() < 1e-9;
        svg.line(if is_one { "base" } else { "grid" }, (at, 0.0), (at, plot));
        svg.text(
            "dim",
            (at, plot + 18.0),
            Anchor::Middle,
            &format!("x{}", plain(tick)),
        );
    }
    for (index, row) in rows.iter().enumerate() {
        draw(&mut svg, &x, frame.width, ROW * index as f64, row);
    }
    svg.finish()
}

fn draw(svg: &mut Svg<'_>, x: &Axis, width: f64, top: f64, row: &Dot) {
    let effect = &row.effect;
    let unseen = if effect.verdict.is_seen() {
        ""
    } else {
        " unseen"
    };
    let middle = top + 36.0;
    if let Some(noise) = effect.same_interval {
        let (from, to) = (x.at(noise.low), x.at(noise.high));
        svg.rect("noise", (from, middle - 9.0), to - from, 18.0);
    }
    if let Some(interval) = effect.interval {
        let (from, to) = (x.at(interval.low), x.at(interval.high));
        let class = format!("whisker{unseen}");
        svg.line(&class, (from, middle), (to, middle));
        for end in [from, to] {
            svg.line(&class, (end, middle - 5.0), (end, middle + 5.0));
        }
    }
    if let Some(ratio) = effect.ratio {
        svg.circle(&format!("dot{unseen}"), (x.at(ratio), middle), 4.5);
    }
    let verdict = match effect.ratio {
        Some(ratio) if effect.verdict.is_seen() => {
            format!("{} {}", crate::compare::factor(ratio), effect.verdict)
        }
        _ => effect.verdict.to_string(),
    };
    let room = width - 2.0 * EDGE - 7.0 * verdict.chars().count() as f64;
    svg.text(
        "",
        (EDGE, top + 16.0),
        Anchor::Start,
        &fitted(&row.name, room),
    );
    let class = if unseen.is_empty() { "strong" } else { "dim" };
    svg.text(class, (width - EDGE, top + 16.0), Anchor::End, &verdict);
}

/// The value of a tick, without trailing zeros.
pub(super) fn plain(value: f64) -> String {
    if value >= 1000.0 {
        return numbers::count(value);
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
