//! The factors of consecutive steps and their product, on a logarithmic axis.

use super::Frame;
use super::axis::Axis;
use super::dots::plain;
use super::svg::{Anchor, Svg, fitted};
use crate::compare::factor;
use crate::stats::Interval;

/// One step of a ladder.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The change.
    pub name: String,
    /// Its factor; must be above zero.
    pub factor: f64,
    /// The confidence interval of the factor.
    pub interval: Option<Interval>,
    /// Whether an effect is seen; if not, the step is drawn grey and labelled so.
    pub is_seen: bool,
}

const ROW: f64 = 52.0;
const BAR: f64 = 16.0;
const BOTTOM: f64 = 30.0;
const EDGE: f64 = 10.0;

/// Draws each step from the end of the one before, and finally the product.
#[must_use]
pub fn waterfall(frame: Frame<'_>, steps: &[Factor]) -> String {
    let steps: Vec<&Factor> = steps.iter().filter(|step| step.factor > 0.0).collect();
    let plot = ROW * (steps.len() as f64 + 1.0);
    let mut svg = Svg::new(frame, plot + BOTTOM);
    let mut reached = vec![1.0];
    for step in &steps {
        reached.push(reached.last().unwrap_or(&1.0) * step.factor);
    }
    let ends = steps.iter().zip(&reached).flat_map(|(step, before)| {
        let interval = step.interval.into_iter();
        interval.flat_map(move |interval| [interval.low * before, interval.high * before])
    });
    let values = reached.iter().copied().chain(ends);
    let x = Axis::log_around(values, EDGE, frame.width - EDGE);
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
    for (index, step) in steps.iter().enumerate() {
        let top = ROW * index as f64;
        draw(&mut svg, &x, frame.width, top, step, reached[index]);
        // From the end of this bar to the beginning of the next.
        let at = x.at(reached[index + 1]);
        svg.line("base", (at, top + 24.0 + BAR), (at, top + ROW + 24.0));
    }
    let all = reached.last().copied().unwrap_or(1.0);
    let top = plot - ROW;
    names(
        &mut svg,
        frame.width,
        top,
        "all together",
        &factor(all),
        true,
    );
    bar(&mut svg, &x, "bar", top, 1.0, all);
    svg.finish()
}

fn draw(svg: &mut Svg<'_>, x: &Axis, width: f64, top: f64, step: &Factor, before: f64) {
    let class = if step.is_seen { "bar" } else { "bar unseen" };
    bar(svg, x, class, top, before, before * step.factor);
    if let Some(interval) = step.interval {
        let middle = top + 24.0 + BAR / 2.0;
        let (from, to) = (x.at(interval.low * before), x.at(interval.high * before));
        svg.line("over", (from, middle), (to, middle));
        for end in [from, to] {
            svg.line("over", (end, middle - 4.0), (end, middle + 4.0));
        }
    }
    let said = match step.is_seen {
        true => factor(step.factor),
        false => format!("{}, no effect seen", factor(step.factor)),
    };
    names(svg, width, top, &step.name, &said, step.is_seen);
}

fn bar(svg: &mut Svg<'_>, x: &Axis, class: &str, top: f64, from: f64, to: f64) {
    let (left, right) = (x.at(from.min(to)), x.at(from.max(to)));
    svg.rect(class, (left, top + 24.0), (right - left).max(1.0), BAR);
}

fn names(svg: &mut Svg<'_>, width: f64, top: f64, name: &str, said: &str, is_strong: bool) {
    let room = width - 2.0 * EDGE - 7.0 * said.chars().count() as f64;
    svg.text("", (EDGE, top + 16.0), Anchor::Start, &fitted(name, room));
    let class = if is_strong { "strong" } else { "dim" };
    svg.text(class, (width - EDGE, top + 16.0), Anchor::End, said);
}
