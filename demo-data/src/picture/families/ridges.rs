//! Ridge behind ridge in thickening air.

use crate::picture::colour::Rgb;
use crate::picture::kinds::Light;
use crate::picture::light::Sun;
use crate::picture::maths::{lerp, smooth};
use crate::picture::noise::{soft, spikes};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::Sky;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "hills",
    subjects: &[
        "blue ridges",
        "misty hills",
        "wooded hills",
        "distant range",
    ],
    lights: &[
        Light::Dawn,
        Light::Dawn,
        Light::Sunrise,
        Light::Sunrise,
        Light::Mist,
        Light::Mist,
        Light::Golden,
        Light::Sunset,
        Light::Afterglow,
        Light::Dusk,
        Light::Morning,
        Light::Winter,
    ],
    portrait: 0.2,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.34, 0.5);
    let air = sketch.air(horizon, sketch.dice.clone().range(1.4, 2.4), Sun::Ahead);
    Sky::new(&air, &mut sketch.dice).paint(sketch.frame, horizon + 0.2);
    let (soft, spikes) = (soft(), spikes());
    let dice = &mut sketch.dice;
    let count = 4 + dice.below(4);
    let wood = Rgb::hex(dice.pick(&[0x1c2620, 0x232a26, 0x2a2a22, 0x1a2328]));
    let wooded = sketch.composition != 3;
    let frame = &mut *sketch.frame;
    let pixel = frame.pixel();
    let layers: Vec<Layer> = (0..count)
        .map(|layer| {
            let depth = layer as f32 / (count - 1) as f32;
            let base = lerp(horizon + 0.01, 0.93, depth * depth * 0.55 + depth * 0.45)
                + dice.range(-0.03, 0.03);
            let size = lerp(0.05, 0.22, depth) * dice.range(0.7, 1.3);
            let (ox, oy) = (dice.unit(), dice.unit());
            let wide = lerp(0.42, 0.2, depth) * dice.range(0.8, 1.2);
            let tree = if wooded { 0.05 * depth * depth } else { 0.0 };
            let pitch = lerp(0.5, 0.11, depth);
            let top = |column: usize| {
                let x = (column as f32 + 0.5) * pixel;
                let ridge = soft.at(x * wide + ox, oy) - 0.5;
                let one = spikes.at(x * pitch * 1.2 + ox, oy + 0.37);
                let trees = one.max(spikes.at(x * pitch * 1.5 + oy, ox + 0.11));
                base - ridge * size * 2.0 - trees * tree - soft.at(x * 4.0, oy) * tree * 0.3
            };
            Layer {
                depth,
                tops: (0..frame.width).map(top).collect(),
                offset: (ox, oy),
            }
        })
        .collect();
    let lights: Vec<Rgb> = (0..frame.width)
        .map(|c| air.distance(air.view.across(c as f32 * pixel)))
        .collect();
    for (
        number,
        Layer {
            depth,
            tops,
            offset: (ox, oy),
        },
    ) in layers.iter().enumerate()
    {
        let blur = pixel.max(lerp(0.004, 0.0025, *depth));
        let highest = tops.iter().copied().fold(1.0, f32::min);
        // Below the lowest point of the next ridge all is covered again.
        let bottom = layers.get(number + 1).map_or(1.0, |next| {
            next.tops.iter().copied().fold(0.0, f32::max) + 0.01
        });
        let near = depth * depth;
        let calm = calmed(tops);
        let clear = air.through(lerp(2.0, 0.12, *depth));
        let shade = air.ambient + air.sun * 0.12;
        frame.shade(highest - blur, bottom.min(1.0), |x, y, under| {
            let column = ((x / pixel) as usize).min(tops.len() - 1);
            let below = y - tops[column];
            if below < -blur {
                return under;
            }
            // Mist fills the valleys, and the air thickens down to it.
            let settle = smooth(0.0, 0.22 + 0.1 * near, y - calm[column]) * (1.0 - 0.75 * near);
            let mist = soft.at(x * 0.35 + ox, y * 1.3 + oy);
            let through = (clear * (1.0 - settle * (0.55 + 0.7 * mist))).clamp(0.0, 1.0);
            let rough = soft.at(x * 3.1 + ox, y * 4.3) - 0.5;
            let light = lights[column].mix(wood * shade * (1.0 + 1.6 * rough), through);
            under.mix(light, smooth(-blur, blur, below))
        });
    }
}

/// The outline without its small peaks: mist does not follow those.
fn calmed(tops: &[f32]) -> Vec<f32> {
    let reach = tops.len() / 10 + 1;
    let mut sums = vec![0.0];
    sums.extend(tops.iter().scan(0.0, |sum, top| {
        *sum += top;
        Some(*sum)
    }));
    (0..tops.len())
        .map(|column| {
            let (from, to) = (
                column.saturating_sub(reach),
                (column + reach).min(tops.len()),
            );
            (sums[to] - sums[from]) / (to - from) as f32
        })
        .collect()
}

/// One ridge: how near it is, and its outline.
struct Layer {
    depth: f32,
    tops: Vec<f32>,
    offset: (f32, f32),
}
