//! What a step and the steps that follow it by `then` depend on, seen as one.

use std::collections::BTreeSet;

use super::place::Text;
use super::step::Step;
use super::written;
use crate::Error;

/// The dependencies of a step and of all that follow it by `then`.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    /// The extracted values that must exist before it begins.
    pub(super) needs: Vec<usize>,
    /// The values that exist once it is done.
    provides: Vec<usize>,
    /// Whether one of its steps is for visitors who are signed in.
    pub(super) signed_in: bool,
    /// Whether one of its steps is for visitors who are not.
    pub(super) signed_out: bool,
}

impl Dependencies {
    /// The dependencies of each step.
    pub(super) fn build(
        text: Text<'_>,
        written: &[written::Step],
        steps: &[Step],
    ) -> Result<Vec<Self>, Error> {
        (0..steps.len())
            .map(|first| Self::of(text, written, steps, first))
            .collect()
    }

    fn of(
        text: Text<'_>,
        written: &[written::Step],
        steps: &[Step],
        first: usize,
    ) -> Result<Self, Error> {
        let mut all = Self::default();
        let mut extracted = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut next = Some(first);
        while let Some(number) = next {
            let step = &steps[number];
            let name = &written[number].name;
            if !seen.insert(number) {
                return Err(text.error_at(
                    &name.span(),
                    format!(
                        "the step {:?} leads to itself by then: leave out one then",
                        name.get_ref()
                    ),
                ));
            }
            let before = step.needs().filter(|value| !extracted.contains(value));
            all.needs.extend(before);
            all.signed_in |= step.signed_in == Some(true);
            all.signed_out |= step.signed_in == Some(false);
            for extraction in &step.extractions {
                extracted.insert(extraction.value);
                if extraction.is_required {
                    all.provides.push(extraction.value);
                }
            }
            next = step.then;
        }
        if all.signed_in && all.signed_out {
            let name = &written[first].name;
            return Err(text.error_at(
                &name.span(),
                format!(
                    "the step {:?} and those after it by then have both signed_in = true and signed_in = false: \
                     no visitor can do them all",
                    name.get_ref()
                ),
            ));
        }
        Ok(all)
    }

    /// Whether every value that it needs exists, or will once the visitor has signed in by `sign_in`.
    pub(super) fn can_begin(&self, sign_in: Option<&Self>, has: impl Fn(usize) -> bool) -> bool {
        let provided = |value| sign_in.is_some_and(|steps| steps.provides.contains(value));
        self.needs
            .iter()
            .all(|value| has(*value) || provided(value))
    }

    /// Whether it is for visitors with an account, or for those without.
    pub(super) fn is_for(&self, has_account: bool) -> bool {
        if has_account {
            !self.signed_out
        } else {
            !self.signed_in
        }
    }
}
