//! Charts as SVG that stands in a page: no script, nothing loaded, text that is text.
//!
//! Colours are the CSS custom properties of [`CSS`], which a page may set anew. What a colour says, a
//! pattern, a shape or the order says too, so a grey print loses nothing. A chart is drawn for a width and
//! not scaled far from it, because its text would shrink too: a page holds one for screens and one for
//! phones, and shows one of them.

mod axis;
mod curve;
mod dots;
mod latency;
mod lines;
pub(crate) mod numbers;
mod svg;
mod waterfall;

pub use axis::Axis;
pub use curve::{Curve, spread};
pub use dots::{Dot, dots};
pub use latency::{Mark, latency};
pub use lines::{Series, Span, lines};
pub use waterfall::{Factor, waterfall};

/// The style that charts need, light and dark.
pub const CSS: &str = include_str!("chart.css");

/// Where a chart is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Unique in the page; letters, digits and hyphens.
    pub id: &'a str,
    /// In CSS pixels; the height follows from the content.
    pub width: f64,
    /// What a listener hears instead of the picture: what it shows, and what one sees in it.
    pub label: &'a str,
}

#[cfg(test)]
mod tests;
