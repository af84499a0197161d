//! Texts that people type: trimmed, bounded, without invisible control characters.

/// What is wrong with a text, as a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing there.
    #[error("{0} must not be empty.")]
    Empty(&'static str),
    /// More than there is room for.
    #[error("{0} has at most {1} characters.")]
    TooLong(&'static str, usize),
    /// A character that cannot be seen.
    #[error("{0} contains a control character.")]
    Control(&'static str),
}

/// The name a person shows: 1 to 60 characters (`users_display_name_length`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// The title of a photo: up to 200 characters, may be empty (`photos_title_length`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Title(String);

impl DisplayName {
    /// Reads what was typed.
    ///
    /// # Errors
    ///
    /// When it is empty, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let text = bounded(text, "Your name", 60)?;
        if text.is_empty() {
            return Err(BadText::Empty("Your name"));
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Title {
    /// Reads what was typed.
    ///
    /// # Errors
    ///
    /// When it is too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, BadText> {
        bounded(text, "The title", 200).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn bounded(text: &str, what: &'static str, max: usize) -> Result<String, BadText> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(BadText::TooLong(what, max));
    }
    if text.chars().any(char::is_control) {
        return Err(BadText::Control(what));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(Title::parse("  Dawn ").unwrap().as_str(), "Dawn");
        assert_eq!(Title::parse("").unwrap().as_str(), "");
        assert_eq!(DisplayName::parse(" "), Err(BadText::Empty("Your name")));
        assert_eq!(
            Title::parse(&"é".repeat(201)),
            Err(BadText::TooLong("The title", 200))
        );
        assert_eq!(Title::parse("a\0b"), Err(BadText::Control("The title")));
    }
}
