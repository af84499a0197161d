//! A scenario that has been read and checked.

use std::time::Duration;

use super::dependencies::Dependencies;
use super::lists::List;
use super::load::Load;
use super::step::Step;
use super::visit::Visit;
use crate::Error;

/// What visitors do on a site. Read from TOML, checked as a whole, then read-only.
#[derive(Debug)]
pub struct Scenario {
    pub(super) name: Box<str>,
    pub(super) about: Box<str>,
    pub(super) require: Option<Box<str>>,
    pub(super) viewport_px: Option<u32>,
    pub(super) load: Load,
    pub(super) needs: Vec<Need>,
    pub(super) lists: Vec<List>,
    pub(super) step_names: Vec<Box<str>>,
    pub(super) steps: Vec<Step>,
    /// For each step: what it and the steps that follow it by `then` depend on.
    pub(super) dependencies: Vec<Dependencies>,
    pub(super) visit: Visit,
    /// How many names the steps extract values under.
    pub(super) extracted_names: usize,
}

/// A page that the site must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its path.
    pub path: Box<str>,
    /// What it is: part of the error that refuses the run without it.
    pub why: Box<str>,
}

/// How long the load of a scenario lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// How long is measured, without the warm-up.
    pub duration: Option<Duration>,
    /// How long load is applied before anything is counted.
    pub warmup: Option<Duration>,
}

impl Scenario {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its description for users; may be empty.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The names of the steps, in the order of the file.
    #[must_use]
    pub fn step_names(&self) -> &[Box<str>] {
        &self.step_names
    }

    /// The pages that the site must have: requested once before the run.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// The load of the scenario; none when the file leaves it to the command line.
    ///
    /// # Errors
    /// When its stages are not a valid load.
    pub fn load(&self) -> Result<Option<crate::Load>, Error> {
        self.load.planned()
    }

    /// How long the load is measured, and its warm-up; none where the file sets none.
    #[must_use]
    pub fn times(&self) -> Times {
        let duration = self.load.duration();
        Times {
            duration: (!duration.is_zero()).then_some(duration),
            warmup: self.load.warmup,
        }
    }

    /// The rules that a run must keep, as written.
    #[must_use]
    pub fn require(&self) -> Option<&str> {
        self.require.as_deref()
    }

    /// The width of the viewport in px, where the file sets one.
    #[must_use]
    pub fn viewport_px(&self) -> Option<u32> {
        self.viewport_px
    }
}
