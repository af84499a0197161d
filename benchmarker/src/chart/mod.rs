//! Charts as inline SVG: no script, nothing to load, and text stays text.
//!
//! Colours are the CSS custom properties of [`CSS`], which a page may override. Every colour is
//! repeated by a pattern, a shape or the order, so a grey print loses nothing. A chart is drawn for a
//! width and scaled little, because its text would shrink too: a page holds one chart for screens and
//! one for phones, and shows one of them.

mod axis;
mod curve;
mod dots;
mod latency;
mod lines;
mod svg;
mod waterfall;

pub use axis::Axis;
pub use curve::{Curve, spread};
pub use dots::{Dot, dots};
pub use latency::{Layer, Mark, latency};
pub use lines::{Series, Span, lines};
pub use waterfall::{Factor, waterfall};

/// The style sheet of charts, light and dark.
pub const CSS: &str = include_str!("chart.css");

/// The frame of a chart.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Unique in the page; letters, digits and hyphens.
    pub id: &'a str,
    /// The width in CSS pixels; the height follows from the content.
    pub width: f64,
    /// The text for screen readers: what the chart shows, and its result.
    pub label: &'a str,
}

#[cfg(test)]
mod tests;
