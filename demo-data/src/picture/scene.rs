//! What a seed will show, known without drawing it.

use super::families::kind;
use super::noise::Dice;
use super::palette::{film_number, mood};
use super::tones;

/// What kind of photo a scene is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Family {
    Mountains,
    Sea,
    Cities,
    Ridges,
    Clouds,
    Streets,
    Fields,
    Nights,
    Gardens,
    Deserts,
    Aerial,
    Bridges,
    Lakes,
    Coasts,
    Stills,
    Winters,
    Forests,
    People,
    Buildings,
}

impl Family {
    /// Every family, in the order of the enumeration.
    pub const ALL: [Self; 19] = [
        Self::Mountains,
        Self::Sea,
        Self::Cities,
        Self::Ridges,
        Self::Clouds,
        Self::Streets,
        Self::Fields,
        Self::Nights,
        Self::Gardens,
        Self::Deserts,
        Self::Aerial,
        Self::Bridges,
        Self::Lakes,
        Self::Coasts,
        Self::Stills,
        Self::Winters,
        Self::Forests,
        Self::People,
        Self::Buildings,
    ];

    /// A short lower-case name, fit for a tag.
    pub fn name(self) -> &'static str {
        kind(self).name
    }
}

/// The hour and weather that light a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Light {
    Dawn,
    Sunrise,
    Morning,
    Mist,
    Noon,
    Afternoon,
    Overcast,
    Storm,
    Golden,
    Sunset,
    Afterglow,
    Dusk,
    Night,
    Winter,
}

impl Light {
    /// Every light, in the order of the enumeration.
    pub const ALL: [Self; 14] = [
        Self::Dawn,
        Self::Sunrise,
        Self::Morning,
        Self::Mist,
        Self::Noon,
        Self::Afternoon,
        Self::Overcast,
        Self::Storm,
        Self::Golden,
        Self::Sunset,
        Self::Afterglow,
        Self::Dusk,
        Self::Night,
        Self::Winter,
    ];

    /// How a title would say it: "at dusk".
    pub fn phrase(self) -> &'static str {
        mood(self).phrase
    }
}

/// The size of an original, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// How wide it is.
    pub width: u32,
    /// How high it is.
    pub height: u32,
}

impl Shape {
    /// The height of a picture of this shape that is `width` wide.
    pub fn height_at(self, width: u32) -> u32 {
        let height = (u64::from(width) * u64::from(self.height) + u64::from(self.width) / 2)
            / u64::from(self.width);
        height.max(1) as u32
    }
}

/// Lying originals as cameras make them, with how often each is chosen.
const LYING: [(Shape, u32); 6] = [
    (
        Shape {
            width: 6000,
            height: 4000,
        },
        44,
    ),
    (
        Shape {
            width: 5184,
            height: 3456,
        },
        16,
    ),
    (
        Shape {
            width: 4608,
            height: 3456,
        },
        16,
    ),
    (
        Shape {
            width: 5472,
            height: 3080,
        },
        12,
    ),
    (
        Shape {
            width: 4000,
            height: 4000,
        },
        7,
    ),
    (
        Shape {
            width: 6000,
            height: 2572,
        },
        5,
    ),
];

/// Standing originals, with how often each is chosen.
const STANDING: [(Shape, u32); 4] = [
    (
        Shape {
            width: 4000,
            height: 6000,
        },
        50,
    ),
    (
        Shape {
            width: 3456,
            height: 4608,
        },
        22,
    ),
    (
        Shape {
            width: 4000,
            height: 5000,
        },
        18,
    ),
    (
        Shape {
            width: 4000,
            height: 4000,
        },
        10,
    ),
];

/// The families in three suits, the more often named the more often chosen.
const SUITS: [&[Family]; 3] = {
    use Family::*;
    [
        &[
            Mountains, Mountains, Mountains, Ridges, Lakes, Lakes, Deserts, Deserts, Fields,
            Fields, Winters,
        ],
        &[
            Sea, Sea, Coasts, Coasts, Clouds, Clouds, Nights, Aerial, Aerial, Forests, Forests,
        ],
        &[
            Cities, Cities, Streets, Streets, Buildings, Buildings, Bridges, Gardens, Gardens,
            Stills, Stills, People,
        ],
    ]
};

/// What a seed shows: everything that lists, titles and layouts need, at the price of a few
/// multiplications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// What kind of photo it is.
    pub family: Family,
    /// The hour and weather.
    pub light: Light,
    /// The nominal size of the original.
    pub shape: Shape,
    /// The average colour as an index into a 6 x 6 x 6 cube: `36 r + 6 g + b`.
    pub tone: u8,
    /// What a title would call it, without article: "mountain lake".
    pub subject: &'static str,
    /// Which of the family's compositions it is.
    pub(crate) composition: usize,
    /// Which film it is taken on.
    pub(crate) film: u8,
}

impl Scene {
    /// The scene of a seed.
    ///
    /// Consecutive seeds are never of the same family, nor are seeds two apart: the families
    /// are dealt in three suits in turn, because explore shows neighbours side by side.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let family = dice.pick(SUITS[(seed % 3) as usize]);
        Self::in_family(family, &mut dice)
    }

    /// Whether a seed shows one of the families that look drawn where they are shown larger than in
    /// a grid: curtains of rock, needles of ice, walls of grass. Cheaper than the whole scene.
    pub(crate) fn looks_drawn(seed: u64) -> bool {
        use Family::*;
        let family = Dice::new(seed, 1).pick(SUITS[(seed % 3) as usize]);
        matches!(
            family,
            Winters | Mountains | Coasts | Clouds | Forests | Lakes
        )
    }

    /// A scene of a given family.
    pub(crate) fn in_family(family: Family, dice: &mut Dice) -> Self {
        let kind = kind(family);
        let composition = dice.below(kind.subjects.len());
        let light = dice.pick(kind.lights);
        let shapes = if dice.chance(kind.standing) {
            &STANDING[..]
        } else {
            &LYING[..]
        };
        let shape = weighted(shapes, dice);
        let film = film_number(dice.next());
        let tone = tones::index(tones::of(family, composition, light, film));
        Self {
            family,
            light,
            shape,
            tone,
            subject: kind.subjects[composition],
            composition,
            film,
        }
    }
}

fn weighted(shapes: &[(Shape, u32)], dice: &mut Dice) -> Shape {
    let mut left = dice.below(shapes.iter().map(|s| s.1 as usize).sum()) as u32;
    for (shape, weight) in shapes {
        if left < *weight {
            return *shape;
        }
        left -= weight;
    }
    shapes[0].0
}
