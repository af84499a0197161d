//! The built-in scenarios.

/// The built-in scenarios, by name.
pub(super) const SCENARIOS: &[(&str, &str)] = &[
    ("browse", include_str!("../../scenarios/browse.toml")),
    (
        "reddit-hug",
        include_str!("../../scenarios/reddit-hug.toml"),
    ),
    ("talk-2007", include_str!("../../scenarios/talk-2007.toml")),
    ("tweets", include_str!("../../scenarios/tweets.toml")),
];

/// The files that they name.
pub(super) const FILES: &[(&str, &[u8])] =
    &[("small.png", include_bytes!("../../scenarios/small.png"))];

pub(super) fn text(name: &str) -> Option<&'static str> {
    SCENARIOS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}
