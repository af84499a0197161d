//! Which runs are steady.

use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::*;

/// Values around 1,000, two per cent up and down, as a quiet machine gives them.
fn noise(seconds: usize, seed: u64) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..seconds)
        .map(|_| random.random_range(980.0..1020.0))
        .collect()
}

#[test]
fn a_warm_up_is_cut_off() {
    let mut values = noise(60, 1);
    for (second, value) in values.iter_mut().take(8).enumerate() {
        *value *= 0.3 + 0.08 * second as f64;
    }
    let Steady::From { from_second } = cut(&values) else {
        panic!("{}", cut(&values));
    };
    assert!((8..=12).contains(&from_second), "{from_second}");
    assert_eq!(
        cut(&values).kept(&values).map(<[f64]>::len),
        Some(60 - from_second)
    );
}

#[test]
fn what_rises_until_the_end_is_never_averaged() {
    let values: Vec<f64> = noise(40, 2)
        .iter()
        .zip(0..)
        .map(|(value, second)| value * (1.0 + 0.01 * f64::from(second)))
        .collect();
    let Steady::Drifting { by_share } = cut(&values) else {
        panic!("{}", cut(&values));
    };
    assert!(by_share > 0.05);
    assert_eq!(cut(&values).kept(&values), None);
}

#[test]
fn a_collapse_near_the_end_is_no_steady_state() {
    let mut values = noise(60, 3);
    values[52..].iter_mut().for_each(|value| *value *= 0.6);
    let found = cut(&values);
    let Steady::Stepped {
        at_second,
        by_share,
    } = found
    else {
        panic!("{found}");
    };
    assert_eq!(at_second, 52);
    assert!((by_share + 0.4).abs() < 0.02);
    assert_eq!(
        found.to_string(),
        "no steady state: another level from second 52 on, -40 %"
    );
}

#[test]
fn one_stall_is_an_accident_and_not_another_level() {
    let mut values = noise(60, 4);
    values[40] = 0.0;
    assert!(
        matches!(cut(&values), Steady::From { .. }),
        "{}",
        cut(&values)
    );
}

#[test]
fn nine_seconds_are_too_short_to_say() {
    assert_eq!(cut(&noise(9, 1)), Steady::TooShort { seconds: 9 });
    assert_eq!(
        cut(&[]).to_string(),
        "too short to tell whether it was steady: 0 values, 10 are needed"
    );
}

#[test]
fn a_second_without_a_value_is_said() {
    let mut values = noise(20, 1);
    values[3] = f64::NAN;
    assert_eq!(cut(&values), Steady::NotMeasured);
}

#[test]
fn silence_is_steady() {
    assert_eq!(cut(&[0.0; 12]), Steady::From { from_second: 0 });
}

#[test]
fn mere_noise_is_hardly_ever_called_unsteady() {
    let called = (0..200)
        .filter(|seed| !matches!(cut(&noise(30, *seed)), Steady::From { .. }))
        .count();
    assert_eq!(called, 0);
}

proptest! {
    #[test]
    fn at_least_half_is_kept_and_the_unit_does_not_matter(
        values in prop::collection::vec(1.0..1e6_f64, 10..120),
        unit in prop::sample::select(vec![0.25, 4.0, 1024.0]),
    ) {
        let found = cut(&values);
        if let Steady::From { from_second } = found {
            prop_assert!(from_second <= values.len() / 2);
        }
        let scaled: Vec<f64> = values.iter().map(|value| value * unit).collect();
        prop_assert_eq!(found, cut(&scaled));
    }
}
