//! The site's advice about a path without a key; the reasons are [`NoKey`]'s.

use accelerator::NoKey;

/// Returns what to do about it.
pub(super) fn advice(no_key: NoKey, target: &str) -> String {
    match no_key {
        NoKey::Elsewhere if target.contains("/image/") => {
            "Nothing to do: a picture that is not public is answered by the app, which checks each request.".to_owned()
        }
        _ => no_key.advice(target),
    }
}

/// The name of a reason, for programs.
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

#[cfg(test)]
mod tests {
    use super::{advice, name};
    use accelerator::Key;

    #[test]
    fn a_picture_that_is_not_public_is_meant_to_have_no_key() {
        let own = "/people/anna/1/image/640.webp";
        let no_key = Key::parse(own).unwrap_err();
        assert!(advice(no_key, own).contains("not public"));
        assert_eq!(name(no_key), "elsewhere");
    }
}
