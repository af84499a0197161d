//! The words of the demo set, read from the text files in `words/`, and sentences made of them.

use std::sync::LazyLock;

/// A region of the world: the names of its people and places.
#[derive(Debug, Default)]
pub(crate) struct Region {
    pub(crate) name: &'static str,
    pub(crate) first: Vec<&'static str>,
    pub(crate) last: Vec<&'static str>,
    pub(crate) city: Vec<&'static str>,
    pub(crate) coast: Vec<&'static str>,
    pub(crate) hills: Vec<&'static str>,
    pub(crate) land: Vec<&'static str>,
}

/// The sort of place that a scene shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    City,
    Coast,
    Hills,
    Land,
}

impl Region {
    /// The places of one sort.
    pub(crate) fn places(&self, ground: Ground) -> &[&'static str] {
        match ground {
            Ground::City => &self.city,
            Ground::Coast => &self.coast,
            Ground::Hills => &self.hills,
            Ground::Land => &self.land,
        }
    }
}

/// What people write on photos of one sort.
#[derive(Debug, Default)]
pub(crate) struct Kind {
    pub(crate) families: Vec<&'static str>,
    /// The only regions that have such scenes, as indices into their list; empty: all.
    pub(crate) only: Vec<usize>,
    pub(crate) ground: Option<Ground>,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) titles: Vec<&'static str>,
    pub(crate) lines: Vec<&'static str>,
    pub(crate) praise: Vec<&'static str>,
}

/// All words.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) regions: Vec<Region>,
    /// The first is for every scene.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) quiet: Vec<&'static str>,
    pub(crate) nouns: Vec<&'static str>,
    pub(crate) gear: Vec<&'static str>,
    pub(crate) gear_tags: Vec<&'static str>,
    pub(crate) replies: Vec<&'static str>,
    pub(crate) abouts: Vec<&'static str>,
}

/// The words, read once.
pub(crate) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    read_regions(include_str!("../words/regions.txt"), &mut words);
    read_kinds(include_str!("../words/scenes.txt"), &mut words);
    read_lists(include_str!("../words/talk.txt"), &mut words);
    words
});

impl Words {
    /// The kind of a family of pictures, as an index into `kinds`; zero for a family without its own.
    pub(crate) fn kind_of(&self, family: &str) -> usize {
        self.kinds
            .iter()
            .position(|kind| kind.families.contains(&family))
            .unwrap_or(0)
    }
}

fn lines_of(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn split(values: &'static str) -> Vec<&'static str> {
    values.split(',').map(str::trim).collect()
}

fn read_regions(text: &'static str, words: &mut Words) {
    for (key, value) in lines_of(text).filter_map(|line| line.split_once(' ')) {
        if key == "region" {
            words.regions.push(Region {
                name: value,
                ..Region::default()
            });
        }
        let Some(region) = words.regions.last_mut() else {
            continue;
        };
        match key {
            "first" => region.first = split(value),
            "last" => region.last = split(value),
            "city" => region.city = split(value),
            "coast" => region.coast = split(value),
            "hills" => region.hills = split(value),
            "land" => region.land = split(value),
            _ => {}
        }
    }
}

fn read_kinds(text: &'static str, words: &mut Words) {
    for (key, value) in lines_of(text).filter_map(|line| line.split_once(' ')) {
        if key == "family" {
            words.kinds.push(Kind {
                families: split(value),
                ..Kind::default()
            });
        }
        let Some(kind) = words.kinds.last_mut() else {
            continue;
        };
        match (key, value) {
            ("place", "city") => kind.ground = Some(Ground::City),
            ("place", "coast") => kind.ground = Some(Ground::Coast),
            ("place", "hills") => kind.ground = Some(Ground::Hills),
            ("place", "land") => kind.ground = Some(Ground::Land),
            ("only", _) => {
                let regions = words.regions.iter().enumerate();
                let named = split(value);
                kind.only = regions
                    .filter(|(_, region)| named.contains(&region.name))
                    .map(|(at, _)| at)
                    .collect();
            }
            ("tags", _) => kind.tags = split(value),
            ("title", _) => kind.titles.push(value),
            ("line", _) => kind.lines.push(value),
            ("praise", _) => kind.praise.push(value),
            _ => {}
        }
    }
}

fn read_lists(text: &'static str, words: &mut Words) {
    let mut list = "";
    for line in lines_of(text) {
        if let Some(name) = line.strip_prefix("list ") {
            list = name;
            continue;
        }
        match list {
            "quiet" => words.quiet.push(line),
            "noun" => words.nouns.push(line),
            "gear" => words.gear.push(line),
            "gear tag" => words.gear_tags.push(line),
            "reply" => words.replies.push(line),
            "about" => words.abouts.push(line),
            _ => {}
        }
    }
}

/// The values that fill the gaps of a sentence; the text files use the same names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) subject: &'a str,
    pub(crate) light: &'a str,
    pub(crate) place: &'a str,
    pub(crate) region: &'a str,
    pub(crate) month: &'a str,
    pub(crate) year: i32,
    pub(crate) gear: &'a str,
    pub(crate) quiet: &'a str,
    pub(crate) noun: &'a str,
    pub(crate) owner: &'a str,
    pub(crate) name: &'a str,
    pub(crate) n: u32,
}

impl Facts<'_> {
    /// Writes a sentence with its gaps filled. A gap with a capital gets a word with a capital, and
    /// so does the first word of all.
    pub(crate) fn write(&self, sentence: &str, out: &mut String) {
        use std::fmt::Write;
        let start = out.len();
        let mut rest = sentence;
        while let Some((before, gap)) = rest.split_once('{') {
            out.push_str(before);
            let Some((key, after)) = gap.split_once('}') else {
                break;
            };
            let at = out.len();
            // Writing to a string cannot fail.
            let _ = match key {
                "n" => write!(out, "{}", self.n),
                "year" => write!(out, "{}", self.year),
                _ => out.write_str(self.word(key)),
            };
            if key.starts_with(|c: char| c.is_ascii_uppercase()) {
                capitalise(out, at);
            }
            rest = after;
        }
        out.push_str(rest);
        capitalise(out, start);
    }

    fn word(&self, key: &str) -> &str {
        match key {
            "subject" | "Subject" => self.subject,
            "light" | "Light" => self.light,
            "place" => self.place,
            "region" => self.region,
            "month" | "Month" => self.month,
            "gear" | "Gear" => self.gear,
            "quiet" | "Quiet" => self.quiet,
            "noun" | "Noun" => self.noun,
            "owner" => self.owner,
            "name" => self.name,
            _ => "",
        }
    }
}

