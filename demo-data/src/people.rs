//! The people: names, addresses on the site, a line about themselves.

use std::collections::HashSet;

use crate::calendar::Day;
use crate::rng::{Purpose, Rng};
use crate::words::{Facts, Region, WORDS, fold};

/// How long a name in an address may be.
const NAME_LEN_MAX: usize = 30;

/// The part of a person that follows from a number alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    /// Home, as an index into the list of regions.
    pub(crate) region: u8,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    /// Camera, as an index into the list of cameras.
    pub(crate) gear: u8,
}

impl Person {
    pub(crate) fn of(seed: u64, user: u32) -> Self {
        let mut rng = Rng::new(seed, Purpose::Person, u64::from(user));
        let region = rng.below(WORDS.regions.len() as u32) as u8;
        let home = &WORDS.regions[usize::from(region)];
        // One in eight has a family name from somewhere else.
        let family = if rng.below(8) == 0 {
            &WORDS.regions[rng.below(WORDS.regions.len() as u32) as usize]
        } else {
            home
        };
        let (first, last) = (rng.pick(&home.first), rng.pick(&family.last));
        Self {
            region,
            first,
            last,
            gear: rng.below(WORDS.gear.len() as u32) as u8,
        }
    }

    pub(crate) fn home(&self) -> &'static Region {
        &WORDS.regions[usize::from(self.region)]
    }

    pub(crate) fn gear(&self) -> &'static str {
        WORDS.gear[usize::from(self.gear)]
    }
}

/// The names of a person on the site, and the text about them.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) about: String,
}

/// Creates accounts in the order in which people join, each with a name that is still free.
pub(crate) struct Registry {
    seed: u64,
    taken: HashSet<String>,
}

impl Registry {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            taken: HashSet::new(),
        }
    }

    pub(crate) fn register(&mut self, user: u32, joined_at: i64) -> Account {
        let person = Person::of(self.seed, user);
        let mut rng = Rng::new(self.seed, Purpose::Account, u64::from(user));
        let name = self.free_name(&person, &mut rng);
        let display_name = display_name(&person, &mut rng);
        let about = about(&person, joined_at, &mut rng);
        Account {
            name,
            display_name,
            about,
        }
    }

    fn free_name(&mut self, person: &Person, rng: &mut Rng) -> String {
        let (first, last) = (fold(person.first, ""), fold(person.last, ""));
        for attempt in 0.. {
            let (quiet, noun) = (rng.pick(&WORDS.quiet), rng.pick(&WORDS.nouns));
            let mut name = match rng.below(10) {
                0..=2 => format!("{first}-{last}"),
                3 => format!("{first}{last}"),
                4 => format!("{first}-{noun}"),
                5 => format!("{quiet}-{noun}"),
                6 => format!("{last}-{first}"),
                7 => format!("{noun}-{last}"),
                8 => format!("{first}-{quiet}-{noun}"),
                _ => format!("{first}{:02}", rng.below(100)),
            };
            // Two tries, then a name with a number, as on other sites.
            if attempt >= 2 {
                name.truncate(NAME_LEN_MAX - 6);
                name = format!(
                    "{name}{}",
                    rng.within(2, 10_u32.pow(2 + attempt.min(7) / 2))
                );
            }
            name.truncate(NAME_LEN_MAX);
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
        unreachable!("there are more numbers than people")
    }
}

fn display_name(person: &Person, rng: &mut Rng) -> String {
    let Person { first, last, .. } = person;
    match rng.below(12) {
        0 => (*first).to_owned(),
        1 => format!("{first} {}.", initial(last)),
        2 => format!(
            "{first} {}. {last}",
            initial(rng.pick(&person.home().first))
        ),
        3 => format!("{first} {last}-{}", rng.pick(&person.home().last)),
        _ => format!("{first} {last}"),
    }
}

fn initial(name: &str) -> char {
    name.chars().find(|c| c.is_uppercase()).unwrap_or('X')
}

fn about(person: &Person, joined_at: i64, rng: &mut Rng) -> String {
    let mut about = String::new();
    let sentences = [0, 0, 1, 1, 1, 2, 2, 3][rng.below(8) as usize];
    for _ in 0..sentences {
        let facts = Facts {
            place: rng.pick(&person.home().city),
            gear: person.gear(),
            quiet: rng.pick(&WORDS.quiet),
            noun: rng.pick(&WORDS.nouns),
            year: Day::of(joined_at).month().year(),
            ..Facts::default()
        };
        let sentence = rng.pick(&WORDS.abouts);
        let mut written = String::new();
        facts.write(sentence, &mut written);
        if !about.contains(&written) {
            if !about.is_empty() {
                about.push(' ');
            }
            about.push_str(&written);
        }
    }
    about
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_address_and_are_nobody_elses() {
        let mut registry = Registry::new(1);
        let names: Vec<_> = (0..20_000)
            .map(|user| registry.register(user, 1_400_000_000))
            .collect();
        let different: HashSet<_> = names.iter().map(|account| &account.name).collect();
        assert_eq!(different.len(), names.len());
        for Account {
            name,
            display_name,
            about,
        } in &names
        {
            assert!((2..=30).contains(&name.len()), "{name}");
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{name}"
            );
            assert!(!name.starts_with('-'), "{name}");
            assert!(
                (1..=60).contains(&display_name.chars().count()),
                "{display_name}"
            );
            assert!(about.chars().count() <= 2_000, "{about}");
        }
    }
}
