//! The lists of values that placeholders draw from.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rand::RngExt;
use toml::Spanned;
use url::Url;

use super::place::Text;
use super::popularity::Popularity;
use super::shorthand::Range;
use super::written;
use crate::Error;
use crate::page_list::{path_of, without_mark};

/// How many values a list may have, because every thread draws from it in memory.
const VALUES_MAX: usize = 5_000_000;
/// Beyond this, Zipf's law draws little but the first value.
const EXPONENT_MAX: f64 = 10.0;

/// Values to draw from, and how popular each is.
#[derive(Debug)]
pub(super) struct List {
    pub(super) name: Box<str>,
    values: Values,
    law: Popularity,
}

#[derive(Debug)]
enum Values {
    Texts(Vec<Box<str>>),
    Numbers { from: u32, count: usize },
}

/// The files that a scenario may name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a> {
    /// The names in the scenario are relative to it.
    pub(super) folder: &'a Path,
    /// The built-in files, by name; they take precedence over the folder.
    pub(super) built_in: &'a [(&'static str, &'static [u8])],
}

impl Files<'_> {
    pub(super) fn read(self, path: &Path) -> io::Result<Vec<u8>> {
        match self
            .built_in
            .iter()
            .find(|(name, _)| path == Path::new(name))
        {
            Some((_, bytes)) => Ok(bytes.to_vec()),
            None => std::fs::read(self.folder.join(path)),
        }
    }
}

impl List {
    /// Draws the index of a value.
    pub(super) fn draw(&self, random: &mut impl RngExt) -> usize {
        self.law.draw(self.values.len(), random)
    }

    /// Appends the value with this index.
    pub(super) fn write(&self, index: usize, out: &mut String) {
        match &self.values {
            Values::Texts(texts) => out.push_str(&texts[index]),
            Values::Numbers { from, .. } => out.push_str(&(*from as usize + index).to_string()),
        }
    }

    /// The first value that is not a path, if there is one.
    pub(super) fn first_non_path(&self) -> Option<String> {
        match &self.values {
            Values::Numbers { from, .. } => Some(from.to_string()),
            Values::Texts(texts) => texts
                .iter()
                .find(|text| !text.starts_with('/'))
                .map(ToString::to_string),
        }
    }
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Numbers { count, .. } => *count,
        }
    }
}

/// Reads all lists; a file of `given` replaces the values of the list with its name.
pub(super) fn build(
    text: Text<'_>,
    written: &BTreeMap<Spanned<String>, written::List>,
    files: Files<'_>,
    given: &[(String, PathBuf)],
) -> Result<Vec<List>, Error> {
    for (name, _) in given {
        if !written.keys().any(|key| key.get_ref() == name) {
            let known: Vec<&str> = written.keys().map(|key| key.get_ref().as_str()).collect();
            return Err(Error::invalid(format!(
                "the scenario has no list {name}; its lists are: {}",
                known.join(", ")
            )));
        }
    }
    written
        .iter()
        .map(|(name, list)| {
            let at = name.span();
            let given = given.iter().rfind(|(known, _)| known == name.get_ref());
            let values = values(
                text,
                name,
                list,
                files,
                given.map(|(_, path)| path.as_path()),
            )?;
            if values.len() == 0 {
                return Err(text.error_at(&at, format!("the list {} has no value", name.get_ref())));
            }
            Ok(List {
                law: law(text, list, values.len())?,
                name: name.get_ref().as_str().into(),
                values,
            })
        })
        .collect()
}

