//! The rules for new passwords.
//!
//! Length counts most, so there are no rules about capitals or digits (NIST SP 800-63B, 3.1.1.2). Passwords
//! that are guessed first are refused: the common ones, those without variety, and a person's own name.

use std::sync::LazyLock;

use domain::{DisplayName, Username, letters_of};

use super::passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};

/// The 8,346 passwords of at least eight characters among the 20,000 most common ones, small and sorted:
/// the list by Royce Williams that Django ships (BSD licence).
static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// The fewest different characters of a password: `aaaaaaaa` and eight blanks have one.
const DIFFERENT_CHARS_MIN: usize = 4;

/// How many characters must be left of a password without the own name and the name of the site.
const CHARS_BESIDE_NAME_MIN: usize = 6;

/// How many letters a word of the display name must have to be checked by itself.
const WORD_LETTERS_MIN: usize = 4;

/// The name of the site.
const SITE_NAME: &str = "Flickr Killr";

/// Why a password is refused, as a sentence for the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Too short or too long.
    #[error("A password has {PASSWORD_CHARS_MIN} to {PASSWORD_BYTES_MAX} characters.")]
    Length,
    /// It repeats a few characters.
    #[error("That password repeats a few characters. Please choose one that is harder to guess.")]
    Monotonous,
    /// One of the most common passwords.
    #[error("That password is one of the most common ones. Please choose another.")]
    Common,
    /// The name of the person or of the site.
    #[error(
        "That password is little more than your name or that of the site. Please choose another."
    )]
    OwnName,
}

/// Checks the password of a new account.
///
/// # Errors
///
/// When it is too short, too long or one of those that are guessed first.
pub fn check(
    password: &str,
    name: &Username,
    display_name: &DisplayName,
) -> Result<(), BadPassword> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(BadPassword::Length);
    }
    let password = password.to_lowercase();
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT_CHARS_MIN {
        return Err(BadPassword::Monotonous);
    }
    if COMMON.binary_search(&password.trim()).is_ok() {
        return Err(BadPassword::Common);
    }
    let beside = chars_beside(&password, &own_names(name, display_name));
    if beside.is_some_and(|count| count < CHARS_BESIDE_NAME_MIN) {
        return Err(BadPassword::OwnName);
    }
    Ok(())
}

/// The letters and digits of the names that are guessed first: both names of the person, the words of the display name,
/// and the name of the site.
fn own_names(name: &Username, display_name: &DisplayName) -> Vec<Vec<char>> {
    let shown = display_name.as_str();
    let words = shown.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
    let words = words
        .map(letters)
        .filter(|word| word.len() >= WORD_LETTERS_MIN);
    let names = [name.as_str(), shown, SITE_NAME].map(letters);
    let mut names: Vec<Vec<char>> = names.into_iter().chain(words).collect();
    // A name of emoji alone has no letters.
    names.retain(|name| !name.is_empty());
    names
}

/// How many characters a password has beside these names, however their letters are set apart in it: `ann-lind`
/// is `a.n.n.l.i.n.d`. `None` if it has none of the names.
fn chars_beside(password: &str, names: &[Vec<char>]) -> Option<usize> {
    let chars: Vec<char> = password.chars().collect();
    // Each letter with the place of its character.
    let places = chars.iter().enumerate();
    let letters: Vec<(usize, char)> = places
        .flat_map(|(at, c)| small_letters_of(*c).map(move |letter| (at, letter)))
        .collect();
    let mut is_name = vec![false; chars.len()];
    for name in names {
        for found in letters.windows(name.len()) {
            if found.iter().map(|(_, letter)| letter).eq(name) {
                is_name[found[0].0..=found[name.len() - 1].0].fill(true);
            }
        }
    }
    let beside = chars.iter().zip(&is_name);
    let beside = beside.filter(|(c, is_name)| !**is_name && !c.is_whitespace());
    is_name.contains(&true).then(|| beside.count())
}

fn letters(text: &str) -> Vec<char> {
    text.chars().flat_map(small_letters_of).collect()
}

fn small_letters_of(c: char) -> impl Iterator<Item = char> {
    letters_of(c).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_small_letters_in_order_without_what_is_too_short_anyway() {
        assert!(COMMON.is_sorted() && COMMON.len() > 8_000);
        for password in COMMON.iter() {
            assert!(password.chars().count() >= PASSWORD_CHARS_MIN, "{password}");
            assert_eq!(*password, password.to_lowercase().trim());
        }
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        let name = Username::parse("ann-lind").unwrap();
        let shown = DisplayName::parse("Ann Lind-Åberg").unwrap();
        let check = |password: &str| check(password, &name, &shown);
        for (password, wrong) in [
            ("1234567", BadPassword::Length),
            (&"x".repeat(1001), BadPassword::Length),
            ("        ", BadPassword::Monotonous),
            (
                "\u{3000}\u{a0}\u{3000}\u{a0}\u{3000}\u{a0}\u{3000}\u{a0}",
                BadPassword::Monotonous,
            ),
            ("aaaaaaaa", BadPassword::Monotonous),
            ("abababab", BadPassword::Monotonous),
            ("12345678", BadPassword::Common),
            ("password", BadPassword::Common),
            (" PassWord ", BadPassword::Common),
            ("iloveyou1", BadPassword::Common),
            ("ann-lind", BadPassword::OwnName),
            ("Ann-Lind99", BadPassword::OwnName),
            ("ann lind-åberg", BadPassword::OwnName),
            ("Flickr-Killr1", BadPassword::OwnName),
            ("annlind1", BadPassword::OwnName),
            ("AnnLind99", BadPassword::OwnName),
            ("ann_lind1", BadPassword::OwnName),
            ("a.n.n.l.i.n.d", BadPassword::OwnName),
            ("annlindaberg", BadPassword::OwnName),
            ("Åberg2007", BadPassword::OwnName),
            ("flickr_killr_1", BadPassword::OwnName),
        ] {
            assert_eq!(check(password), Err(wrong), "{password:?}");
        }
        for password in [
            "correct horse battery",
            "password of ann-lind",
            "ann-lind and her boat",
            "ann-lind!?$%&/",
            "lindens in berlin",
            "Ünïcödé 木木",
            "a\0b\0c\0d\0e",
        ] {
            assert_eq!(check(password), Ok(()), "{password:?}");
        }
    }
}
