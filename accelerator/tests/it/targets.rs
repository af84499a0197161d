//! Request targets drawn by a seed: some have a key, most nearly have one.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// What clients, attackers and careless programs put into paths.
const PIECES: &[&str] = &[
    "%20", "%25", "%2e", "%2F", "%3F", "%61", "%00", "%0d%0a", "%7f", "%C3%A9", "%ff", "%", "%zz",
    "?", "?w=64", "?a=/b.c", "#", "#top", "//", "/", "/./", "/../", "..", ".", ".hidden", "é",
    "日本", "\u{7f}", "\t", " ", "\"", "'", "\\", "<b>", "+", "~", "&", "=", ";", ",", "@", ":",
    "$uri", "*", "{}", "|", "^", "`", "A", "WEBP", "-", "_", "0",
];

/// The prefix of a target in a request to a proxy.
pub(crate) const ORIGIN: &str = "http://site.test";

/// A target that has a key, unless it became too long.
pub(crate) fn addressable() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "/i(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,12}){0,4}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,20}\\.[a-z0-9]{1,11}",
        2 => "/static(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,12}){0,3}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,20}\\.[0-9a-f]{8,64}\\.[a-z0-9]{1,11}",
    ]
}

/// Any target that fits into one line of a request.
pub(crate) fn anything() -> impl Strategy<Value = String> {
    let with_a_piece = (addressable(), select(PIECES), any::<prop::sample::Index>()).prop_map(
        |(mut target, piece, place)| {
            target.insert_str(place.index(target.len() + 1), piece);
            target
        },
    );
    let with_a_cut =
        (addressable(), any::<prop::sample::Index>()).prop_map(|(mut target, place)| {
            target.remove(1 + place.index(target.len() - 1));
            target
        });
    let of_a_length = (addressable(), 190..212_usize).prop_map(|(target, len)| {
        let more = "x".repeat(len.saturating_sub(target.len()));
        let (folder, file) = target.rsplit_once('/').unwrap();
        format!("{folder}/{more}{file}")
    });
    let overlong = (addressable(), select(PIECES), 100..800_usize)
        .prop_map(|(target, piece, times)| format!("{}{target}", piece.repeat(times)))
        .prop_map(|target| format!("/i/{target}"));
    let of_pieces = prop::collection::vec(select(PIECES), 0..8)
        .prop_map(|pieces| format!("/i/{}.webp", pieces.concat()));
    prop_oneof![
        8 => addressable(),
        8 => with_a_piece,
        3 => with_a_cut,
        3 => of_a_length,
        1 => overlong,
        1 => addressable().prop_map(|target| format!("{ORIGIN}{target}")),
        2 => of_pieces,
        1 => "/(static|i)/[ -~é]{0,260}",
        1 => "/[!-~]{0,40}",
    ]
}

/// The same targets for the same seed.
pub(crate) fn drawn(
    strategy: impl Strategy<Value = String>,
    seed: u8,
    count: usize,
) -> Vec<String> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    // A space at its ends is not part of the target.
    let draw = || {
        strategy
            .new_tree(&mut runner)
            .unwrap()
            .current()
            .trim_matches(' ')
            .to_owned()
    };
    std::iter::repeat_with(draw).take(count).collect()
}
