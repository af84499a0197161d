//! Among trees: trunk behind trunk into the mist, light from behind.

use crate::picture::colour::Rgb;
use crate::picture::dice::Dice;
use crate::picture::frame::Frame;
use crate::picture::kinds::Light;
use crate::picture::light::Sun;
use crate::picture::maths::{exp, lerp, smooth};
use crate::picture::noise::{billow, heads, soft};
use crate::picture::recipe::{Recipe, Sketch};
use crate::picture::sky::coarse;
use crate::picture::veil::Veil;

pub(crate) const RECIPE: Recipe = Recipe {
    name: "forest",
    subjects: &["misty forest", "beech wood", "autumn wood", "forest path"],
    lights: &[
        Light::Dawn,
        Light::Sunrise,
        Light::Morning,
        Light::Mist,
        Light::Mist,
        Light::Overcast,
        Light::Golden,
        Light::Winter,
    ],
    portrait: 0.5,
    draw,
};

fn draw(sketch: &mut Sketch<'_>) {
    let horizon = sketch.dice.range(0.6, 0.74);
    let air = sketch.air(horizon, 1.3, Sun::Ahead);
    let winter = sketch.light == Light::Winter;
    let composition = sketch.composition;
    let dice = &mut sketch.dice;
    let frame = &mut *sketch.frame;
    let aspect = frame.aspect();
    let leaf = Rgb::hex(match composition {
        2 => dice.pick(&[0xc07a28, 0xb0602a, 0xc89a38]),
        _ if winter => 0x9aa2a6,
        0 => dice.pick(&[0x4a5c3e, 0x44584a]),
        _ => dice.pick(&[0x6a8a32, 0x5c7c34, 0x7c9438]),
    });
    let floor_tint = Rgb::hex(match composition {
        2 => 0x9a6430,
        _ if winter => 0xd8dce2,
        0 => 0x4c5638,
        _ => dice.pick(&[0x5c6a30, 0x6c6438]),
    });
    // The far end: fog that the sun fills.
    let fog =
        (air.horizon * 0.62 + air.glow * 0.12).mix(leaf, if composition == 0 { 0.12 } else { 0.3 });
    let sun_x = air.sun_at.0 * air.view.focal + aspect * 0.5;
    let sun_y = dice.range(0.2, 0.42);
    let (ox, oy) = (dice.unit(), dice.unit());
    let size = dice.range(0.55, 0.9);
    let open = |x: f32, y: f32| {
        let (dx, dy) = (x - sun_x, y - sun_y);
        let near = 1.0 + (dx * dx + dy * dy) * 2.6;
        1.0 / (near * near)
    };
    coarse(frame, 0.0, 1.0, |x, y| {
        let bright = fog * (0.75 + 0.9 * open(x, y)) + air.glow * (0.35 * open(x, y));
        // Leaves far off: specks of sky between them.
        let far = soft().at(x * 1.1 + ox, y * 1.1 + oy);
        let crown =
            smooth(0.38, 0.62, far + (0.32 - y) * 0.35) * smooth(horizon + 0.02, horizon - 0.3, y);
        bright.mix(leaf * (bright.luma() * 0.9), crown * 0.55)
    });
    let (earth, bark_tint) = (Rgb::hex(0x8a7a62), Rgb::hex(0x4a4038));
    frame.shade(horizon - 0.03, 1.0, |x, y, under| {
        let ragged = (soft().at(x * 0.8, 0.5) - 0.5) * 0.05;
        let down = (y - horizon).max(0.0);
        let near = 1.0 / (down + 0.06);
        let (u, v) = ((x - aspect * 0.5) * near, near);
        let litter = heads().at(u * 0.13 + ox, v * 0.5 + oy);
        let fine = soft().at(u * 0.4 + oy, v * 1.3) - 0.5;
        let mut tint = floor_tint;
        if composition == 3 {
            let bend = soft().at(v * 0.02 + ox, 0.3) - 0.5;
            tint = tint.mix(
                earth,
                smooth(0.10, 0.05, (u * 0.1 + bend * 0.3).abs() - fine * 0.06),
            );
        }
        let pool = smooth(0.5, 0.66, soft().at(u * 0.05 + ox, v * 0.3)) * 0.9;
        let shade = air.ambient * (0.5 + 0.5 * litter) + air.sun * (0.06 + 0.3 * pool);
        let lit = tint * shade * (1.0 + 1.2 * fine);
        let clear = smooth(-0.12, 0.2, down);
        under.mix(
            fog.mix(lit, clear * 0.95),
            smooth(-0.03, 0.03, y - horizon + ragged),
        )
    });
    let layers = 5;
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let thick = if composition == 0 { 1.3 } else { 0.7 };
        let through = air.through(lerp(1.9, 0.0, depth) * thick).max(0.06);
        let foot = lerp(horizon, 0.98, depth * depth * 0.8);
        let count = (lerp(16.0, 2.6, depth) * aspect) as usize;
        for _ in 0..count {
            let x = dice.range(-0.05, 1.05) * aspect;
            let radius = lerp(0.005, 0.045, depth * depth) * dice.range(0.5, 1.25);
            let place = (x, foot + dice.range(-0.01, 0.02), radius);
            trunk(frame, dice, place, |along, y, side| {
                let bark = soft().at(along * 0.9 + x * 3.0, y * 0.22 + x) - 0.5;
                let moss = smooth(0.0, 0.25, bark) * 0.3;
                let tint = bark_tint.mix(leaf, moss);
                let glow = open(x, y);
                // The rim towards the sun is lit.
                let towards = if x < sun_x { side } else { -side };
                let rim = smooth(0.45, 1.0, towards) * glow * 1.6 + smooth(0.2, 1.0, towards) * 0.1;
                let lit = tint * (air.ambient * (0.42 + 0.2 * towards)) * (1.0 + 1.3 * bark)
                    + air.sun * tint * rim;
                fog.mix(lit, through) + air.glow * (glow * (1.0 - through) * 0.25)
            });
        }
        if layer == 1 || (layer == 4 && composition != 0) {
            let (lx, ly) = (dice.unit(), dice.unit());
            let scale = lerp(2.4, 0.8, depth) * size;
            let hang = lerp(0.5, 0.24, depth) + dice.range(-0.1, 0.1);
            let thin = if winter { 0.12 } else { 0.0 };
            let mut canopy = Veil::new(frame, 120);
            canopy.shade(|x, y| {
                let twig = billow().at(x * scale * 0.4 + lx, y * scale * 0.4 + ly);
                let dense = twig + (hang - y) * 0.45 - thin;
                if dense < 0.5 {
                    return (Rgb::BLACK, 0.0);
                }
                let cover = smooth(0.5, 0.5 + lerp(0.14, 0.2, depth), dense);
                // Leaves against the light shine through.
                let speck = soft().at(x * scale * 2.0 + ly, y * scale * 2.0) - 0.5;
                let sun = air.sun * (0.10 + 0.5 * open(x, y));
                let lit = leaf * (air.ambient * 0.55 + sun) * (0.9 + 1.8 * speck);
                (fog.mix(lit, through * 0.92), cover * 0.85)
            });
            canopy.cover(frame);
        }
    }
    // Light falls in shafts through what is open.
    let slant = dice.range(-0.5, 0.5);
    let strength = air.haze.min(2.0) * 0.07;
    let mut shafts = Veil::new(frame, 80);
    shafts.glow(|x, y| {
        let ray = (x - sun_x - (y - sun_y) * slant) / (0.3 + (y - sun_y + 0.4).abs());
        let shaft = smooth(0.45, 0.7, soft().at(ray * 0.35 + ox, 0.2));
        air.glow * (shaft * open(x * 0.7 + sun_x * 0.3, y * 0.6 + sun_y * 0.4) * strength)
    });
    shafts.cover(frame);
}

