use std::time::Duration;

use hdrhistogram::Histogram;

use super::{Failure, Tier};
use crate::html::Kind;

/// The longest time a histogram tells apart: the longest run.
const TIME_MAX_US: u64 = 3600 * 1_000_000;
/// Three significant digits: a quantile is off by at most a thousandth.
const DIGITS: u8 = 3;

/// What one thread counts. Merged once, after the run: nothing is shared while
/// requests are sent.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Times of answered requests in microseconds: of pages of the list by the tier that answered.
    pub(crate) page_tiers: [Histogram<u64>; Tier::ALL.len()],
    /// The same of the css, js and pictures that they refer to.
    pub(crate) file_tiers: [Histogram<u64>; Tier::ALL.len()],
    pub(crate) time_sum: Duration,
    /// Times of complete page views in microseconds.
    pub(crate) pages: Histogram<u64>,
    pub(crate) page_time_sum: Duration,
    pub(crate) pages_incomplete: u64,
    pub(crate) html: u64,
    pub(crate) statics: u64,
    pub(crate) pictures: u64,
    pub(crate) redirects: u64,
    pub(crate) reconnects: u64,
    pub(crate) bytes: u64,
    pub(crate) failures: [u64; Failure::ALL.len()],
    /// The first address that failed in each way.
    pub(crate) examples: [Option<String>; Failure::ALL.len()],
    pub(crate) unfinished: u64,
    pub(crate) unfinished_longest: Duration,
    pub(crate) cpu: Duration,
    pub(crate) elapsed: Duration,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            page_tiers: std::array::from_fn(|_| histogram()),
            file_tiers: std::array::from_fn(|_| histogram()),
            time_sum: Duration::ZERO,
            pages: histogram(),
            page_time_sum: Duration::ZERO,
            pages_incomplete: 0,
            html: 0,
            statics: 0,
            pictures: 0,
            redirects: 0,
            reconnects: 0,
            bytes: 0,
            failures: [0; Failure::ALL.len()],
            examples: std::array::from_fn(|_| None),
            unfinished: 0,
            unfinished_longest: Duration::ZERO,
            cpu: Duration::ZERO,
            elapsed: Duration::ZERO,
        }
    }

    /// Counts a request that was answered as asked; no `kind` is a page itself.
    pub(crate) fn answered(&mut self, tier: Tier, kind: Option<Kind>, status: u16, took: Duration) {
        let tiers = match kind {
            None => &mut self.page_tiers,
            Some(_) => &mut self.file_tiers,
        };
        tiers[tier as usize].saturating_record(micros(took));
        self.time_sum += took;
        match kind {
            None => self.html += 1,
            Some(Kind::Static) => self.statics += 1,
            Some(Kind::Picture) => self.pictures += 1,
        }
        self.redirects += u64::from((300..400).contains(&status) && status != 304);
    }

    pub(crate) fn failed(&mut self, failure: Failure, path: &str) {
        self.failures[failure as usize] += 1;
        self.examples[failure as usize].get_or_insert_with(|| path.to_owned());
    }

    pub(crate) fn page(&mut self, took: Duration, complete: bool) {
        if complete {
            self.pages.saturating_record(micros(took));
            self.page_time_sum += took;
        } else {
            self.pages_incomplete += 1;
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let pages = self.page_tiers.iter_mut().zip(&other.page_tiers);
        let files = self.file_tiers.iter_mut().zip(&other.file_tiers);
        for (mine, theirs) in pages.chain(files) {
            merge_histogram(mine, theirs);
        }
        merge_histogram(&mut self.pages, &other.pages);
        self.time_sum += other.time_sum;
        self.page_time_sum += other.page_time_sum;
        self.pages_incomplete += other.pages_incomplete;
        self.html += other.html;
        self.statics += other.statics;
        self.pictures += other.pictures;
        self.redirects += other.redirects;
        self.reconnects += other.reconnects;
        self.bytes += other.bytes;
        for (mine, theirs) in self.failures.iter_mut().zip(other.failures) {
            *mine += theirs;
        }
        for (mine, theirs) in self.examples.iter_mut().zip(other.examples) {
            *mine = mine.take().or(theirs);
        }
        self.unfinished += other.unfinished;
        self.unfinished_longest = self.unfinished_longest.max(other.unfinished_longest);
        self.cpu += other.cpu;
        self.elapsed = self.elapsed.max(other.elapsed);
    }
}

/// Adds what another histogram of ours holds.
pub(super) fn merge_histogram(into: &mut Histogram<u64>, from: &Histogram<u64>) {
    into.add(from).expect("histograms of one range always add");
}

pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, TIME_MAX_US, DIGITS).expect("the bounds are constants that fit")
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
