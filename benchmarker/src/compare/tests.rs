//! Effects over blocks, with and without noise.

use proptest::prelude::*;

use super::*;

/// Ten blocks on a machine whose mood changes threefold between blocks: A, B and A again differ by
/// these factors and by up to two per cent of noise.
fn blocks(b: f64, again: f64) -> Vec<Block> {
    (0..10_u32)
        .map(|block| {
            let mood = 1000.0 * f64::from(1 + block % 3);
            let noise = |turn: u32| 0.98 + f64::from((block * 7 + turn * 3) % 5) / 100.0;
            Block {
                a: mood * noise(0),
                b: mood * b * noise(1),
                again: Some(mood * again * noise(2)),
            }
        })
        .collect()
}

#[test]
fn an_effect_is_seen_through_the_moods_of_the_machine() {
    let found = effect(&blocks(1.31, 1.0), Better::Higher);
    assert_eq!(found.verdict, Verdict::Faster);
    assert!((found.ratio.unwrap() - 1.31).abs() < 0.03, "{found}");
    let text = found.to_string();
    assert!(text.starts_with("x1.3"), "{text}");
    assert!(text.contains("; A/A 0.9"), "{text}");
    assert_eq!(
        effect(&blocks(1.31, 1.0), Better::Lower).verdict,
        Verdict::Slower
    );
    assert_eq!(
        effect(&blocks(0.7, 1.0), Better::Lower).verdict,
        Verdict::Faster
    );
}

#[test]
fn an_effect_reads_as_one_writes_it() {
    let interval = |low, high| Some(Interval { low, high });
    let mut effect = Effect {
        blocks: 10,
        ratio: Some(1.31),
        interval: interval(1.22, 1.4),
        same_ratio: Some(1.0),
        same_interval: interval(0.97, 1.04),
        verdict: Verdict::Faster,
    };
    assert_eq!(effect.to_string(), "x1.31 (1.22 to 1.40; A/A 0.97 to 1.04)");
    effect.verdict = Verdict::NoEffectSeen;
    assert_eq!(
        effect.to_string(),
        "no effect seen: x1.31 (1.22 to 1.40; A/A 0.97 to 1.04)"
    );
    effect.same_interval = None;
    effect.verdict = Verdict::Faster;
    assert_eq!(effect.to_string(), "x1.31 (1.22 to 1.40; A/A not measured)");
    assert_eq!(format!("{effect:#}"), "x1.31 (1.22 to 1.40)");
}

#[test]
fn nothing_is_seen_where_nothing_is() {
    assert_eq!(
        effect(&blocks(1.0, 1.0), Better::Higher).verdict,
        Verdict::NoEffectSeen
    );
}

#[test]
fn what_the_same_thing_twice_does_is_no_effect() {
    let found = effect(&blocks(1.05, 1.08), Better::Higher);
    assert_eq!(found.verdict, Verdict::WithinNoise, "{found}");
    assert!(
        found
            .to_string()
            .starts_with("no effect seen beyond the noise: x1.0")
    );
}

#[test]
fn five_blocks_are_too_few() {
    let found = effect(&blocks(2.0, 1.0)[..5], Better::Higher);
    assert_eq!(
        (found.verdict, found.interval),
        (Verdict::TooFewBlocks, None)
    );
    assert!(
        found
            .to_string()
            .starts_with("too few blocks for a verdict: 5 of 6; x"),
        "{found}"
    );
    assert_eq!(
        effect(&[], Better::Higher).to_string(),
        "too few blocks for a verdict: 0 of 6"
    );
}

#[test]
fn a_block_of_nothing_is_no_measurement() {
    let mut some = blocks(1.3, 1.0);
    some[4].b = 0.0;
    assert_eq!(effect(&some, Better::Higher).verdict, Verdict::NotMeasured);
    some[4].b = f64::NAN;
    assert_eq!(effect(&some, Better::Higher).verdict, Verdict::NotMeasured);
}

#[test]
fn without_the_same_thing_twice_there_is_no_noise_floor() {
    let mut some = blocks(1.3, 1.0);
    some[0].again = None;
    let found = effect(&some, Better::Higher);
    assert_eq!(
        (found.verdict, found.same_interval),
        (Verdict::Faster, None)
    );
}

proptest! {
    #[test]
    fn turned_round_an_effect_is_its_inverse(
        pairs in prop::collection::vec((1.0..1e4_f64, 1.0..1e4_f64), 6..20)
    ) {
        let there: Vec<Block> = pairs.iter().map(|(a, b)| Block { a: *a, b: *b, again: None }).collect();
        let back: Vec<Block> = pairs.iter().map(|(a, b)| Block { a: *b, b: *a, again: None }).collect();
        let (there, back) = (effect(&there, Better::Higher), effect(&back, Better::Higher));
        prop_assert!((there.ratio.unwrap() * back.ratio.unwrap() - 1.0).abs() < 1e-9);
        let (forth, back) = (there.interval.unwrap(), back.interval.unwrap());
        prop_assert!(forth.low <= there.ratio.unwrap() && there.ratio.unwrap() <= forth.high);
        prop_assert!((forth.low * back.high - 1.0).abs() < 1e-6);
    }
}