/// A trunk from its foot to above the picture. The shader takes the place around the trunk, the
/// height and the distance to the right of the middle.
fn trunk(
    frame: &mut Frame,
    dice: &mut Dice,
    (x, foot, radius): (f32, f32, f32),
    light: impl Fn(f32, f32, f32) -> Rgb,
) {
    let (lean, bow, wave) = (
        dice.range(-0.04, 0.04),
        dice.range(-0.03, 0.03),
        dice.unit(),
    );
    let pixel = frame.pixel();
    for row in 0..frame.row(foot) {
        let y = (row as f32 + 0.5) * pixel;
        let rise = foot - y;
        // Leaves and moss hide the foot.
        let planted = smooth(0.0, 0.012 + radius * 0.5, rise);
        let flare = 1.0 + 0.8 * exp(-rise / (radius * 1.6)) - 0.35 * rise;
        let wobble = (soft().at(y * 0.5 + wave, wave) - 0.5) * radius * 0.9;
        let middle = x + lean * rise + bow * rise * rise * 2.0 + wobble;
        let wide = radius * flare.max(0.3);
        let first = (((middle - wide) / pixel) as i32).clamp(0, frame.width as i32) as usize;
        let last = (((middle + wide) / pixel) as i32 + 2).clamp(0, frame.width as i32) as usize;
        for column in first..last {
            let side = ((column as f32 + 0.5) * pixel - middle) / wide;
            let edge = ((1.0 - side.abs()) * wide / pixel.max(radius * 0.12) + 0.5).clamp(0.0, 1.0);
            if edge > 0.0 {
                let round = side * (1.0 + 0.5 * side * side);
                let at = row * frame.width + column;
                frame.pixels[at] =
                    frame.pixels[at].mix(light(round * wide * 6.0, y, side), edge * planted);
            }
        }
    }
}
