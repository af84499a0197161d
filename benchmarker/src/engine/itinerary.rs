use std::sync::Arc;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::{Order, Plan};

/// Which page a browser visits next.
///
/// Browser `b` of `n` takes the places `b`, `b + n`, `b + 2n` ... of the common
/// sequence: together they visit every page once before any twice, without
/// sharing a counter, and what each visits depends on the seed alone.
#[derive(Debug)]
pub(crate) struct Itinerary {
    sequence: Arc<[u32]>,
    place: usize,
    step: usize,
    random: Option<Xoshiro256PlusPlus>,
}

impl Itinerary {
    /// The order of the list that all browsers of a plan share.
    pub(crate) fn sequence(plan: &Plan) -> Arc<[u32]> {
        let mut sequence: Vec<u32> = (0..plan.pages.len())
            .filter_map(|i| u32::try_from(i).ok())
            .collect();
        if plan.order == Order::Shuffle {
            sequence.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(plan.seed));
        }
        sequence.into()
    }

    pub(crate) fn new(plan: &Plan, sequence: &Arc<[u32]>, browser: usize) -> Self {
        // Neighbouring seeds would give neighbouring browsers each other's draws.
        let own_seed = plan.seed ^ (browser as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self {
            sequence: Arc::clone(sequence),
            place: browser % sequence.len(),
            step: plan.browsers() % sequence.len(),
            random: (plan.order == Order::Random)
                .then(|| Xoshiro256PlusPlus::seed_from_u64(own_seed)),
        }
    }

    /// The index of the next page in the list.
    pub(crate) fn next_page(&mut self) -> usize {
        let length = self.sequence.len();
        let place = match &mut self.random {
            Some(random) => random.random_range(0..length),
            None => {
                let here = self.place;
                self.place = (here + self.step) % length;
                here
            }
        };
        self.sequence[place] as usize
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
    fn the_same_seed_gives_the_same_sequence_and_another_seed_another() {
        for order in [Order::Shuffle, Order::Random] {
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
}
