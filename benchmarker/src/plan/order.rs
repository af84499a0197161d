//! The order in which browsers visit the pages of a list.

use std::sync::Arc;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::random;

/// In which order the pages of the list are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Order {
    /// One shuffle of the list, every page once before any page twice.
    Shuffle,
    /// The order of the list.
    File,
    /// Each page drawn from the whole list.
    Random,
    /// Each page drawn from the whole list by Zipf's law with exponent 1; the rank of a page is its
    /// position in the list: the first is visited twice as often as the second and a hundred times as
    /// often as the hundredth.
    Zipf,
}

/// The order of the list for all browsers of a plan: computed once, then only read.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    order: Order,
    seed: u64,
    browsers: usize,
    once: bool,
    pages: Arc<[u32]>,
    /// For Zipf's law, the cumulative weight up to each rank; the last is the total.
    cumulative: Arc<[f64]>,
}

impl Sequence {
    /// The sequence of `pages` pages for `browsers` browsers; with `once`, each page is visited once.
    pub(crate) fn new(order: Order, seed: u64, pages: usize, browsers: usize, once: bool) -> Self {
        let mut indices: Vec<u32> = (0..pages).filter_map(|i| u32::try_from(i).ok()).collect();
        if order == Order::Shuffle {
            indices.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        }
        let ranks = match order {
            Order::Zipf => indices.len(),
            Order::Shuffle | Order::File | Order::Random => 0,
        };
        let mut total = 0.0;
        let cumulative = (1..=ranks).map(|rank| {
            total += 1.0 / rank as f64;
            total
        });
        Self {
            order,
            seed,
            browsers,
            once,
            cumulative: cumulative.collect(),
            pages: indices.into(),
        }
    }
}

/// The pages that one browser visits.
///
/// Browser `b` of `n` takes the positions `b`, `b + n`, `b + 2n` ... of the common sequence: together
/// they visit every page once before any twice, without a shared counter, and the pages of each
/// depend on the seed alone. Where pages are drawn, each browser has its own random source.
#[derive(Debug)]
pub(crate) struct PageOrder {
    /// Those of the common sequence.
    pages: Arc<[u32]>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Position {
        position: usize,
        step: usize,
        /// How many pages are left to visit, where that is bounded.
        left: Option<usize>,
    },
    Uniform(Xoshiro256PlusPlus),
    Zipf(Xoshiro256PlusPlus, Arc<[f64]>),
}

impl PageOrder {
    pub(crate) fn new(sequence: &Sequence, browser: usize) -> Self {
        let random = || random::source(sequence.seed, browser as u64);
        let (length, browsers) = (sequence.pages.len(), sequence.browsers);
        Self {
            pages: Arc::clone(&sequence.pages),
            next: match sequence.order {
                Order::Shuffle | Order::File => Next::Position {
                    position: browser % length,
                    step: browsers % length,
                    // The positions browser, browser + browsers ... that are below the length.
                    left: sequence
                        .once
                        .then(|| length.saturating_sub(browser).div_ceil(browsers)),
                },
                Order::Random => Next::Uniform(random()),
                Order::Zipf => Next::Zipf(random(), Arc::clone(&sequence.cumulative)),
            },
        }
    }

    /// The index of the next page in the list, or `None` when this browser has visited its share.
    pub(crate) fn next_page(&mut self) -> Option<usize> {
        let length = self.pages.len();
        let position = match &mut self.next {
            Next::Position {
                position,
                step,
                left,
            } => {
                if let Some(left) = left {
                    *left = left.checked_sub(1)?;
                }
                let here = *position;
                *position = (here + *step) % length;
                here
            }
            Next::Uniform(random) => random.random_range(0..length),
            Next::Zipf(random, cumulative) => {
                let drawn = random.random_range(0.0..cumulative[length - 1]);
                cumulative.partition_point(|up_to| *up_to <= drawn)
            }
        };
        Some(self.pages[position] as usize)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Fetch, Order, PageList, Plan};

    fn plan(pages: usize, connections: usize) -> Plan {
        let list: String = (0..pages)
            .map(|i| format!("http://127.0.0.1/{i}\n"))
            .collect();
        Plan::new(PageList::parse(&list, None).unwrap())
            .fetch(Fetch::PagesOnly)
            .connections(connections)
    }

    #[test]
    fn all_browsers_together_visit_every_page_once() {
        for order in [Order::File, Order::Shuffle] {
            let plan = plan(12, 4).order(order);
            let mut visited: Vec<&str> = (0..4).flat_map(|b| plan.first_pages(b, 3)).collect();
            visited.sort_unstable();
            visited.dedup();
            assert_eq!(visited.len(), 12, "{order:?}");
        }
        assert_eq!(
            plan(3, 1).order(Order::File).first_pages(0, 4),
            ["/0", "/1", "/2", "/0"]
        );
        assert_eq!(plan(1, 4).first_pages(3, 2), ["/0", "/0"]);
    }

    #[test]
    fn each_page_once_ends_when_each_was_visited() {
        let plan = plan(11, 4).order(Order::File).once();
        let visited: Vec<usize> = (0..4).map(|b| plan.first_pages(b, 99).len()).collect();
        assert_eq!(visited, [3, 3, 3, 2]);
        let mut all: Vec<&str> = (0..4).flat_map(|b| plan.first_pages(b, 99)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 11);
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence_and_another_seed_another() {
        for order in [Order::Shuffle, Order::Random, Order::Zipf] {
            let draw = |seed| {
                let plan = plan(100, 4).order(order).seed(seed);
                plan.first_pages(2, 20)
                    .into_iter()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(draw(7), draw(7), "{order:?}");
            assert_ne!(draw(7), draw(8), "{order:?}");
        }
    }

    #[test]
    fn a_page_is_drawn_as_often_as_zipfs_law_says() {
        const PAGES: usize = 50;
        const DRAWS: usize = 40_000;
        let plan = plan(PAGES, 2).order(Order::Zipf);
        let mut drawn = [0_usize; PAGES];
        for browser in 0..2 {
            for path in plan.first_pages(browser, DRAWS / 2) {
                drawn[path[1..].parse::<usize>().unwrap()] += 1;
            }
        }
        let whole: f64 = (1..=PAGES).map(|rank| 1.0 / rank as f64).sum();
        // Pearson's chi-squared; with 49 degrees of freedom it exceeds 85 once in a thousand seeds.
        let distance: f64 = (1..=PAGES)
            .map(|rank| {
                let expected = DRAWS as f64 / (rank as f64 * whole);
                (drawn[rank - 1] as f64 - expected).powi(2) / expected
            })
            .sum();
        assert!(distance < 85.0, "{distance}: {drawn:?}");
    }
}
