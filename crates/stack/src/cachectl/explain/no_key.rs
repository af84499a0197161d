//! Why nginx does not ask memcached for a path, and what to do about it; the rule itself is [`Key::parse`].

use accelerator::{Key, NoKey};

/// Why not, behind "because".
pub(super) fn because(no_key: NoKey, target: &str) -> String {
    match no_key {
        NoKey::TooLong => format!("{no_key} (it has {})", target.len()),
        NoKey::OddByte => match target.chars().find(is_odd) {
            Some(odd) => format!("{no_key} ({odd:?})"),
            None => no_key.to_string(),
        },
        _ => no_key.to_string(),
    }
}

/// What to do about it.
pub(super) fn advice(no_key: NoKey, target: &str) -> String {
    let advice = match no_key {
        NoKey::Elsewhere if target.contains("/image/") => {
            "This is how it is meant: a picture that is not for everybody is answered by the app, after a look at who asks."
        }
        NoKey::Elsewhere => "This is how it is meant: a page is made anew for everybody.",
        NoKey::Query => {
            let path = target.split('?').next().unwrap_or_default();
            return match Key::of(path) {
                Some(_) => format!("Without its query it has a key: ask for {path}."),
                None => "Put what the query says into the path.".to_owned(),
            };
        }
        NoKey::TooLong => "Give it a shorter name.",
        NoKey::OddByte | NoKey::EmptySegment | NoKey::HiddenSegment => {
            "Link to it by a plain name of letters, digits, - and _."
        }
        NoKey::Extension => "Give it one, such as .webp or .css.",
        NoKey::Fingerprint => {
            "Link to it by its fingerprinted address, /static/NAME.HASH.EXT, as the pages of the site do."
        }
    };
    advice.to_owned()
}

/// A word for programs.
pub(super) fn name(no_key: NoKey) -> &'static str {
    match no_key {
        NoKey::Elsewhere => "elsewhere",
        NoKey::TooLong => "too-long",
        NoKey::Query => "query",
        NoKey::OddByte => "odd-byte",
        NoKey::EmptySegment => "empty-segment",
        NoKey::HiddenSegment => "hidden-segment",
        NoKey::Extension => "extension",
        NoKey::Fingerprint => "fingerprint",
    }
}

fn is_odd(c: &char) -> bool {
    !(c.is_ascii_alphanumeric() || "-_./".contains(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_and_the_length_are_named_and_a_query_is_taken_away() {
        let no_key = |target: &str| Key::parse(target).unwrap_err();
        let long = format!("/i/{}.webp", "a".repeat(200));
        assert!(because(no_key(&long), &long).ends_with("(it has 208)"));
        let odd = "/i/a\u{1b}.webp";
        assert!(because(no_key(odd), odd).ends_with(r"('\u{1b}')"));
        let query = "/i/a.webp?w=1";
        assert!(advice(no_key(query), query).contains("ask for /i/a.webp."));
        let own = "/people/anna/1/image/640.webp";
        assert!(advice(no_key(own), own).contains("not for everybody"));
        assert_eq!(name(no_key("/static/site.css")), "fingerprint");
    }
}