fn values(
    text: Text<'_>,
    name: &Spanned<String>,
    list: &written::List,
    files: Files<'_>,
    given: Option<&Path>,
) -> Result<Values, Error> {
    let at = name.span();
    let name = name.get_ref();
    if let Some(path) = given {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::invalid(format!("--list {name}={}: {error}", path.display()))
        })?;
        return lines(&bytes)
            .map_err(|why| Error::invalid(format!("--list {name}={}: {why}", path.display())));
    }
    match (&list.file, &list.values, &list.range) {
        (Some(path), None, None) => {
            let wrong = |why: &dyn std::fmt::Display| {
                let shown = path.get_ref().display();
                text.error_at(
                    &path.span(),
                    format!("the file {shown} of the list {name}: {why}"),
                )
            };
            let bytes = files.read(path.get_ref()).map_err(|error| wrong(&error))?;
            lines(&bytes).map_err(|why| wrong(&why))
        }
        (None, Some(values), None) => {
            let values = values.get_ref();
            if let Some(odd) = values
                .iter()
                .find(|v| v.get_ref().contains(char::is_control))
            {
                return Err(text.error_at(&odd.span(), "a value is one line of text"));
            }
            Ok(Values::Texts(
                values.iter().map(|v| v.get_ref().as_str().into()).collect(),
            ))
        }
        (None, None, Some(range)) => {
            let Range { from, to } = *range.get_ref();
            match to.checked_sub(from) {
                Some(more) => Ok(Values::Numbers {
                    from,
                    count: more as usize + 1,
                }),
                None => Err(text.error_at(
                    &range.span(),
                    format!("a range goes from the smaller to the greater number, not from {from} to {to}"),
                )),
            }
        }
        (None, None, None) => {
            let about = match list.about.as_str() {
                "" => String::new(),
                about => format!(" ({about})"),
            };
            Err(Error::invalid(format!(
                "the list {name} needs values{about}: give --list {name}=FILE, a file with one value a line"
            )))
        }
        _ => Err(text.error_at(
            &at,
            format!("the list {name} has its values in one place: a file, values, or a range"),
        )),
    }
}

/// Parses one value a line. Skips empty lines and those that begin with `#`; of complete addresses it
/// keeps the path, so that a list of addresses works too.
fn lines(bytes: &[u8]) -> Result<Values, String> {
    let text = str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8 text ({error})"))?;
    let mut texts = Vec::new();
    for (index, line) in without_mark(text).lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.contains(char::is_control) {
            return Err(format!("line {} holds a control character", index + 1));
        }
        if line.starts_with("http://") {
            let url = Url::parse(line).map_err(|error| format!("line {}: {error}", index + 1))?;
            texts.push(path_of(&url).into());
        } else {
            texts.push(line.into());
        }
        if texts.len() > VALUES_MAX {
            return Err(format!("it has more than {VALUES_MAX} values"));
        }
    }
    Ok(Values::Texts(texts))
}

fn law(text: Text<'_>, list: &written::List, values: usize) -> Result<Popularity, Error> {
    match (&list.zipf, &list.hot) {
        (None, None) => Ok(Popularity::Uniform),
        (Some(zipf), Some(_)) => Err(text.error_at(
            &zipf.span(),
            "a list has one law of popularity: zipf or hot",
        )),
        (Some(zipf), None) => {
            let exponent = *zipf.get_ref();
            if !(exponent > 0.0 && exponent <= EXPONENT_MAX) {
                return Err(text.error_at(
                    &zipf.span(),
                    format!("the exponent of Zipf's law is more than 0 and at most {EXPONENT_MAX}, often 1.0"),
                ));
            }
            if values > VALUES_MAX {
                return Err(text.error_at(
                    &zipf.span(),
                    format!("Zipf's law is kept for at most {VALUES_MAX} values"),
                ));
            }
            Ok(Popularity::zipf(exponent, values))
        }
        (None, Some(hot)) => {
            let &written::Hot { first, share } = hot.get_ref();
            if !(0.0..=1.0).contains(&share) {
                return Err(text.error_at(&hot.span(), "a share is between 0 and 1"));
            }
            if first == 0 || first >= values {
                return Err(text.error_at(
                    &hot.span(),
                    format!("{first} of {values} values cannot be hot: give at least 1, and fewer than there are"),
                ));
            }
            Ok(Popularity::Hot { first, share })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_value_a_line_and_addresses_become_paths() {
        let Values::Texts(texts) =
            lines(b"# people\n\nann\r\n http://127.0.0.1:8080/people/bo?a=1#x \n").unwrap()
        else {
            panic!("numbers");
        };
        assert_eq!(texts, ["ann".into(), "/people/bo?a=1".into()]);
        let Values::Texts(marked) = lines("\u{feff}ann\r\nbo\r\n".as_bytes()).unwrap() else {
            panic!("numbers");
        };
        assert_eq!(marked, ["ann".into(), "bo".into()]);
        assert!(lines(b"a\tb").is_err());
        assert!(lines(b"\xff").is_err());
    }
}
