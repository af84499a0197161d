//! The names of a scenario: its lists, steps and extracted values become numbers.

use std::collections::BTreeMap;

use toml::Spanned;

use super::place::Text;
use super::template::Source;
use super::written;
use crate::Error;

/// The placeholders that every scenario has.
const PREDEFINED: [(&str, Source); 3] = [
    ("visitor", Source::Visitor),
    ("user", Source::User),
    ("random", Source::Random),
];

/// The names of placeholders and steps.
#[derive(Debug, Default)]
pub(super) struct Names {
    lists: BTreeMap<String, usize>,
    extracted: BTreeMap<String, usize>,
    steps: BTreeMap<String, usize>,
}

impl Names {
    pub(super) fn of(text: Text<'_>, file: &written::File) -> Result<Self, Error> {
        let mut names = Self::default();
        for (number, name) in file.lists.keys().enumerate() {
            check_name(text, name)?;
            names.lists.insert(name.get_ref().clone(), number);
        }
        for (number, step) in file.steps.iter().enumerate() {
            let name = &step.name;
            if name.get_ref().trim().is_empty() {
                return Err(text.error_at(&name.span(), "a step needs a name for the report"));
            }
            if names.steps.insert(name.get_ref().clone(), number).is_some() {
                return Err(text.error_at(
                    &name.span(),
                    format!(
                        "two steps are called {:?}: give each its own name",
                        name.get_ref()
                    ),
                ));
            }
            for name in step.take.keys().chain(step.may_take.keys()) {
                check_name(text, name)?;
                if names.lists.contains_key(name.get_ref()) {
                    return Err(text.error_at(
                        &name.span(),
                        format!(
                            "{} is the name of a list: take the value under another name",
                            name.get_ref()
                        ),
                    ));
                }
                let number = names.extracted.len();
                names
                    .extracted
                    .entry(name.get_ref().clone())
                    .or_insert(number);
            }
        }
        Ok(names)
    }

    /// The source of a placeholder's value.
    pub(super) fn source(&self, name: &str) -> Result<Source, String> {
        let predefined = PREDEFINED.iter().find(|(known, _)| *known == name);
        let list = self.lists.get(name).copied().map(Source::List);
        let extracted = self.extracted.get(name).copied().map(Source::Extracted);
        predefined
            .map(|(_, source)| *source)
            .or(list)
            .or(extracted)
            .ok_or_else(|| {
                let known: Vec<&str> = PREDEFINED
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(self.lists.keys().map(String::as_str))
                    .chain(self.extracted.keys().map(String::as_str))
                    .collect();
                format!(
                    "{{{name}}} is neither a list nor taken by a step; known are {}",
                    known.join(", ")
                )
            })
    }

    /// The number of the step with this name.
    pub(super) fn step(&self, text: Text<'_>, name: &Spanned<String>) -> Result<usize, Error> {
        let steps = &self.steps;
        steps.get(name.get_ref()).copied().ok_or_else(|| {
            let known: Vec<&str> = steps.keys().map(String::as_str).collect();
            text.error_at(
                &name.span(),
                format!(
                    "no step is called {:?}; the steps are: {}",
                    name.get_ref(),
                    known.join(", ")
                ),
            )
        })
    }

    /// The number of the name that a step extracts a value under.
    pub(super) fn extracted(&self, name: &str) -> usize {
        self.extracted[name]
    }

    /// How many names the steps extract values under.
    pub(super) fn extracted_len(&self) -> usize {
        self.extracted.len()
    }
}

fn check_name(text: Text<'_>, name: &Spanned<String>) -> Result<(), Error> {
    let word = name.get_ref();
    if PREDEFINED.iter().any(|(known, _)| known == word) {
        return Err(text.error_at(
            &name.span(),
            format!("{{{word}}} is a predefined placeholder: choose another name"),
        ));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if word.is_empty() || !word.chars().all(fits) {
        return Err(text.error_at(
            &name.span(),
            format!("{word:?} is not a name for a value: use letters, digits, - and _"),
        ));
    }
    Ok(())
}
