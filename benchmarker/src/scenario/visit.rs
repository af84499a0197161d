//! How a visit goes: its first step, the steps drawn by weight, its last step.

use std::ops::RangeInclusive;

use toml::Spanned;

use super::dependencies::Dependencies;
use super::names::Names;
use super::place::Text;
use super::shorthand::Range;
use super::step::Step;
use super::written;
use crate::Error;

/// How a visit goes.
#[derive(Debug)]
pub(super) struct Visit {
    /// The step that every visit begins with.
    pub(super) begins: Option<usize>,
    /// The step by which a visitor signs in, before the first step that needs it.
    pub(super) signs_in: Option<usize>,
    /// The share of visitors with an account.
    pub(super) share: f64,
    /// The step that every visit ends with.
    pub(super) ends: Option<usize>,
    /// How many steps are drawn.
    pub(super) steps: RangeInclusive<u32>,
}

impl Visit {
    pub(super) fn build(
        text: Text<'_>,
        names: &Names,
        file: &written::File,
        steps: &[Step],
        dependencies: &[Dependencies],
    ) -> Result<Self, Error> {
        let written = &file.visit;
        let named = |name: Option<&Spanned<String>>| -> Result<Option<usize>, Error> {
            name.map(|name| names.step(text, name)).transpose()
        };
        let visit = Self {
            begins: named(written.begins.as_ref())?,
            signs_in: named(written.signs_in.as_ref())?,
            share: share(text, written)?,
            ends: named(written.ends.as_ref())?,
            steps: drawn(text, written)?,
        };
        if let (Some(name), Some(step)) = (&written.begins, visit.begins) {
            visit.check_first_step(text, name, &dependencies[step])?;
        }
        if let (Some(name), Some(step)) = (&written.signs_in, visit.signs_in)
            && (!dependencies[step].needs.is_empty() || dependencies[step].signed_in)
        {
            return Err(text.error_at(
                &name.span(),
                "a visitor signs in by this step and those after it: they can neither need a value that was taken before nor have signed_in = true",
            ));
        }
        visit.check_every_step_is_reachable(text, file, steps)?;
        visit.check_a_first_request_exists(steps, dependencies)?;
        Ok(visit)
    }

    fn check_first_step(
        &self,
        text: Text<'_>,
        name: &Spanned<String>,
        dependencies: &Dependencies,
    ) -> Result<(), Error> {
        let sentence = if !dependencies.needs.is_empty() {
            "a visit begins with this step, before any value was taken, and it or a step after it needs one"
        } else if dependencies.signed_in && self.share < 1.0 {
            "every visit begins with this step, also those without an account: leave signed_in = true out, or let all visitors sign in"
        } else if dependencies.signed_out && self.share > 0.0 {
            "every visit begins with this step, also those with an account: leave signed_in = false out"
        } else {
            return Ok(());
        };
        Err(text.error_at(&name.span(), sentence))
    }

    /// Every step is drawn or named, and steps for visitors who are signed in have a sign-in step.
    fn check_every_step_is_reachable(
        &self,
        text: Text<'_>,
        file: &written::File,
        steps: &[Step],
    ) -> Result<(), Error> {
        for (number, step) in steps.iter().enumerate() {
            let name = &file.steps[number].name;
            let is_named = steps.iter().any(|other| other.then == Some(number))
                || [self.begins, self.signs_in, self.ends].contains(&Some(number));
            if step.weight <= 0.0 && !is_named {
                return Err(text.error_at(
                    &name.span(),
                    format!(
                        "nothing leads to the step {:?}: give it a weight, or name it by then, begins, signs_in or ends",
                        name.get_ref()
                    ),
                ));
            }
            if step.signed_in == Some(true) && self.signs_in.is_none() {
                return Err(text.error_at(
                    &name.span(),
                    format!(
                        "the step {:?} is for visitors who are signed in: name the step that signs them in with signs_in = \"...\" under [visit]",
                        name.get_ref()
                    ),
                ));
            }
        }
        Ok(())
    }

    /// A visit always has a first request: otherwise empty visits would follow each other in an
    /// endless loop.
    fn check_a_first_request_exists(
        &self,
        steps: &[Step],
        all: &[Dependencies],
    ) -> Result<(), Error> {
        let kinds = [
            (false, "without an account", self.share < 1.0),
            (true, "with an account", self.share > 0.0),
        ];
        for (has_account, kind, exist) in kinds {
            let can = steps.iter().zip(all).any(|(step, dependencies)| {
                let sign_in = self.signs_in.filter(|_| step.signed_in == Some(true));
                let sign_in = sign_in.map(|step| &all[step]);
                step.weight > 0.0
                    && dependencies.is_for(has_account)
                    && dependencies.can_begin(sign_in, |_| false)
            });
            if exist && !can && self.begins.is_none() {
                return Err(Error::invalid(format!(
                    "visitors {kind} have no step to begin with: give a step that needs no taken value a weight, or set begins = \"...\" under [visit]"
                )));
            }
        }
        Ok(())
    }
}

fn share(text: Text<'_>, written: &written::Visit) -> Result<f64, Error> {
    match (&written.share, &written.signs_in) {
        (None, None) => Ok(0.0),
        (None, Some(_)) => Ok(1.0),
        (Some(share), Some(_)) if (0.0..=1.0).contains(share.get_ref()) => Ok(*share.get_ref()),
        (Some(share), Some(_)) => Err(text.error_at(&share.span(), "a share is between 0 and 1")),
        (Some(share), None) => Err(text.error_at(
            &share.span(),
            "a share of the visitors signs in: name the step that signs them in with signs_in = \"...\"",
        )),
    }
}

fn drawn(text: Text<'_>, written: &written::Visit) -> Result<RangeInclusive<u32>, Error> {
    let Some(count) = &written.steps else {
        return Ok(1..=1);
    };
    let Range { from, to } = count.get_ref().0;
    if from > to || to == 0 {
        return Err(text.error_at(
            &count.span(),
            "a visit draws at least one step; a range goes from the smaller number to the greater",
        ));
    }
    Ok(from..=to)
}
