//! The tags, and what hangs on which photo.

use std::collections::HashMap;

use super::{PhotoTag, Tag, World};
use crate::rng::{LongTail, Purpose, Rng};
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

/// How many tags photos have: of a hundred photos so many have none, one, two and so on.
const COUNTS_PERCENT: [u32; 7] = [18, 22, 26, 17, 10, 5, 2];

/// The first and the last year that is in a tag.
const YEARS: std::ops::RangeInclusive<i32> = 2006..=2026;

/// All tags, and where to find those of one sort.
pub(super) struct Vocabulary {
    names: Vec<String>,
    kinds: Vec<Vec<u32>>,
    lights: Vec<u32>,
    gear: Vec<u32>,
    regions: Vec<u32>,
    /// The first of each region's years.
    years: Vec<Vec<u32>>,
    places: HashMap<&'static str, u32>,
    /// Adjective and noun in one: "quietmorning". The long tail of every vocabulary.
    compounds: Vec<u32>,
    compound_law: LongTail,
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
    pub(super) fn new() -> Self {
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

impl World {
    /// The whole vocabulary, by id.
    pub fn tags(&self) -> impl Iterator<Item = Tag> + '_ {
        (1..).zip(&self.vocabulary.names).map(|(id, name)| Tag {
            id,
            name: name.clone(),
        })
    }

    /// What hangs on which photo, by photo and tag.
    pub fn photo_tags(&self) -> impl Iterator<Item = PhotoTag> + '_ {
        (0..self.uploads.len()).flat_map(|index| {
            let userid = self.uploads[index].userid();
            let tags = self.tags_of(index);
            tags.into_iter().map(move |tag| PhotoTag {
                photo_id: index as i64 + 1,
                tag_id: i64::from(tag) + 1,
                userid,
            })
        })
    }

    fn tags_of(&self, index: usize) -> Vec<u32> {
        let mut rng = self.rng(Purpose::Tags, index);
        let mut hundred = rng.below(100);
        let mut count = 0;
        while hundred >= COUNTS_PERCENT[count] {
            hundred -= COUNTS_PERCENT[count];
            count += 1;
        }
        let mut tags = Vec::with_capacity(count);
        if count > 0 {
            let kind = WORDS.kind_of(self.scene(index).family.name());
            while tags.len() < count {
                let tag = self.tag_of(index, kind, &mut rng);
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            tags.sort_unstable();
        }
        tags
    }

    fn tag_of(&self, index: usize, kind: usize, rng: &mut Rng) -> u32 {
        let upload = &self.uploads[index];
        let region = self.region(index, kind);
        let words = &self.vocabulary;
        match rng.below(100) {
            0..34 => rng.pick_early(&words.kinds[kind]),
            34..46 => rng.pick_early(&words.kinds[0]),
            46..58 => words.regions[region],
            58..68 => match self.place(index, kind) {
                Some(place) => words.places[place],
                None => rng.pick_early(&words.kinds[kind]),
            },
            68..76 => rng.pick_early(&words.lights),
            76..82 => words.gear[usize::from(self.person(upload.owner).gear)],
            82..88 => words.years[region][(upload.taken.month().year() - YEARS.start()) as usize],
            _ => words.compounds[words.compound_law.draw(rng) as usize],
        }
    }
}
