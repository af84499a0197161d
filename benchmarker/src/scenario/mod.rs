//! Scenarios: what visitors do on a site, as users write it down, and the session of one visitor.
//!
//! In the order to read them: `written` is what the file may say, `build` makes a [`Scenario`] of it
//! or says with line and column what is wrong, `session` is one visitor (`course` says which step
//! comes next, `values` what stands in it, `headers` what a browser adds, `take` what is kept of the
//! answer). Nothing here knows a socket: the engine asks a session what to send and tells it the
//! answer.

mod ask;
mod build;
mod chain;
mod course;
mod headers;
mod jar;
mod lists;
mod load;
mod names;
mod place;
mod popularity;
mod session;
mod shipped;
mod short;
mod step;
mod take;
mod template;
#[cfg(test)]
mod tests;
mod values;
mod visit;
mod written;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

pub(crate) use ask::{Answer, Outcome, Why};
pub(crate) use jar::Jar;
pub(crate) use session::{REDIRECTS_MAX, Session};
pub(crate) use step::Method;

/// What visitors do on a site: read from TOML, checked as a whole, then only read.
#[derive(Debug)]
pub struct Scenario {
    name: Box<str>,
    about: Box<str>,
    require: Option<Box<str>>,
    viewport_px: Option<u32>,
    load: load::Load,
    needs: Vec<Need>,
    lists: Vec<lists::List>,
    step_names: Vec<Box<str>>,
    steps: Vec<step::Step>,
    /// For each step, what it and those that follow it need.
    chains: Vec<chain::Chain>,
    visit: visit::Visit,
    /// How many names values are taken under.
    values: usize,
}

/// A page that the site must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Where it is.
    pub path: Box<str>,
    /// What it is, for the sentence that refuses the run without it.
    pub why: Box<str>,
}

/// How long the load of a scenario is measured, and how long it is applied before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Without what passes before.
    pub duration: Option<Duration>,
    /// Load that is not counted.
    pub warmup: Option<Duration>,
}

impl Scenario {
    /// Reads a scenario. Files that it names are relative to the folder; `lists` are files that take
    /// the place of what the lists of these names say themselves.
    ///
    /// # Errors
    /// When the text is no scenario or a file cannot be read: a sentence with line and column.
    pub fn parse(text: &str, folder: &Path, lists: &[(String, PathBuf)]) -> Result<Self, Error> {
        let files = lists::Files {
            folder,
            built_in: &[],
        };
        build::scenario(text, files, lists)
    }

    /// Opens a scenario: one of [`Scenario::shipped_names`], or a file.
    ///
    /// # Errors
    /// As [`Scenario::parse`], with the name of the file before.
    pub fn open(name: impl AsRef<OsStr>, lists: &[(String, PathBuf)]) -> Result<Self, Error> {
        let name = name.as_ref();
        let named = |error: Error| Error::nonsense(format!("{}: {error}", name.display()));
        if let Some(text) = name.to_str().and_then(shipped::text) {
            let files = lists::Files {
                folder: Path::new(""),
                built_in: shipped::FILES,
            };
            return build::scenario(text, files, lists).map_err(named);
        }
        let path = Path::new(name);
        let text = std::fs::read_to_string(path).map_err(|error| {
            let known = Self::shipped_names().collect::<Vec<_>>().join(", ");
            named(Error::nonsense(format!(
                "{error}; give the name of a TOML file, or one of {known}"
            )))
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder, lists).map_err(named)
    }

    /// The names of the scenarios that are built in.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        shipped::SCENARIOS.iter().map(|(name, _)| *name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, for people; may be empty.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The names of the steps, in the order of the file.
    #[must_use]
    pub fn step_names(&self) -> &[Box<str>] {
        &self.step_names
    }

    /// The pages that the site must have: asked for once before the run.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// The load that it asks for; none when it leaves it to the command line.
    ///
    /// # Errors
    /// When its stages are no load.
    pub fn load(&self) -> Result<Option<crate::Load>, Error> {
        self.load.planned()
    }

    /// How long its load is measured, and what passes before; none where it does not say.
    #[must_use]
    pub fn times(&self) -> Times {
        let duration = self.load.duration();
        Times {
            duration: (!duration.is_zero()).then_some(duration),
            warmup: self.load.warmup,
        }
    }

    /// The rule that a run must keep, as it is written.
    #[must_use]
    pub fn require(&self) -> Option<&str> {
        self.require.as_deref()
    }

    /// The width of the window in px, where it says one.
    #[must_use]
    pub fn viewport_px(&self) -> Option<u32> {
        self.viewport_px
    }
}