/// Makes the letter at a place of a string a capital.
fn capitalise(text: &mut str, at: usize) {
    if let Some(letter) = text.get_mut(at..at + 1) {
        letter.make_ascii_uppercase();
    }
}

/// Lower-case letters, digits and hyphens of a name: "Søren Kjærgaard" becomes "soren-kjaergaard".
pub(crate) fn fold(text: &str, gap: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' | 'ā' => out.push('a'),
            'ä' | 'æ' => out.push_str("ae"),
            'ç' | 'ć' => out.push('c'),
            'è' | 'é' | 'ê' | 'ë' | 'ę' => out.push('e'),
            'ğ' => out.push('g'),
            'ì' | 'í' | 'î' | 'ï' | 'ı' => out.push('i'),
            'ł' => out.push('l'),
            'ñ' | 'ń' => out.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ō' => out.push('o'),
            'ö' | 'ø' => out.push_str("oe"),
            'ś' | 'ş' => out.push('s'),
            'ù' | 'ú' | 'û' | 'ū' => out.push('u'),
            'ü' => out.push_str("ue"),
            'ź' | 'ż' => out.push('z'),
            ' ' | '-' => out.push_str(gap),
            // An apostrophe, a dot, the dot over a Turkish capital: they are not spoken.
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Family;

    #[test]
    fn every_list_is_filled() {
        for region in &WORDS.regions {
            for list in [
                &region.first,
                &region.last,
                &region.city,
                &region.coast,
                &region.hills,
                &region.land,
            ] {
                assert!(
                    list.len() >= 3 && list.iter().all(|name| !name.is_empty()),
                    "{region:?}"
                );
            }
        }
        for kind in &WORDS.kinds {
            let counts = [
                kind.tags.len(),
                kind.titles.len(),
                kind.lines.len(),
                kind.praise.len(),
            ];
            assert!(
                counts.iter().all(|count| *count >= 4),
                "{:?}: {counts:?}",
                kind.families
            );
        }
        assert_eq!(WORDS.gear.len(), WORDS.gear_tags.len());
        assert!(WORDS.replies.len() > 5 && WORDS.abouts.len() > 10);
    }

    #[test]
    fn every_family_of_pictures_has_its_words() {
        for family in Family::ALL {
            assert_ne!(
                WORDS.kind_of(family.name()),
                0,
                "no words for {}",
                family.name()
            );
        }
    }

    #[test]
    fn the_last_sentence_of_a_list_always_suits() {
        for kind in &WORDS.kinds {
            for list in [&kind.titles, &kind.lines, &kind.praise] {
                assert!(
                    list.last()
                        .is_some_and(|last| !last.to_lowercase().contains("{subject}")),
                    "{list:?}"
                );
            }
        }
    }

    #[test]
    fn every_name_folds_to_its_letters() {
        for name in WORDS
            .regions
            .iter()
            .flat_map(|region| region.first.iter().chain(&region.last))
        {
            let letters = name.chars().filter(|c| c.is_alphabetic()).count();
            assert!(
                fold(name, "-").replace('-', "").len() >= letters,
                "{name} -> {}",
                fold(name, "-")
            );
        }
        assert_eq!(fold("Søren Kjærgaard", "-"), "soeren-kjaergaard");
        assert_eq!(fold("İpek O'Shea", ""), "ipekoshea");
    }

    #[test]
    fn gaps_are_filled_and_none_is_unknown() {
        let facts = Facts {
            subject: "lake",
            light: "at dusk",
            quiet: "calm",
            n: 7,
            ..Facts::default()
        };
        let mut out = String::new();
        facts.write("{Quiet} {subject} {light}, no. {n}", &mut out);
        assert_eq!(out, "Calm lake at dusk, no. 7");
        let facts = Facts {
            subject: "x",
            light: "x",
            place: "x",
            region: "x",
            month: "x",
            year: 1,
            gear: "x",
            quiet: "x",
            noun: "x",
            owner: "x",
            name: "x",
            n: 1,
        };
        let kinds = WORDS
            .kinds
            .iter()
            .flat_map(|kind| kind.titles.iter().chain(&kind.lines).chain(&kind.praise));
        for sentence in kinds.chain(&WORDS.replies).chain(&WORDS.abouts) {
            let mut out = String::new();
            facts.write(sentence, &mut out);
            assert!(
                !out.contains(['{', '}']) && !out.contains("  "),
                "{sentence} -> {out}"
            );
            let gaps = sentence
                .split('{')
                .skip(1)
                .map(|gap| gap.split('}').next().unwrap_or(""));
            assert!(
                gaps.into_iter()
                    .all(|gap| gap == "n" || gap == "year" || !facts.word(gap).is_empty()),
                "{sentence}"
            );
        }
    }
}
