//! A histogram of times in stacked layers, such as the tiers that answered, as varnishhist draws it.

use std::ops::RangeInclusive;

use super::Frame;
use super::axis::Axis;
use super::svg::{Anchor, Svg};
use crate::measure::LogCounts;
use crate::numbers;

/// One layer of the histogram, such as a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name in the legend.
    pub name: String,
    /// Its times.
    pub counts: LogCounts,
}

/// A time to be marked, such as a quantile.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Its name.
    pub name: String,
    /// Its value.
    pub time_us: f64,
}

const PLOT: f64 = 180.0;
const BOTTOM: f64 = 30.0;
const LEFT: f64 = 52.0;
const LEGEND_LINE: f64 = 22.0;
const MARK_LINE: f64 = 16.0;
/// The approximate width of a letter.
const LETTER: f64 = 7.3;

/// Draws counts as bars over a logarithmic time axis, the layers stacked in the order given.
///
/// The axis covers the counts, or goes from one time to another in microseconds, for a chart that is
/// redrawn each second; times beyond these ends are drawn at the ends.
#[must_use]
pub fn latency(
    frame: Frame<'_>,
    layers: &[Layer],
    marks: &[Mark],
    ends_us: Option<(f64, f64)>,
) -> String {
    let total: u64 = layers.iter().map(|layer| layer.counts.total()).sum();
    let names = legend(layers, total, frame.width);
    let legend_lines = names.last().map_or(0.0, |name| name.line + 1.0);
    let top = legend_lines * LEGEND_LINE + 8.0 + MARK_LINE * marks.len() as f64;
    let bottom = top + PLOT;
    let mut svg = Svg::new(frame, bottom + BOTTOM);
    svg.looks();
    for name in &names {
        let y = name.line * LEGEND_LINE;
        svg.rect_of(name.look, (name.at, y + 2.0), 14.0, 14.0);
        svg.text("", (name.at + 20.0, y + 13.0), Anchor::Start, &name.text);
    }
    let within = match ends_us {
        Some((begin, end)) => {
            LogCounts::bucket_of(begin as u64)..=LogCounts::bucket_of(end as u64) - 1
        }
        None => 0..=u16::MAX - 2,
    };
    let buckets = layers.iter().flat_map(|layer| layer.counts.iter());
    let shown = buckets.map(|(bucket, _)| bucket.clamp(*within.start(), *within.end()));
    let (first, last) = shown.fold((u16::MAX, 0), |(first, last), bucket| {
        (first.min(bucket), last.max(bucket))
    });
    if total == 0 {
        svg.text(
            "dim",
            (LEFT, top + PLOT / 2.0),
            Anchor::Start,
            "nothing was answered",
        );
        return svg.finish();
    }
    let around = (
        LogCounts::begins_at_us(first.saturating_sub(1)),
        LogCounts::begins_at_us(last + 2),
    );
    let x = Axis::log(ends_us.unwrap_or(around), LEFT, frame.width - 18.0);
    let shares = stacked(layers, total, first..=last);
    let highest = shares
        .iter()
        .map(|bar| bar.iter().sum())
        .fold(0.0, f64::max);
    let y = Axis::from_zero(highest, 4, bottom, top);
    grid(&mut svg, &x, &y, frame.width);
    for (bucket, bar) in (first..=last).zip(&shares) {
        let from = x.at(LogCounts::begins_at_us(bucket));
        let to = x.at(LogCounts::begins_at_us(bucket + 1));
        let mut floor = 0.0;
        for (look, share) in bar.iter().enumerate() {
            let (lower, upper) = (y.at(floor), y.at(floor + share));
            if *share > 0.0 {
                svg.rect_of(look, (from + 0.5, upper), to - from - 1.0, lower - upper);
            }
            floor += share;
        }
    }
    svg.line("base", (x.from_px, bottom), (x.to_px, bottom));
    draw_marks(&mut svg, &x, marks, top, bottom);
    svg.finish()
}

/// Shares of all counts, by bucket and layer.
fn stacked(layers: &[Layer], total: u64, shown: RangeInclusive<u16>) -> Vec<Vec<f64>> {
    let (first, last) = shown.into_inner();
    let mut bars = vec![vec![0.0; layers.len()]; usize::from(last - first) + 1];
    for (look, layer) in layers.iter().enumerate() {
        for (bucket, count) in layer.counts.iter() {
            let at = usize::from(bucket.clamp(first, last) - first);
            bars[at][look] += count as f64 / total as f64;
        }
    }
    bars
}

fn grid(svg: &mut Svg<'_>, x: &Axis, y: &Axis, width: f64) {
    for tick in y.ticks(4).into_iter().filter(|tick| *tick > 0.0) {
        let at = y.at(tick);
        svg.line("grid", (x.from_px, at), (x.to_px, at));
        svg.text(
            "dim",
            (LEFT - 8.0, at + 4.0),
            Anchor::End,
            &numbers::percent(tick),
        );
    }
    for tick in x.ticks(if width < 500.0 { 5 } else { 9 }) {
        let at = (x.at(tick), y.from_px + 18.0);
        svg.line("base", (at.0, y.from_px), (at.0, y.from_px + 4.0));
        svg.text("dim", at, Anchor::Middle, &numbers::time(tick));
    }
}

/// Draws each mark on a line of its own above the plot, so that no name covers another.
fn draw_marks(svg: &mut Svg<'_>, x: &Axis, marks: &[Mark], top: f64, bottom: f64) {
    for (mark, below) in marks.iter().rev().zip(0_u32..) {
        let at = x.at(mark.time_us);
        let baseline = top - 6.0 - MARK_LINE * f64::from(below);
        svg.line("mark", (at, baseline - 9.0), (at, bottom));
        let name = format!("{} {}", mark.name, numbers::time(mark.time_us));
        let is_near_the_edge = at + LETTER * name.chars().count() as f64 > x.to_px;
        let (anchor, aside) = match is_near_the_edge {
            true => (Anchor::End, -5.0),
            false => (Anchor::Start, 5.0),
        };
        svg.text("dim", (at + aside, baseline), anchor, &name);
    }
}

struct Name {
    look: usize,
    at: f64,
    line: f64,
    text: String,
}

/// The names of layers that are not empty, with their share, from left to right in as many lines as they need.
fn legend(layers: &[Layer], total: u64, width: f64) -> Vec<Name> {
    let (mut at, mut line) = (0.0, 0.0);
    let mut names = Vec::new();
    let layers = layers.iter().enumerate();
    for (look, layer) in layers.filter(|(_, layer)| layer.counts.total() > 0) {
        let share = numbers::percent(layer.counts.total() as f64 / total.max(1) as f64);
        let text = format!("{} {share}", layer.name);
        let takes = 20.0 + LETTER * text.chars().count() as f64 + 18.0;
        if at > 0.0 && at + takes > width {
            (at, line) = (0.0, line + 1.0);
        }
        names.push(Name {
            look,
            at,
            line,
            text,
        });
        at += takes;
    }
    names
}
