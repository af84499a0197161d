//! Errors with the line and column of the scenario's text.

use std::ops::Range;

use crate::Error;

/// The text of a scenario.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl Text<'_> {
    /// An error with the line and the column (in characters, both from 1) where the range begins.
    pub(super) fn error_at(self, at: &Range<usize>, sentence: impl AsRef<str>) -> Error {
        let before = self.0.get(..at.start).unwrap_or(self.0);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Error::invalid(format!(
            "line {line}, column {column} of the scenario: {}",
            sentence.as_ref()
        ))
    }

    /// The error of the TOML parser, in one line.
    pub(super) fn toml_error(self, error: &toml::de::Error) -> Error {
        let sentence = error.message().trim().replace('\n', ", ");
        match error.span() {
            Some(at) => self.error_at(&at, sentence),
            None => Error::invalid(format!("the scenario: {sentence}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters_from_one() {
        let text = Text("a = 1\nä = ö\n");
        let error = |start| text.error_at(&(start..start), "no").to_string();
        assert_eq!(error(0), "line 1, column 1 of the scenario: no");
        assert_eq!(error(11), "line 2, column 5 of the scenario: no");
        assert_eq!(error(99), "line 3, column 1 of the scenario: no");
    }
}
