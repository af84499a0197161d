//! Bridges over wide water, mostly in fog.

use tiny_skia::{PathBuilder, Rect};

use crate::picture::colour::Rgb;
use crate::picture::dice::Dice;
use crate::picture::frame::Frame;
use crate::picture::kinds::Light;
use crate::picture::light::{Air, Sun};
use crate::picture::maths::{lerp, smooth};
use crate::picture::noise::soft;
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "bridge",
    subjects: &[
        "suspension bridge",
        "bridge in the fog",
        "stone bridge",
        "pier",
    ],
    lights: &[
        Light::Dawn,
        Light::Sunrise,
        Light::Mist,
        Light::Mist,
        Light::Overcast,
        Light::Golden,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
    ],
    portrait: 0.15,
    draw,
};

/// The position of a bridge: it runs from one side at one distance to the other at another.
struct Span {
    left: f32,
    right: f32,
    /// Size of things at the left and at the right end.
    near: f32,
    far: f32,
    water: f32,
}

impl Span {
    /// The size of things at a part of the way.
    fn size(&self, t: f32) -> f32 {
        1.0 / lerp(1.0 / self.near, 1.0 / self.far, t)
    }

    /// The place of a part of the way: equal parts shrink with distance.
    fn x(&self, t: f32) -> f32 {
        let depth = t / self.far / lerp(1.0 / self.near, 1.0 / self.far, t);
        lerp(self.left, self.right, depth)
    }
}

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.6, 0.7);
    let air = sketch.air(horizon, 1.4, Sun::Ahead);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, horizon + 0.01);
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    hills(frame, &air, horizon, dice);
    let aspect = frame.aspect();
    let forth = dice.chance(0.5);
    let mut span = Span {
        left: -0.15,
        right: aspect * dice.range(0.75, 1.1),
        near: dice.range(1.1, 1.9),
        far: dice.range(0.25, 0.55),
        water: horizon,
    };
    if forth {
        (span.left, span.right) = (aspect - span.left, aspect - span.right);
    }
    let paint = Rgb::hex(dice.pick(&[0x8a3a2a, 0x5c6068, 0x48525a, 0x6e6a62, 0x3c464c]));
    match sketch.composition {
        2 => arches(
            frame,
            &air,
            &span,
            Rgb::hex(dice.pick(&[0x8c8070, 0x9a8a74, 0x7c746a])),
            dice,
        ),
        3 => pier(frame, &air, &span, Rgb::hex(0x54483e), dice),
        _ => hanging(frame, &air, &span, paint, dice),
    }
    flood(frame, &air, horizon, dice);
}

fn hills(frame: &mut Frame, air: &Air, horizon: f32, dice: &mut Dice) {
    let tint = Rgb::hex(0x3c4640) * air.ambient;
    for depth in [1.9, 1.2] {
        let (ox, size) = (dice.unit(), dice.range(0.03, 0.12));
        let pixel = frame.pixel();
        frame.shade(horizon - 0.2, horizon, |x, y, under| {
            let top = horizon
                - ((soft().at(x * 0.16 + ox, depth) - 0.3) * size * 2.0
                    + soft().at(x * 1.5, ox) * 0.008)
                    .max(0.0);
            let fog = air.distance(air.view.across(x));
            under.mix(
                fog.mix(tint, air.through(depth)),
                smooth(top - pixel, top + pixel, y),
            )
        });
    }
}

/// Paints through a path, paler with distance.
fn beam(
    frame: &mut Frame,
    air: &Air,
    path: Option<tiny_skia::Path>,
    tint: Rgb,
    size: f32,
    rim: f32,
) {
    let Some(path) = path else { return };
    let cut = frame.cut(&path);
    let through = air.through((0.2 / size).min(1.3));
    let shade = tint * (air.ambient * 0.55 + air.sun * (0.10 + rim));
    frame.through(&cut, |x, y, _| {
        let stain = soft().at(x * 1.6, y * 1.6) - 0.5;
        let fog = air.distance(air.view.across(x));
        let mist =
            smooth(0.25, 0.75, soft().at(x * 0.2, y * 0.5 + size)) * 0.35 * air.haze.min(2.0) * 0.5;
        fog.mix(shade * (1.0 + 0.6 * stain), (through - mist).max(0.06))
    });
}

