//! Stars over dark land.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::light::Sun;
use crate::picture::maths::{cos, exp, pow, sin, smooth};
use crate::picture::noise::{billow, soft, spikes};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::coarse;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "night",
    subjects: &[
        "Milky Way",
        "starry night",
        "stars over the woods",
        "moonrise",
    ],
    lights: &[Light::Night],
    portrait: 0.35,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.72, 0.86);
    let air = sketch.air(horizon, 1.0, Sun::Anywhere);
    let composition = sketch.composition;
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let aspect = frame.aspect();
    let tint = Rgb::hex(dice.pick(&[0x1a2c4c, 0x16303e, 0x241f44, 0x12243e]));
    let lamp =
        Rgb::hex(dice.pick(&[0xd08a50, 0xb0a060, 0x60a088, 0xc87868])) * dice.range(0.1, 0.5);
    let lamp_at = dice.range(0.1, 0.9) * aspect;
    let angle = dice.range(-1.2, 1.2);
    let turn = (cos(angle), sin(angle));
    let centre = (
        aspect * dice.range(0.3, 0.7),
        horizon * dice.range(0.3, 0.6),
    );
    let (ox, oy) = (dice.unit(), dice.unit());
    let way = if composition == 0 {
        dice.range(0.8, 1.2)
    } else {
        dice.range(0.0, 0.25)
    };
    let warm = Rgb::hex(0xffdcb8);
    let (cloud, smoke) = (billow(), soft());
    coarse(frame, 0.0, 1.0, |x, y| {
        let up = air.view.up(y).max(0.0);
        let base = tint * (0.35 + 0.65 * (1.0 - y / horizon).max(0.0)) * 0.55
            + air.horizon * (0.5 * exp(-up * 5.0));
        let dx = (x - lamp_at) * 1.2;
        let town = lamp * exp(-up * 7.0 - dx * dx);
        let (bx, by) = (x - centre.0, y - centre.1);
        let (along, off) = (bx * turn.1 + by * turn.0, bx * turn.0 - by * turn.1);
        let wobble = smoke.at(along * 0.3 + ox, oy) - 0.5;
        let d = (off + wobble * 0.16) / (0.16 + 0.05 * along);
        let band = exp(-d * d) * (0.4 + 1.1 * smoke.at(x * 0.5 + oy, y * 0.5 + ox));
        // Dust before the stars, mostly along the middle.
        let dust = smooth(0.42, 0.72, cloud.at(x * 0.42 + ox, y * 0.42 + oy)) * exp(-d * d * 3.0);
        let core = warm * (0.25 * band * (1.0 - 0.8 * dust)) + Rgb::hex(0x9098e0) * (0.05 * band);
        base + town + core * way * 0.85
    });
    for _ in 0..(2200.0 * aspect) as usize {
        let (x, y) = (dice.unit() * aspect, dice.unit() * horizon * 1.05);
        let magnitude = pow(dice.unit(), 14.0);
        let colour = Rgb::new(1.0, 0.93, 0.85).mix(Rgb::new(0.75, 0.86, 1.0), dice.unit());
        let fade = smooth(0.0, 0.2, air.view.up(y));
        frame.spark(
            x,
            y,
            0.0011 + 0.0012 * magnitude,
            colour * ((0.3 + 5.0 * magnitude) * fade),
        );
    }
    if composition == 3 {
        let (x, y, radius) = (
            aspect * dice.range(0.25, 0.75),
            horizon * dice.range(0.25, 0.7),
            dice.range(0.018, 0.05),
        );
        moon(sketch, x, y, radius);
    }
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let (ox, oy) = (dice.unit(), dice.unit());
    let (size, wide) = (dice.range(0.08, 0.3), dice.range(0.1, 0.22));
    let tree = if composition == 2 {
        0.16
    } else {
        dice.pick(&[0.0, 0.03, 0.06])
    };
    let pixel = frame.pixel();
    let tops: Vec<f32> = (0..frame.width)
        .map(|column| {
            let x = (column as f32 + 0.5) * pixel;
            let trees = spikes()
                .at(x * 0.13 + ox, oy + 0.37)
                .max(spikes().at(x * 0.2 + oy, ox + 0.11) * 0.8);
            let twig = soft().at(x * 5.0, oy) - 0.5;
            horizon + 0.06
                - (soft().at(x * wide + ox, oy) - 0.5) * size
                - trees * tree * (1.0 + twig)
                - twig * tree * 0.2
        })
        .collect();
    frame.shade(0.3, 1.0, |x, y, under| {
        let below = y - tops[((x / pixel) as usize).min(tops.len() - 1)];
        let rough = soft().at(x * 2.0 + ox, y * 3.0) * 0.6 + 0.4;
        let land = tint * (0.10 * rough) + lamp * (0.02 * rough);
        under.mix(land, smooth(-pixel, pixel, below))
    });
}

fn moon(sketch: &mut Sketch<'_>, x: f32, y: f32, radius: f32) {
    let warm = Rgb::hex(sketch.dice.pick(&[0xfff2dc, 0xffd9a0, 0xf6f4ec]));
    let (ox, oy) = (sketch.dice.unit(), sketch.dice.unit());
    let edge = sketch.frame.pixel() / radius;
    sketch.frame.shade(0.0, 1.0, |px, py, under| {
        let (dx, dy) = ((px - x) / radius, (py - y) / radius);
        let d2 = dx * dx + dy * dy;
        let halo = 0.16 / (1.0 + d2 * 0.12) * 0.5 + 0.3 / (1.0 + d2 * 1.6);
        let light = under + warm * (halo * 0.35);
        if d2 > 1.2 {
            return light;
        }
        let seas = smooth(0.42, 0.6, soft().at(dx * 0.1 + ox, dy * 0.1 + oy));
        let face = warm * (1.5 - 0.75 * seas) * (1.0 - 0.25 * d2);
        light.mix(face, smooth(1.0 + edge, 1.0 - edge, d2.sqrt()))
    });
}
