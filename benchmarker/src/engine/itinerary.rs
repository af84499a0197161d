use std::sync::Arc;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::{Order, Plan};

/// The order of the list that all browsers of a plan share: computed once, then only read.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pages: Arc<[u32]>,
    /// For Zipf's law, at each rank: how often it or one before it is drawn, the last being the whole.
    cumulated: Arc<[f64]>,
}

impl Sequence {
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut pages: Vec<u32> = (0..plan.pages.len())
            .filter_map(|i| u32::try_from(i).ok())
            .collect();
        if plan.order == Order::Shuffle {
            pages.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(plan.seed));
        }
        let ranks = match plan.order {
            Order::Zipf => pages.len(),
            Order::Shuffle | Order::File | Order::Random => 0,
        };
        let mut whole = 0.0;
        let cumulated = (1..=ranks).map(|rank| {
            whole += 1.0 / rank as f64;
            whole
        });
        Self {
            cumulated: cumulated.collect(),
            pages: pages.into(),
        }
    }
}

/// Which page a browser visits next.
///
/// Browser `b` of `n` takes the places `b`, `b + n`, `b + 2n` ... of the common
/// sequence: together they visit every page once before any twice, without
/// sharing a counter, and what each visits depends on the seed alone. Where pages
/// are drawn anew, each browser has a source of its own.
#[derive(Debug)]
pub(crate) struct Itinerary {
    sequence: Sequence,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Walk {
        place: usize,
        step: usize,
        /// How many pages are left to visit, where that is bounded.
        left: Option<usize>,
    },
    Even(Xoshiro256PlusPlus),
    Zipf(Xoshiro256PlusPlus),
}

impl Itinerary {
    pub(crate) fn new(plan: &Plan, sequence: &Sequence, browser: usize) -> Self {
        let random = || Self::random(plan, browser);
        let length = sequence.pages.len();
        Self {
            sequence: sequence.clone(),
            next: match plan.order {
                Order::Shuffle | Order::File => Next::Walk {
                    place: browser % length,
                    step: plan.browsers() % length,
                    // The places browser, browser + browsers ... that are below the length.
                    left: plan
                        .once
                        .then(|| length.saturating_sub(browser).div_ceil(plan.browsers())),
                },
                Order::Random => Next::Even(random()),
                Order::Zipf => Next::Zipf(random()),
            },
        }
    }

    /// A source of chance of a browser's own.
    pub(crate) fn random(plan: &Plan, browser: usize) -> Xoshiro256PlusPlus {
        // Neighbouring seeds would give neighbouring browsers each other's draws.
        let own_seed = plan.seed ^ (browser as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Xoshiro256PlusPlus::seed_from_u64(own_seed)
    }

    /// The index of the next page in the list; none when this browser has visited its share.
    pub(crate) fn next_page(&mut self) -> Option<usize> {
        let length = self.sequence.pages.len();
        let place = match &mut self.next {
            Next::Walk { place, step, left } => {
                if let Some(left) = left {
                    *left = left.checked_sub(1)?;
                }
                let here = *place;
                *place = (here + *step) % length;
                here
            }
            Next::Even(random) => random.random_range(0..length),
            Next::Zipf(random) => {
                let cumulated = &self.sequence.cumulated;
                let drawn = random.random_range(0.0..cumulated[length - 1]);
                cumulated.partition_point(|upto| *upto <= drawn)
            }
        };
        Some(self.sequence.pages[place] as usize)
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
