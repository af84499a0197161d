//! The values of one visitor's placeholders, and its random source.

use std::fmt::Write as _;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::definition::Scenario;
use super::template::Source;
use crate::random;

/// The values of one visitor, and the random source of its decisions.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) random: Xoshiro256PlusPlus,
    visitor: u64,
    /// A user name that no other visitor of this seed has.
    pub(super) user: Box<str>,
    extracted: Vec<Option<String>>,
    /// By list, the index that was drawn for the current steps.
    drawn: Vec<Option<usize>>,
}

impl Values {
    pub(super) fn new(scenario: &Scenario, seed: u64, visitor: u64) -> Self {
        let mut user = format!("v{visitor}-");
        write_letters(&mut user, 6, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
        Self {
            random: random::source(seed, visitor),
            visitor,
            user: user.into(),
            extracted: vec![None; scenario.extracted_names],
            drawn: vec![None; scenario.lists.len()],
        }
    }

    /// Has the next use of each list draw a new value.
    pub(super) fn draw_again(&mut self) {
        self.drawn.fill(None);
    }

    pub(super) fn has(&self, value: usize) -> bool {
        self.extracted[value].is_some()
    }

    /// Stores an extracted value, or clears it.
    pub(super) fn set(&mut self, value: usize, text: Option<String>) {
        self.extracted[value] = text;
    }

    pub(super) fn write(&mut self, scenario: &Scenario, source: Source, out: &mut String) {
        match source {
            Source::List(number) => {
                let list = &scenario.lists[number];
                let index = *self.drawn[number].get_or_insert_with(|| list.draw(&mut self.random));
                list.write(index, out);
            }
            Source::Extracted(value) => {
                out.push_str(self.extracted[value].as_deref().unwrap_or_default());
            }
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
