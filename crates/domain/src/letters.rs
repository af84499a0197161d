//! The base letters of a text, without accents, widths, bold and circled forms.

use std::iter;

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::visible::is_mark;

/// The letters and digits of a character: `Ｆ` and `𝐅` are `F`, `å` is `a`, `½` is `1` and `2`. Marks and signs
/// have none.
pub fn letters_of(c: char) -> impl Iterator<Item = char> {
    let parts = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(iter::once(c));
    parts.filter(|part| part.is_alphanumeric() && !is_mark(*part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_the_same_with_and_without_accents_in_all_its_widths() {
        for (text, expected) in [
            ("Åsa Ｆ.", "AsaF"),
            ("a\u{30a}", "a"),
            ("𝐒½①", "S121"),
            ("_-'\u{200d}", ""),
            ("Ольга", "Ольга"),
        ] {
            let letters: String = text.chars().flat_map(letters_of).collect();
            assert_eq!(letters, expected, "{text}");
        }
    }
}
