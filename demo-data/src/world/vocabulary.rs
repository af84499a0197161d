//! All tags of the site.

use std::collections::HashMap;

use crate::rng::LongTail;
use crate::words::{WORDS, fold};

/// The lights of pictures, as tags.
const LIGHTS: [&str; 12] = [
    "golden hour",
    "sunset",
    "sunrise",
    "blue hour",
    "dawn",
    "dusk",
    "fog",
    "backlight",
    "night",
    "winter",
    "summer",
    "autumn",
];

/// The first and the last year that is in a tag.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 2006..=2026;

/// All tags, and where to find those of one sort.
pub(crate) struct Vocabulary {
    pub(crate) names: Vec<String>,
    pub(crate) kinds: Vec<Vec<u32>>,
    pub(crate) lights: Vec<u32>,
    pub(crate) gear: Vec<u32>,
    pub(crate) regions: Vec<u32>,
    /// The first of each region's years.
    pub(crate) years: Vec<Vec<u32>>,
    pub(crate) places: HashMap<&'static str, u32>,
    /// Adjective and noun in one: "quietmorning". The long tail of every vocabulary.
    pub(crate) compounds: Vec<u32>,
    pub(crate) compound_law: LongTail,
}

/// Gives every name one number.
#[derive(Default)]
struct Numbers {
    by_name: HashMap<String, u32>,
    names: Vec<String>,
}

impl Numbers {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), id);
        id
    }

    fn all<'a>(&mut self, names: impl IntoIterator<Item = &'a &'static str>) -> Vec<u32> {
        names.into_iter().map(|name| self.of(name)).collect()
    }
}

impl Vocabulary {
    pub(crate) fn new() -> Self {
        let mut numbers = Numbers::default();
        let kinds = WORDS
            .kinds
            .iter()
            .map(|kind| numbers.all(&kind.tags))
            .collect();
        let lights = numbers.all(&LIGHTS);
        let gear = numbers.all(&WORDS.gear_tags);
        let regions = WORDS
            .regions
            .iter()
            .map(|region| numbers.of(&region.name.to_lowercase()))
            .collect();
        let mut places = HashMap::new();
        for region in &WORDS.regions {
            for place in [&region.city, &region.coast, &region.hills, &region.land]
                .into_iter()
                .flatten()
            {
                places.insert(*place, numbers.of(&place.to_lowercase()));
            }
        }
        let year = |region: &str, year: i32, numbers: &mut Numbers| {
            numbers.of(&format!("{}{year}", fold(region, "")))
        };
        let years = WORDS
            .regions
            .iter()
            .map(|region| YEARS.map(|y| year(region.name, y, &mut numbers)).collect())
            .collect();
        let mut compounds = Vec::new();
        for noun in &WORDS.nouns {
            compounds.extend(
                WORDS
                    .quiet
                    .iter()
                    .map(|quiet| numbers.of(&format!("{quiet}{noun}"))),
            );
        }
        let compound_law = LongTail::new(compounds.len() as u32, 2.0, 4);
        Self {
            names: numbers.names,
            kinds,
            lights,
            gear,
            regions,
            years,
            places,
            compounds,
            compound_law,
        }
    }
}
