use std::collections::BTreeSet;

use super::place::Text;
use super::step::Step;
use super::written;
use crate::Error;

/// A step and all that follow it by `then`, seen as one.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// The taken values that must be there before it begins.
    pub(super) needs: Vec<usize>,
    /// The values that are there when it was done.
    brings: Vec<usize>,
    /// Whether one of its steps is for visitors signed in.
    pub(super) signed_in: bool,
    /// Whether one of its steps is for strangers.
    pub(super) stranger: bool,
}

impl Chain {
    /// What each step and those after it by `then` need before they can begin.
    pub(super) fn build(
        place: Text<'_>,
        written: &[written::Step],
        steps: &[Step],
    ) -> Result<Vec<Self>, Error> {
        (0..steps.len())
            .map(|first| {
                let mut chain = Self::default();
                let mut taken = BTreeSet::new();
                let mut seen = BTreeSet::new();
                let mut next = Some(first);
                while let Some(number) = next {
                    let step = &steps[number];
                    if !seen.insert(number) {
                        return Err(place.wrong(
                            &written[number].name.span(),
                            format!(
                                "the step {:?} leads to itself by then: leave out one then",
                                written[number].name.get_ref()
                            ),
                        ));
                    }
                    let before = step.needs().filter(|value| !taken.contains(value));
                    chain.needs.extend(before);
                    chain.signed_in |= step.signed_in == Some(true);
                    chain.stranger |= step.signed_in == Some(false);
                    for taking in &step.takes {
                        taken.insert(taking.value);
                        if taking.is_due {
                            chain.brings.push(taking.value);
                        }
                    }
                    next = step.then;
                }
                if chain.signed_in && chain.stranger {
                    return Err(place.wrong(
                        &written[first].name.span(),
                        format!(
                            "the step {:?} and those after it by then are partly for visitors signed in and partly for strangers: nobody can do them all",
                            written[first].name.get_ref()
                        ),
                    ));
                }
                Ok(chain)
            })
            .collect()
    }

    /// Whether all that it needs is there, or will be when the visitor has signed in by that chain.
    pub(super) fn can_begin(&self, signs_in: Option<&Self>, has: impl Fn(usize) -> bool) -> bool {
        let brought = |value| signs_in.is_some_and(|chain| chain.brings.contains(value));
        self.needs.iter().all(|value| has(*value) || brought(value))
    }

    /// Whether visitors with an account, or those without, may do it.
    pub(super) fn is_for(&self, account: bool) -> bool {
        if account {
            !self.stranger
        } else {
            !self.signed_in
        }
    }
}
