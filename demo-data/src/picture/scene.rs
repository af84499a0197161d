//! What a seed shows, without drawing it.

use super::dice::Dice;
use super::families::recipe;
use super::kinds::{Family, Light};
use super::palette::film_number;
use super::shape::Shape;
use super::tones;

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

/// What a seed shows: everything that lists, titles and layouts need, for the cost of a few
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
    /// The subject in the words of a title, without article: "mountain lake".
    pub subject: &'static str,
    /// Which of the family's compositions it is.
    pub(crate) composition: usize,
    /// Which film it is taken on.
    pub(crate) film: u8,
}

impl Scene {
    /// The scene of a seed.
    ///
    /// Consecutive seeds are never of the same family, nor are seeds two apart: the families are in
    /// three suits, taken in turn, because explore shows neighbours side by side.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let family = dice.pick(SUITS[(seed % 3) as usize]);
        Self::in_family(family, &mut dice)
    }

    /// Whether a seed shows one of the families that look drawn when shown larger than in a grid:
    /// curtains of rock, needles of ice, walls of grass. Cheaper than the whole scene.
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
        let recipe = recipe(family);
        let composition = dice.below(recipe.subjects.len());
        let light = dice.pick(recipe.lights);
        let portrait = dice.chance(recipe.portrait);
        let shape = Shape::drawn(portrait, dice);
        let film = film_number(dice.next());
        let tone = tones::index(tones::of(family, composition, light, film));
        Self {
            family,
            light,
            shape,
            tone,
            subject: recipe.subjects[composition],
            composition,
            film,
        }
    }
}
