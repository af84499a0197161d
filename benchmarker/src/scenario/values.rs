use std::fmt::Write as _;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::Scenario;
use super::template::Source;

/// What a visitor knows, and the chance that decides for them.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) random: Xoshiro256PlusPlus,
    visitor: u64,
    /// A user name that no other visitor of this seed has.
    pub(super) user: Box<str>,
    taken: Vec<Option<String>>,
    /// What was drawn for the steps at hand, list by list.
    drawn: Vec<Option<usize>>,
}

impl Values {
    pub(super) fn new(scenario: &Scenario, seed: u64, visitor: u64) -> Self {
        // Neighbouring seeds would give neighbouring visitors each other's draws.
        let own_seed = seed ^ visitor.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut user = format!("v{visitor}-");
        write_letters(&mut user, 6, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
        Self {
            random: Xoshiro256PlusPlus::seed_from_u64(own_seed),
            visitor,
            user: user.into(),
            taken: vec![None; scenario.values],
            drawn: vec![None; scenario.lists.len()],
        }
    }

    /// Draws from all lists anew, when they are next asked for.
    pub(super) fn draw_anew(&mut self) {
        self.drawn.fill(None);
    }

    pub(super) fn has(&self, value: usize) -> bool {
        self.taken[value].is_some()
    }

    /// Remembers a value, or forgets it.
    pub(super) fn set(&mut self, value: usize, text: Option<String>) {
        self.taken[value] = text;
    }

    pub(super) fn write(&mut self, scenario: &Scenario, source: Source, out: &mut String) {
        match source {
            Source::List(number) => {
                let list = &scenario.lists[number];
                let place = *self.drawn[number].get_or_insert_with(|| list.draw(&mut self.random));
                list.write(place, out);
            }
            Source::Taken(value) => out.push_str(self.taken[value].as_deref().unwrap_or_default()),
            Source::User => out.push_str(&self.user),
            // Writing to a string cannot fail.
            Source::Visitor => drop(write!(out, "{}", self.visitor)),
            Source::Random => write_letters(out, 8, &mut self.random),
        }
    }
}

fn write_letters(out: &mut String, count: usize, random: &mut Xoshiro256PlusPlus) {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    for _ in 0..count {
        out.push(LETTERS[random.random_range(0..LETTERS.len())].into());
    }
}
