//! Opens a scenario: a built-in one by name, or a file.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::definition::Scenario;
use super::lists::Files;
use super::{build, shipped};
use crate::Error;

impl Scenario {
    /// Reads a scenario. The files that it names are relative to `folder`; `lists` are files that
    /// replace the values of the lists with these names.
    ///
    /// # Errors
    /// When the text is not a scenario or a file cannot be read: a sentence with line and column.
    pub fn parse(text: &str, folder: &Path, lists: &[(String, PathBuf)]) -> Result<Self, Error> {
        let files = Files {
            folder,
            built_in: &[],
        };
        build::scenario(text, files, lists)
    }

    /// Opens a scenario: one of [`Scenario::shipped_names`], or a file.
    ///
    /// # Errors
    /// As [`Scenario::parse`], preceded by the name of the file.
    pub fn open(name: impl AsRef<OsStr>, lists: &[(String, PathBuf)]) -> Result<Self, Error> {
        let name = name.as_ref();
        let named = |error: Error| Error::invalid(format!("{}: {error}", name.display()));
        if let Some(text) = name.to_str().and_then(shipped::text) {
            let files = Files {
                folder: Path::new(""),
                built_in: shipped::FILES,
            };
            return build::scenario(text, files, lists).map_err(named);
        }
        let path = Path::new(name);
        let text = std::fs::read_to_string(path).map_err(|error| {
            let known = Self::shipped_names().collect::<Vec<_>>().join(", ");
            named(Error::invalid(format!(
                "{error}; give the name of a TOML file, or one of {known}"
            )))
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder, lists).map_err(named)
    }

    /// The names of the built-in scenarios.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        shipped::SCENARIOS.iter().map(|(name, _)| *name)
    }
}
