//! The colour space of a PNG file from its chunks `gAMA` and `cHRM`.

use moxcms::{Chromaticity, ColorPrimaries, ColorProfile, ToneReprCurve};

/// How much a value may differ from sRGB's and still mean it: writers round.
const ROUNDING: f32 = 0.01;

/// The brightness of samples, and the colours of pure red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gamma {
    /// The power by which light became samples: 1 for linear light, 0.45455 for ordinary pictures.
    power: f32,
    /// Places in the chromaticity diagram: white, red, green, blue.
    places: [(f32, f32); 4],
}

const ORDINARY: Gamma = Gamma {
    power: 0.45455,
    places: [(0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06)],
};

impl Default for Gamma {
    fn default() -> Self {
        ORDINARY
    }
}

impl Gamma {
    /// Reads the content of `gAMA`. A value beyond all cameras and monitors is ignored.
    pub(super) fn read_gamma(&mut self, content: &[u8]) {
        if let Some([power]) = numbers(content)
            && (0.1..=10.0).contains(&power)
        {
            self.power = power;
        }
    }

    /// Reads the content of `cHRM`. Places that span no triangle around white are ignored.
    pub(super) fn read_primaries(&mut self, content: &[u8]) {
        let Some([wx, wy, rx, ry, gx, gy, bx, by]) = numbers(content) else {
            return;
        };
        let places = [(wx, wy), (rx, ry), (gx, gy), (bx, by)];
        let [white, red, green, blue] = places;
        let side = |from: (f32, f32), to: (f32, f32), point: (f32, f32)| {
            (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0)
        };
        let sides = [
            side(red, green, white),
            side(green, blue, white),
            side(blue, red, white),
        ];
        let around =
            sides.iter().all(|side| *side > 0.001) || sides.iter().all(|side| *side < -0.001);
        let real = |(x, y): &(f32, f32)| (0.0..=1.0).contains(x) && (0.01..=1.0).contains(y);
        if around && places.iter().all(real) {
            self.places = places;
        }
    }

    /// Whether it differs from sRGB.
    pub(super) fn differs(&self) -> bool {
        let far = |one: f32, other: f32| (one - other).abs() > ROUNDING;
        far(self.power, ORDINARY.power)
            || self
                .places
                .iter()
                .zip(ORDINARY.places)
                .any(|(one, other)| far(one.0, other.0) || far(one.1, other.1))
    }

    /// The same, as a profile.
    pub(super) fn profile(&self) -> ColorProfile {
        let [white, red, green, blue] = self.places.map(|(x, y)| Chromaticity { x, y });
        let mut profile = ColorProfile::new_srgb();
        profile.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
        // Ordinary samples follow the curve of sRGB, which is no power.
        if (self.power - ORDINARY.power).abs() > ROUNDING {
            let curve = Some(ToneReprCurve::Parametric(vec![1.0 / self.power]));
            profile.red_trc.clone_from(&curve);
            profile.green_trc.clone_from(&curve);
            profile.blue_trc = curve;
        }
        profile
    }
}

/// Numbers as PNG writes them: 100,000 is one.
fn numbers<const N: usize>(content: &[u8]) -> Option<[f32; N]> {
    let (words, []) = content.as_chunks::<4>() else {
        return None;
    };
    let words: &[[u8; 4]; N] = words.try_into().ok()?;
    Some(words.map(|word| u32::from_be_bytes(word) as f32 / 100_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(numbers: &[u32]) -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect()
    }

    #[test]
    fn only_what_is_not_ordinary_differs() {
        for (number, differs) in [
            (45_455, false),
            (45_000, false),
            (100_000, true),
            (55_556, true),
            (0, false),
            (1, false),
            (u32::MAX, false),
        ] {
            let mut gamma = Gamma::default();
            gamma.read_gamma(&content(&[number]));
            assert_eq!(gamma.differs(), differs, "{number}");
        }
    }

    #[test]
    fn places_that_make_no_sense_say_nothing() {
        let ordinary = [
            31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000,
        ];
        let adobe = [
            31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000,
        ];
        let flat = [
            31_270, 32_900, 20_000, 20_000, 30_000, 30_000, 40_000, 40_000,
        ];
        let outside = [90_000, 5_000, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
        for (places, differs) in [
            (&ordinary[..], false),
            (&adobe, true),
            (&flat, false),
            (&outside, false),
            (&[0; 8], false),
            (&[u32::MAX; 8], false),
            (&[], false),
        ] {
            let mut gamma = Gamma::default();
            gamma.read_primaries(&content(places));
            assert_eq!(gamma.differs(), differs, "{places:?}");
        }
    }
}
