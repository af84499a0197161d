//! The titles and descriptions of photos.

use crate::rng::{Purpose, Rng};
use crate::words::{Facts, WORDS};
use crate::world::World;
use crate::world::uploads::Upload;

/// The percentages of photos whose title is the name that the camera gave, and of those without one.
const CAMERA_NAMES_PERCENT: u32 = 5;
const NAMELESS_PERCENT: u32 = 4;

/// How many sentences are tried before the last of the list, which always suits, is taken.
const DRAWS_MAX: usize = 8;

/// The facts that sentences on a photo are filled with.
pub(super) struct PhotoFacts {
    /// The kind of words that fit: an index into the list of kinds.
    pub(super) kind: usize,
    pub(super) facts: Facts<'static>,
}

impl World {
    /// The facts of a photo; the adjective, the noun and the number are drawn.
    pub(super) fn photo_facts(&self, index: usize, rng: &mut Rng) -> PhotoFacts {
        let upload = &self.uploads[index];
        let scene = self.scene(index);
        let owner = self.person(upload.owner);
        let month = upload.taken.month();
        let kind = WORDS.kind_of(scene.family.name());
        let facts = Facts {
            subject: scene.subject,
            light: scene.light.phrase(),
            place: self.place(index, kind).unwrap_or_default(),
            region: WORDS.regions[self.region(index, kind)].name,
            month: month.name(),
            year: month.year(),
            gear: owner.gear(),
            quiet: rng.pick(&WORDS.quiet),
            noun: rng.pick(&WORDS.nouns),
            owner: owner.first,
            name: "",
            n: rng.within(2, 36),
        };
        PhotoFacts { kind, facts }
    }

    /// The name of the place where a photo was taken: one for all photos of a trip in one region.
    pub(super) fn place(&self, index: usize, kind: usize) -> Option<&'static str> {
        let upload = &self.uploads[index];
        let places = WORDS.regions[self.region(index, kind)].places(WORDS.kinds[kind].ground?);
        Some(self.trip_rng(upload).pick(places))
    }

    /// The region of a photo: where the trip went, or a region that has such a subject.
    pub(super) fn region(&self, index: usize, kind: usize) -> usize {
        let upload = &self.uploads[index];
        let (region, only) = (usize::from(upload.region), &WORDS.kinds[kind].only);
        if only.is_empty() || only.contains(&region) {
            region
        } else {
            self.trip_rng(upload).pick(only)
        }
    }

    /// A generator that is the same for all photos that one owner took within six days.
    fn trip_rng(&self, upload: &Upload) -> Rng {
        let trip = u64::from(upload.owner) << 16 | u64::from(upload.taken.0 / 6);
        Rng::new(self.seed, Purpose::Trip, trip)
    }

    /// The title and the description of a photo.
    pub(super) fn words_on(&self, index: usize) -> (String, String) {
        let mut rng = self.rng(Purpose::Words, index);
        let photo = self.photo_facts(index, &mut rng);
        let title = match rng.below(100) {
            p if p < CAMERA_NAMES_PERCENT => {
                let camera = ["IMG_", "DSC0", "_MG_", "P10"][rng.below(4) as usize];
                format!("{camera}{:04}", rng.below(10_000))
            }
            p if p < CAMERA_NAMES_PERCENT + NAMELESS_PERCENT => String::new(),
            _ => photo.title(&mut rng),
        };
        let description = match rng.below(100) {
            0..62 => String::new(),
            62..85 => photo.prose(1, &mut rng),
            85..97 => photo.prose(2, &mut rng),
            97..99 => photo.prose(3, &mut rng),
            _ => {
                let paragraphs: Vec<String> = (0..rng.within(2, 5))
                    .map(|_| photo.prose(4, &mut rng))
                    .collect();
                paragraphs.join("\n\n")
            }
        };
        (title, description)
    }
}

impl PhotoFacts {
    fn title(&self, rng: &mut Rng) -> String {
        let own = self.kind != 0 && rng.percent(55);
        let kind = &WORDS.kinds[if own { self.kind } else { 0 }];
        let mut title = String::new();
        self.facts.write(self.choose(&kind.titles, rng), &mut title);
        title
    }

    /// One of several sentences that repeats no word of the subject.
    pub(super) fn choose(&self, sentences: &[&'static str], rng: &mut Rng) -> &'static str {
        let drawn = (0..DRAWS_MAX)
            .map(|_| rng.pick(sentences))
            .find(|sentence| self.suits(sentence));
        drawn.unwrap_or(sentences[sentences.len() - 1])
    }

    /// Whether a sentence repeats no word of the subject, as in "morning dew in the morning".
    pub(super) fn suits(&self, sentence: &str) -> bool {
        let Facts {
            subject,
            light,
            quiet,
            ..
        } = self.facts;
        let has = |gap: &str| sentence.contains(gap) || sentence.contains(&gap.to_lowercase());
        let repeats = |words: &str| {
            words
                .split(' ')
                .any(|word| word.len() > 3 && subject.contains(word))
        };
        let placed = subject.contains(" in the ")
            || subject.contains(" at the ")
            || subject.contains(" on the ");
        if !has("{Subject}") {
            return true;
        }
        !(has("{Light}") && (placed || repeats(light)) || has("{Quiet}") && repeats(quiet))
    }

    /// Up to `sentences` different sentences.
    fn prose(&self, sentences: u32, rng: &mut Rng) -> String {
        let mut chosen: Vec<&str> = Vec::new();
        for _ in 0..sentences {
            let own = self.kind != 0 && rng.percent(45);
            let line = self.choose(&WORDS.kinds[if own { self.kind } else { 0 }].lines, rng);
            if !chosen.contains(&line) {
                chosen.push(line);
            }
        }
        let mut prose = String::new();
        for line in chosen {
            if !prose.is_empty() {
                prose.push(' ');
            }
            self.facts.write(line, &mut prose);
        }
        prose
    }
}
