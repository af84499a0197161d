//! Texts that people type: trimmed, bounded, and without characters that cannot be seen.

use super::reserved_names::is_reserved_as_a_whole;
use super::visible::{hides_something, is_stacked, seen, shows_something};

/// Why a text is refused, as a sentence for the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// The text is empty.
    #[error("{0} must not be empty.")]
    Empty(&'static str),
    /// The text is too long.
    #[error("{0} has at most {1} characters.")]
    TooLong(&'static str, usize),
    /// A character that cannot be seen, or that makes its neighbours read backwards.
    #[error("{0} contains a character that cannot be seen. Please type it anew.")]
    Hidden(&'static str),
    /// More accents on one letter than fit into a line.
    #[error("{0} has too many accents on one letter.")]
    Stacked(&'static str),
    /// An at sign: the site writes it before the unique name, which a display name must not imitate.
    #[error("{0} must not contain the sign @: it stands before the unique name.")]
    At(&'static str),
    /// A name that could be taken for the site.
    #[error("{0} is reserved.")]
    Reserved(&'static str),
}

/// The at sign in all its widths.
const AT_SIGNS: [char; 3] = ['@', '\u{fe6b}', '\u{ff20}'];

/// The name a person shows: 1 to 60 characters (`users_display_name_length`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// The title of a photo: up to 200 characters, may be empty (`photos_title_length`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Title(String);

impl DisplayName {
    /// Parses the input.
    ///
    /// # Errors
    ///
    /// When it is too long, cannot be seen, or could be taken for the site or for another person's
    /// unique name.
    pub fn parse(text: &str) -> Result<Self, BadText> {
        const WHAT: &str = "Your name to show";
        let text = within(text, WHAT, 60)?;
        if hides_something(text) {
            return Err(BadText::Hidden(WHAT));
        }
        if !shows_something(text) {
            return Err(BadText::Empty(WHAT));
        }
        if is_stacked(text) {
            return Err(BadText::Stacked(WHAT));
        }
        if text.contains(AT_SIGNS) {
            return Err(BadText::At(WHAT));
        }
        if is_reserved_as_a_whole(text) {
            return Err(BadText::Reserved(WHAT));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Title {
    /// Parses the input and removes characters that cannot be seen and accents that do not fit into a line. They are
    /// not refused: titles are filled in from file names, and the picture would have to be sent again because of a
    /// character that its owner cannot find.
    ///
    /// # Errors
    ///
    /// When it is too long.
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let typed = within(text, "The title", 200)?;
        Ok(Self(seen(typed).trim().to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text without blanks around it, if it is not too long.
fn within<'a>(text: &'a str, what: &'static str, max: usize) -> Result<&'a str, BadText> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(BadText::TooLong(what, max));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(Title::parse("  Dawn ").unwrap().as_str(), "Dawn");
        assert_eq!(Title::parse("").unwrap().as_str(), "");
        let what = "Your name to show";
        assert_eq!(DisplayName::parse(" "), Err(BadText::Empty(what)));
        assert_eq!(
            Title::parse(&"é".repeat(201)),
            Err(BadText::TooLong("The title", 200))
        );
    }

    #[test]
    fn a_title_loses_what_cannot_be_seen_and_its_picture_is_not_refused() {
        let five = "\u{301}".repeat(5);
        for (typed, kept) in [
            ("a\0b", "ab".to_owned()),
            ("a\u{202e}b", "ab".to_owned()),
            ("\u{feff} Dawn\u{200e}.\u{200b} ", "Dawn.".to_owned()),
            ("\u{200b}", String::new()),
            ("می\u{200c}خواهم", "می\u{200c}خواهم".to_owned()),
            (
                "\u{1f468}\u{200d}\u{1f469}",
                "\u{1f468}\u{200d}\u{1f469}".to_owned(),
            ),
            // Cut off within an emoji.
            ("\u{1f468}\u{200d}", "\u{1f468}".to_owned()),
            // A flag whose end was cut off: nothing of what is left is needed.
            ("\u{1f3f4}\u{e0067}\u{e0062}", "\u{1f3f4}".to_owned()),
            (
                &format!("Z{}algo", "\u{301}".repeat(100)),
                format!("Z{five}algo"),
            ),
        ] {
            let title = Title::parse(typed).unwrap();
            assert_eq!(title.as_str(), kept, "{typed:?}");
        }
    }

    #[test]
    fn a_name_to_show_is_seen_and_is_nobody_else_s() {
        let what = "Your name to show";
        for (typed, wrong) in [
            ("\u{200b}\u{200b}", BadText::Hidden(what)),
            ("\u{202e}nna", BadText::Hidden(what)),
            ("\u{301}", BadText::Empty(what)),
            ("Ann @bob", BadText::At(what)),
            ("Ann \u{ff20}bob", BadText::At(what)),
            ("Flickr Killr Support", BadText::Reserved(what)),
        ] {
            assert_eq!(DisplayName::parse(typed), Err(wrong), "{typed:?}");
        }
        let zalgo = format!("Z{}algo", "\u{30d}".repeat(9));
        assert_eq!(DisplayName::parse(&zalgo), Err(BadText::Stacked(what)));
        for typed in [
            "Åsa Nyström",
            "می\u{200c}خواهم",
            "\u{2764}\u{fe0f}",
            "support4",
        ] {
            let parsed = DisplayName::parse(typed);
            assert_eq!(parsed.is_ok(), typed != "support4", "{typed:?}");
        }
    }
}