fn bar(left: f32, top: f32, right: f32, bottom: f32) -> Option<tiny_skia::Path> {
    Rect::from_ltrb(left.min(right), top, left.max(right), bottom).map(PathBuilder::from_rect)
}

fn hanging(frame: &mut Frame, air: &Air, span: &Span, paint: Rgb, dice: &mut Dice) {
    let deck = dice.range(0.07, 0.1);
    let tower = dice.range(0.4, 0.55);
    let sag = deck + 0.02;
    let towers = [0.2, 0.8];
    let height = |t: f32| {
        let from = (t - 0.5) / 0.3;
        if from.abs() <= 1.0 {
            lerp(sag, tower, from * from)
        } else {
            lerp(tower, deck, ((from.abs() - 1.0) / 0.67).min(1.0))
        }
    };
    let steps = 90;
    let place = |t: f32, h: f32| (span.x(t), span.water - h * span.size(t));
    // Far parts first, so that near ones cover them.
    for n in (0..steps).rev() {
        let (a, b) = (n as f32 / steps as f32, (n + 1) as f32 / steps as f32);
        let size = span.size(a);
        let mut path = PathBuilder::new();
        let thick = 0.0085;
        let mut quad = |h0: f32, h1: f32, thick: f32| {
            let (p, q) = (place(a, h0), place(b, h1));
            path.move_to(p.0, p.1);
            path.line_to(q.0, q.1);
            path.line_to(q.0, q.1 + thick * span.size(b));
            path.line_to(p.0, p.1 + thick * size);
            path.close();
        };
        quad(deck, deck, thick * 2.1);
        quad(height(a), height(b), thick * 0.8);
        let (hx, top) = place(a, height(a));
        if let Some(rect) = Rect::from_ltrb(hx, top, hx + 0.0016 * size, span.water - deck * size) {
            path.push_rect(rect);
        }
        beam(frame, air, path.finish(), paint, size, 0.0);
        for t in towers {
            if a <= t && t < b {
                let size = span.size(t);
                let x = span.x(t);
                let lean = 0.045 * size;
                for (shift, rim) in [(lean, 0.0), (0.0, 0.12)] {
                    let wide = 0.017 * size;
                    beam(
                        frame,
                        air,
                        bar(
                            x + shift,
                            span.water - tower * size,
                            x + shift + wide,
                            span.water + 0.003,
                        ),
                        paint,
                        size,
                        rim,
                    );
                }
                for h in [0.98, 0.72, 0.46] {
                    let y = span.water - tower * h * size;
                    beam(
                        frame,
                        air,
                        bar(x, y, x + lean, y + 0.022 * size),
                        paint,
                        size,
                        0.05,
                    );
                }
            }
        }
    }
}

