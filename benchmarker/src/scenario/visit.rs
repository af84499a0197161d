use std::ops::RangeInclusive;

use toml::Spanned;

use super::chain::Chain;
use super::names::Names;
use super::place::Text;
use super::step::Step;
use super::written;
use crate::Error;

/// How a visit goes: begin, steps drawn by weight, end.
#[derive(Debug)]
pub(super) struct Visit {
    /// The step that every visit begins with.
    pub(super) begins: Option<usize>,
    /// The step by which a visitor signs in, before the first one that needs it.
    pub(super) signs_in: Option<usize>,
    /// The share of visitors who have an account.
    pub(super) share: f64,
    /// The step that every visit ends with.
    pub(super) ends: Option<usize>,
    /// How many steps are drawn.
    pub(super) steps: RangeInclusive<u32>,
}

impl Visit {
    pub(super) fn build(
        place: Text<'_>,
        names: &Names,
        file: &written::File,
        steps: &[Step],
        chains: &[Chain],
    ) -> Result<Self, Error> {
        let written = &file.visit;
        let named = |name: Option<&Spanned<String>>| -> Result<Option<usize>, Error> {
            name.map(|name| names.step(place, name)).transpose()
        };
        let visit = Self {
            begins: named(written.begins.as_ref())?,
            signs_in: named(written.signs_in.as_ref())?,
            share: share(place, written)?,
            ends: named(written.ends.as_ref())?,
            steps: drawn(place, written)?,
        };
        if let (Some(name), Some(step)) = (&written.begins, visit.begins) {
            visit.check_begins(place, name, &chains[step])?;
        }
        if let (Some(name), Some(step)) = (&written.signs_in, visit.signs_in)
            && (!chains[step].needs.is_empty() || chains[step].signed_in)
        {
            return Err(place.wrong(
                &name.span(),
                "a visitor signs in by this step and those after it: they can neither need a value that was taken before nor say signed_in = true",
            ));
        }
        visit.check_all_is_done(place, file, steps)?;
        visit.check_somebody_can_begin(steps, chains)?;
        Ok(visit)
    }

    fn check_begins(
        &self,
        place: Text<'_>,
        name: &Spanned<String>,
        chain: &Chain,
    ) -> Result<(), Error> {
        let sentence = if !chain.needs.is_empty() {
            "a visit begins with this step, when nothing was taken yet that it or one after it needs"
        } else if chain.signed_in && self.share < 1.0 {
            "every visit begins with this step, also those of strangers: leave signed_in = true out, or let all visitors sign in"
        } else if chain.stranger && self.share > 0.0 {
            "every visit begins with this step, not only those of strangers: leave signed_in = false out"
        } else {
            return Ok(());
        };
        Err(place.wrong(&name.span(), sentence))
    }

    /// Every step can come about, and those for visitors signed in have a way to sign in.
    fn check_all_is_done(
        &self,
        place: Text<'_>,
        file: &written::File,
        steps: &[Step],
    ) -> Result<(), Error> {
        for (number, step) in steps.iter().enumerate() {
            let name = &file.steps[number].name;
            let is_named = steps.iter().any(|other| other.then == Some(number))
                || [self.begins, self.signs_in, self.ends].contains(&Some(number));
            if step.weight <= 0.0 && !is_named {
                return Err(place.wrong(
                    &name.span(),
                    format!(
                        "nothing leads to the step {:?}: give it a weight, or name it by then, begins, signs_in or ends",
                        name.get_ref()
                    ),
                ));
            }
            if step.signed_in == Some(true) && self.signs_in.is_none() {
                return Err(place.wrong(
                    &name.span(),
                    format!(
                        "the step {:?} is for visitors signed in: say with signs_in = \"...\" under [visit] by which step they sign in",
                        name.get_ref()
                    ),
                ));
            }
        }
        Ok(())
    }

    /// A visit always has a first request: otherwise visitors would come and go without end.
    fn check_somebody_can_begin(&self, steps: &[Step], chains: &[Chain]) -> Result<(), Error> {
        let kinds = [
            (false, "strangers", self.share < 1.0),
            (true, "visitors with an account", self.share > 0.0),
        ];
        for (account, who, exist) in kinds {
            let can = steps.iter().zip(chains).any(|(step, chain)| {
                let signs_in = self.signs_in.filter(|_| step.signed_in == Some(true));
                let signs_in = signs_in.map(|step| &chains[step]);
                step.weight > 0.0 && chain.is_for(account) && chain.can_begin(signs_in, |_| false)
            });
            if exist && !can && self.begins.is_none() {
                return Err(Error::nonsense(format!(
                    "{who} have no step to begin with: give one a weight that needs no taken value, or say begins = \"...\" under [visit]"
                )));
            }
        }
        Ok(())
    }
}

fn share(place: Text<'_>, written: &written::Visit) -> Result<f64, Error> {
    match (&written.share, &written.signs_in) {
        (None, None) => Ok(0.0),
        (None, Some(_)) => Ok(1.0),
        (Some(share), Some(_)) if (0.0..=1.0).contains(share.get_ref()) => Ok(*share.get_ref()),
        (Some(share), Some(_)) => Err(place.wrong(&share.span(), "a share is between 0 and 1")),
        (Some(share), None) => Err(place.wrong(
            &share.span(),
            "a share of the visitors signs in: say by which step with signs_in = \"...\"",
        )),
    }
}

fn drawn(place: Text<'_>, written: &written::Visit) -> Result<RangeInclusive<u32>, Error> {
    let Some(count) = &written.steps else {
        return Ok(1..=1);
    };
    let &written::Count { from, to } = count.get_ref();
    if from > to || to == 0 {
        return Err(place.wrong(
            &count.span(),
            "a visit draws at least one step, and from the smaller number to the greater",
        ));
    }
    Ok(from..=to)
}
