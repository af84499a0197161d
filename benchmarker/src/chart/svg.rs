//! Writes SVG elements; all text is escaped in one place.

use std::fmt::Write;

use super::Frame;

/// The alignment of a text at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How many fills there are for the layers of a chart.
pub(super) const LOOKS: usize = 5;

/// An SVG element that is being written.
pub(super) struct Svg<'a> {
    frame: Frame<'a>,
    height: f64,
    body: String,
}

impl<'a> Svg<'a> {
    pub(super) fn new(frame: Frame<'a>, height: f64) -> Self {
        Self {
            frame,
            height,
            body: String::new(),
        }
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(px);
        self.write(&format!(
            r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
        ));
    }

    pub(super) fn rect(&mut self, class: &str, at: (f64, f64), width: f64, height: f64) {
        let [x, y, w, h] = [at.0, at.1, width.max(0.0), height.max(0.0)].map(px);
        self.write(&format!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}"/>"#
        ));
    }

    /// A rectangle with one of the fills of [`Svg::looks`].
    pub(super) fn rect_of(&mut self, look: usize, at: (f64, f64), width: f64, height: f64) {
        let [x, y, w, h] = [at.0, at.1, width.max(0.0), height.max(0.0)].map(px);
        let (id, look) = (self.frame.id, look % LOOKS);
        self.write(&format!(
            r#"<rect fill="url(#{id}-{look})" x="{x}" y="{y}" width="{w}" height="{h}"/>"#
        ));
    }

    pub(super) fn circle(&mut self, class: &str, at: (f64, f64), radius: f64) {
        let [x, y, r] = [at.0, at.1, radius].map(px);
        self.write(&format!(
            r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}"/>"#
        ));
    }

    /// A line through points, interrupted where a value is NaN.
    pub(super) fn path(&mut self, class: &str, points: impl Iterator<Item = (f64, f64)>) {
        let mut d = String::new();
        let mut verb = 'M';
        for (x, y) in points {
            if x.is_finite() && y.is_finite() {
                let [x, y] = [x, y].map(px);
                d += &format!("{verb}{x} {y}");
                verb = 'L';
            } else {
                verb = 'M';
            }
        }
        self.write(&format!(r#"<path class="{class}" d="{d}"/>"#));
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let [x, y] = [at.0, at.1].map(px);
        self.write(&format!(
            r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{}</text>"#,
            escaped(text)
        ));
    }

    /// Defines five fills that differ in grey, too: solid, stripes, dots, bars, squares.
    pub(super) fn looks(&mut self) {
        const CUTS: [(&str, &str); LOOKS] = [
            ("", ""),
            (
                "rotate(45)",
                r#"<line class="cut" x1="0" y1="0" x2="0" y2="6"/>"#,
            ),
            ("", r#"<circle class="cut" cx="3" cy="3" r="0.6"/>"#),
            ("", r#"<line class="cut" x1="0" y1="3" x2="6" y2="3"/>"#),
            ("rotate(-45)", r#"<path class="cut" d="M0 0V6M0 0H6"/>"#),
        ];
        self.write("<defs>");
        for (look, (turn, cut)) in CUTS.iter().enumerate() {
            let id = self.frame.id;
            self.write(&format!(
                "<pattern id=\"{id}-{look}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
                 patternTransform=\"{turn}\"><rect class=\"f{look}\" width=\"6\" height=\"6\"/>{cut}</pattern>"
            ));
        }
        self.write("</defs>");
    }

    pub(super) fn finish(self) -> String {
        let (w, h) = (px(self.frame.width), px(self.height));
        format!(
            "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" \
             width=\"{w}\" height=\"{h}\" role=\"img\" aria-label=\"{}\">{}</svg>",
            escaped(self.frame.label),
            self.body
        )
    }

    fn write(&mut self, element: &str) {
        // Writing to a string cannot fail.
        let _ = self.body.write_str(element);
    }
}

/// A coordinate, rounded to a tenth of a pixel.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Escapes a text for SVG. Not askama's escape, which writes numbers (`&#60;`) and would tie charts to
/// the template engine.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The beginning of the text that fits, with an ellipsis where it is cut; a letter is about 6.4 px wide.
pub(super) fn fitted(text: &str, width: f64) -> String {
    let fits = (width / 6.4).max(3.0) as usize;
    if text.chars().count() <= fits {
        return text.to_owned();
    }
    let kept: String = text.chars().take(fits - 1).collect();
    format!("{}…", kept.trim_end())
}
