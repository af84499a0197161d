//! Texts with placeholders: `/people/{people}`.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters of a value that are not escaped within a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What a browser escapes in a complete address.
const WHOLE_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#');

/// Where the value of a placeholder comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Drawn from the list with this number.
    List(usize),
    /// Extracted from a response, by the number of the name.
    Extracted(usize),
    /// The visitor's number.
    Visitor,
    /// A user name of the visitor's own.
    User,
    /// Eight letters and digits, different at each use.
    Random,
}

/// A text with placeholders: `/people/{people}`. `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Box<[Piece]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Value(Source),
}

impl Template {
    /// Parses a text; `known` returns the source of a name.
    pub(super) fn parse(
        text: &str,
        known: impl Fn(&str) -> Result<Source, String>,
    ) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if from.starts_with("{{") || from.starts_with("}}") {
                plain.push_str(&from[..1]);
                rest = &from[2..];
                continue;
            }
            let (name, after) = from
                .strip_prefix('{')
                .and_then(|from| from.split_once('}'))
                .ok_or_else(|| {
                    format!("{text:?} has a single brace: a placeholder is {{name}}, a brace is written twice")
                })?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
            }
            pieces.push(Piece::Value(known(name)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.into()));
        }
        Ok(Self(pieces.into()))
    }

    /// As [`Template::parse`], for a path on the site.
    pub(super) fn parse_path(
        text: &str,
        known: impl Fn(&str) -> Result<Source, String>,
    ) -> Result<Self, String> {
        let path = Self::parse(text, known)?;
        let is_absolute = match path.0.first() {
            Some(Piece::Text(text)) => text.starts_with('/') && !text.starts_with("//"),
            Some(Piece::Value(source)) => matches!(source, Source::List(_) | Source::Extracted(_)),
            None => false,
        };
        if !is_absolute {
            return Err(format!(
                "{text:?} is not a path of the site: it begins with one /, or with a list or a taken value that holds whole paths"
            ));
        }
        let plain = path.0.iter().all(|piece| match piece {
            Piece::Text(text) => text.bytes().all(|b| b.is_ascii_graphic() && b != b'#'),
            Piece::Value(_) => true,
        });
        if !plain {
            return Err(format!(
                "{text:?} is not a path of the site: escape blanks and non-ASCII letters (%20), and leave out #"
            ));
        }
        Ok(path)
    }

    /// The sources of its values.
    pub(super) fn sources(&self) -> impl Iterator<Item = Source> + '_ {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(source) => Some(*source),
            Piece::Text(_) => None,
        })
    }

    /// The list that holds whole paths, where the template begins with one.
    pub(super) fn list_of_paths(&self) -> Option<usize> {
        match self.0.first() {
            Some(Piece::Value(Source::List(list))) => Some(*list),
            _ => None,
        }
    }

    /// Appends the text with its values, unescaped.
    pub(super) fn fill(&self, out: &mut String, mut value: impl FnMut(Source, &mut String)) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(source) => value(*source, out),
            }
        }
    }

    /// Appends the path. A value at its beginning is a whole path; any other is one word, and all its
    /// reserved characters are escaped.
    pub(super) fn fill_path(&self, out: &mut String, mut value: impl FnMut(Source, &mut String)) {
        let mut word = String::new();
        for (place, piece) in self.0.iter().enumerate() {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(source) => {
                    word.clear();
                    value(*source, &mut word);
                    let escaped = if place == 0 {
                        if !word.starts_with('/') {
                            out.push('/');
                        }
                        WHOLE_PATH
                    } else {
                        IN_PATH
                    };
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{}", utf8_percent_encode(&word, escaped));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(name: &str) -> Result<Source, String> {
        match name {
            "people" => Ok(Source::List(0)),
            "photo" => Ok(Source::Extracted(0)),
            "user" => Ok(Source::User),
            _ => Err(format!("no {name}")),
        }
    }

    fn path(template: &str, value: &str) -> String {
        let mut out = String::new();
        let template = Template::parse_path(template, known).unwrap();
        template.fill_path(&mut out, |_, out| out.push_str(value));
        out
    }

    #[test]
    fn a_value_within_a_path_is_escaped_and_one_at_its_beginning_is_a_path() {
        assert_eq!(
            path("/people/{people}?a={user}", "a/b c?"),
            "/people/a%2Fb%20c%3F?a=a%2Fb%20c%3F"
        );
        assert_eq!(
            path("{photo}/comments", "/people/ann/7?x=ä b"),
            "/people/ann/7?x=%C3%A4%20b/comments"
        );
        assert_eq!(path("{photo}", "x"), "/x");
    }

    #[test]
    fn what_is_no_template_or_no_path_is_refused() {
        for wrong in ["/{people", "/people}", "/{nobody}", "/{}", "/{people{"] {
            assert!(Template::parse(wrong, known).is_err(), "{wrong}");
        }
        for wrong in ["", "people", "//x", "{user}", "/a b", "/ä", "/a#b"] {
            assert!(Template::parse_path(wrong, known).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_placeholders_is_itself(text in ".*") {
            let written = text.replace('{', "{{").replace('}', "}}");
            let mut out = String::new();
            Template::parse(&written, known).unwrap().fill(&mut out, |_, _| {});
            prop_assert_eq!(out, text);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[{}a-z/]*") {
            let _ = Template::parse(&text, known);
        }

        #[test]
        fn a_path_can_stand_in_a_request_line(value in ".*", template in "(/a/|)[{]photo[}](/b[?]c=[{]people[}])?") {
            let filled = path(&template, &value);
            prop_assert!(filled.starts_with('/'), "{}", filled);
            prop_assert!(filled.bytes().all(|b| b.is_ascii_graphic()), "{}", filled);
        }
    }
}