fn arches(frame: &mut Frame, air: &Air, span: &Span, stone: Rgb, dice: &mut Dice) {
    let count = 4 + dice.below(4);
    let height = dice.range(0.15, 0.24);
    for n in (0..count).rev() {
        let (a, b) = (n as f32 / count as f32, (n + 1) as f32 / count as f32);
        let (s0, s1) = (span.size(a), span.size(b));
        let (x0, x1) = (span.x(a), span.x(b));
        let w = span.water + 0.002;
        let mut path = PathBuilder::new();
        path.move_to(x0, w - height * s0);
        path.line_to(x1, w - height * s1);
        path.line_to(x1, w);
        let inner = |t: f32| lerp(x0, x1, t);
        let rise = |t: f32| lerp(s0, s1, t) * height * 0.86;
        path.line_to(inner(0.9), w);
        path.cubic_to(
            inner(0.9),
            w - rise(0.9) * 0.75,
            inner(0.72),
            w - rise(0.7),
            inner(0.5),
            w - rise(0.5),
        );
        path.cubic_to(
            inner(0.28),
            w - rise(0.3),
            inner(0.1),
            w - rise(0.1) * 0.75,
            inner(0.1),
            w,
        );
        path.line_to(x0, w);
        path.close();
        beam(frame, air, path.finish(), stone, 0.5 * (s0 + s1), 0.14);
        let lip = 0.016;
        let mut edge = PathBuilder::new();
        edge.move_to(x0, w - height * s0);
        edge.line_to(x1, w - height * s1);
        edge.line_to(x1, w - (height - lip) * s1);
        edge.line_to(x0, w - (height - lip) * s0);
        edge.close();
        beam(
            frame,
            air,
            edge.finish(),
            stone * 1.25,
            0.5 * (s0 + s1),
            0.3,
        );
    }
}

fn pier(frame: &mut Frame, air: &Air, span: &Span, wood: Rgb, dice: &mut Dice) {
    let deck = dice.range(0.08, 0.13);
    let posts = 22;
    for n in (0..posts).rev() {
        let (a, b) = (n as f32 / posts as f32, (n + 1) as f32 / posts as f32);
        let size = span.size(a);
        let x = span.x(a);
        let w = span.water;
        for shift in [0.03, 0.0] {
            beam(
                frame,
                air,
                bar(
                    x + shift * size,
                    w - deck * size,
                    x + (shift + 0.012) * size,
                    w + 0.004,
                ),
                wood,
                size,
                0.02,
            );
        }
        let mut path = PathBuilder::new();
        for (h, thick) in [(deck, 0.018), (deck + 0.05, 0.006), (deck + 0.03, 0.004)] {
            let (s1, x1) = (span.size(b), span.x(b));
            path.move_to(x, w - h * size);
            path.line_to(x1, w - h * s1);
            path.line_to(x1, w - (h - thick) * s1);
            path.line_to(x, w - (h - thick) * size);
            path.close();
        }
        beam(frame, air, path.finish(), wood, size, 0.06);
        beam(
            frame,
            air,
            bar(
                x,
                w - (deck + 0.055) * size,
                x + 0.006 * size,
                w - deck * size,
            ),
            wood,
            size,
            0.04,
        );
    }
}

/// Water below the bridge, which mirrors it in slow waves.
fn flood(frame: &mut Frame, air: &Air, horizon: f32, dice: &mut Dice) {
    let image = frame.clone();
    let line = frame.row(horizon) as f32 * frame.pixel();
    let (ox, oy) = (dice.unit(), dice.unit());
    let calm = dice.range(0.3, 1.2);
    let body = Rgb::hex(dice.pick(&[0x24383c, 0x2c3a40, 0x223238])) * air.ambient;
    frame.shade(horizon, 1.0, |x, y, _| {
        let depth = y - line;
        let near = 1.0 / (depth + 0.04);
        let wave = soft().at((x - 0.7) * near * 0.09 + ox, near * 0.8 + oy) - 0.5;
        let chop = soft().at((x - 0.7) * near * 0.42 + oy, near * 3.0 + ox) - 0.5;
        let bend = (wave * 1.2 + chop) * calm * (0.015 + depth * 0.8);
        let source = (line - depth * 1.03 + bend).clamp(0.0, line - 0.004);
        let mirrored = image.light_at(x + chop * calm * 0.015, source);
        let glint = air.sky(0.25) * ((wave + chop - 0.05).max(0.0) * 0.35 * calm);
        let fog = air.distance(air.view.across(x));
        let light = body.mix(mirrored * 0.9, 0.88 - 0.4 * depth) + glint;
        fog.mix(light, smooth(-0.03, 0.12, depth).max(0.25))
    });
}
