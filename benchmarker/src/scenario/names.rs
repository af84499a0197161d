use std::collections::BTreeMap;

use toml::Spanned;

use super::place::Text;
use super::template::Source;
use super::written;
use crate::Error;

/// What placeholders can always say.
const ALWAYS: [(&str, Source); 3] = [
    ("visitor", Source::Visitor),
    ("user", Source::User),
    ("random", Source::Random),
];

/// The names that placeholders may have, and those of the steps.
#[derive(Debug, Default)]
pub(super) struct Names {
    lists: BTreeMap<String, usize>,
    taken: BTreeMap<String, usize>,
    steps: BTreeMap<String, usize>,
}

impl Names {
    pub(super) fn of(place: Text<'_>, file: &written::File) -> Result<Self, Error> {
        let mut names = Self::default();
        for (number, name) in file.lists.keys().enumerate() {
            check_name(place, name)?;
            names.lists.insert(name.get_ref().clone(), number);
        }
        for (number, step) in file.steps.iter().enumerate() {
            let name = &step.name;
            if name.get_ref().trim().is_empty() {
                return Err(place.wrong(&name.span(), "a step needs a name for the report"));
            }
            if names.steps.insert(name.get_ref().clone(), number).is_some() {
                return Err(place.wrong(
                    &name.span(),
                    format!(
                        "two steps are called {:?}: give each its own name",
                        name.get_ref()
                    ),
                ));
            }
            for name in step.take.keys().chain(step.may_take.keys()) {
                check_name(place, name)?;
                if names.lists.contains_key(name.get_ref()) {
                    return Err(place.wrong(
                        &name.span(),
                        format!(
                            "{} is the name of a list: take the value under another name",
                            name.get_ref()
                        ),
                    ));
                }
                let number = names.taken.len();
                names.taken.entry(name.get_ref().clone()).or_insert(number);
            }
        }
        Ok(names)
    }

    /// Where the value of a placeholder comes from.
    pub(super) fn source(&self, name: &str) -> Result<Source, String> {
        let always = ALWAYS.iter().find(|(known, _)| *known == name);
        let list = self.lists.get(name).copied().map(Source::List);
        let taken = self.taken.get(name).copied().map(Source::Taken);
        always
            .map(|(_, source)| *source)
            .or(list)
            .or(taken)
            .ok_or_else(|| {
                let known: Vec<&str> = ALWAYS
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(self.lists.keys().map(String::as_str))
                    .chain(self.taken.keys().map(String::as_str))
                    .collect();
                format!(
                    "{{{name}}} is neither a list nor taken by a step; known are {}",
                    known.join(", ")
                )
            })
    }

    /// The number of the step of that name.
    pub(super) fn step(&self, place: Text<'_>, name: &Spanned<String>) -> Result<usize, Error> {
        let steps = &self.steps;
        steps.get(name.get_ref()).copied().ok_or_else(|| {
            let known: Vec<&str> = steps.keys().map(String::as_str).collect();
            place.wrong(
                &name.span(),
                format!(
                    "no step is called {:?}; the steps are: {}",
                    name.get_ref(),
                    known.join(", ")
                ),
            )
        })
    }

    /// The number of the name that a step takes a value under.
    pub(super) fn taken(&self, name: &str) -> usize {
        self.taken[name]
    }

    /// How many names values are taken under.
    pub(super) fn taken_len(&self) -> usize {
        self.taken.len()
    }
}

fn check_name(place: Text<'_>, name: &Spanned<String>) -> Result<(), Error> {
    let text = name.get_ref();
    if ALWAYS.iter().any(|(known, _)| known == text) {
        return Err(place.wrong(
            &name.span(),
            format!("{{{text}}} says something of its own: choose another name"),
        ));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.is_empty() || !text.chars().all(fits) {
        return Err(place.wrong(
            &name.span(),
            format!("{text:?} is no name for a value: use letters, digits, - and _"),
        ));
    }
    Ok(())
}
