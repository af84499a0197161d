//! The histograms of a run: microseconds, all with the same bounds and precision.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest time that a histogram resolves: the longest run.
const TIME_MAX_US: u64 = 3600 * 1_000_000;
/// Three significant digits: a quantile is off by at most a thousandth.
const DIGITS: u8 = 3;

/// An empty histogram.
pub(crate) fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, TIME_MAX_US, DIGITS).expect("the bounds are constants that fit")
}

/// Adds all values of `from`.
pub(crate) fn merge(into: &mut Histogram<u64>, from: &Histogram<u64>) {
    into.add(from).expect("histograms of one range always add");
}

/// All values of these histograms.
pub(crate) fn sum<'a>(histograms: impl IntoIterator<Item = &'a Histogram<u64>>) -> Histogram<u64> {
    let mut sum = empty();
    histograms
        .into_iter()
        .for_each(|histogram| merge(&mut sum, histogram));
    sum
}

/// A time in whole microseconds.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
