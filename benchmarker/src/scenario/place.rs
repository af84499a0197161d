use std::ops::Range;

use crate::Error;

/// The text of a scenario, to say where in it something is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl Text<'_> {
    /// The sentence, with the line and the column (in characters, both from 1) where the range begins.
    pub(super) fn wrong(self, at: &Range<usize>, sentence: impl AsRef<str>) -> Error {
        let before = self.0.get(..at.start).unwrap_or(self.0);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Error::nonsense(format!(
            "line {line}, column {column} of the scenario: {}",
            sentence.as_ref()
        ))
    }

    /// What the TOML reader found, in one line.
    pub(super) fn unreadable(self, error: &toml::de::Error) -> Error {
        let sentence = error.message().trim().replace('\n', ", ");
        match error.span() {
            Some(at) => self.wrong(&at, sentence),
            None => Error::nonsense(format!("the scenario: {sentence}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters_from_one() {
        let text = Text("a = 1\nä = ö\n");
        let said = |start| text.wrong(&(start..start), "no").to_string();
        assert_eq!(said(0), "line 1, column 1 of the scenario: no");
        assert_eq!(said(11), "line 2, column 5 of the scenario: no");
        assert_eq!(said(99), "line 3, column 1 of the scenario: no");
    }
}
