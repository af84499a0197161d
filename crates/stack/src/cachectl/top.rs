//! The URLs with the most hits and the most misses, each with its rate.

use std::collections::HashMap;
use std::time::Duration;

use super::format::{counted, escaped, grouped, shortened};
use super::request::{Outcome, Request};

/// How many URLs are remembered; above this limit, the rarer half is dropped.
const ADDRESSES_MAX: usize = 20_000;

/// The decay time of the live display: after this time a request has a third of its weight.
const MEMORY: Duration = Duration::from_secs(30);

/// How many characters a rate takes.
const RATE_WIDTH: usize = 8;

/// Counts requests by URL, with less weight for older ones.
#[derive(Debug, Default)]
pub struct Top {
    hits: Column,
    misses: Column,
    /// The time span of the counts, in seconds.
    seconds: f64,
}

#[derive(Debug, Default)]
struct Column {
    counts: HashMap<String, f64>,
    sum: f64,
}

impl Top {
    /// Counts a request if the cache was involved.
    pub fn add(&mut self, request: &Request) {
        match request.outcome {
            Outcome::Hit => self.hits.add(&request.target),
            Outcome::Miss | Outcome::Failed => self.misses.add(&request.target),
            Outcome::NotModified | Outcome::Pass | Outcome::Nginx => {}
        }
    }

    /// Advances the time; on a live display, reduces the weight of earlier requests.
    pub fn pass(&mut self, time: Duration, forgets: bool) {
        if forgets {
            let left = (-time.as_secs_f64() / MEMORY.as_secs_f64()).exp();
            self.seconds *= left;
            self.hits.fade(left);
            self.misses.fade(left);
        }
        self.seconds += time.as_secs_f64();
    }

    /// Renders both columns into this many columns and rows.
    pub fn picture(&self, (width, height): (usize, usize), lost: u64) -> String {
        let column = width.saturating_sub(2) / 2;
        let seconds = self.seconds.max(0.001);
        let rows = height.saturating_sub(4).max(1);
        let title = |name: &str, sum: f64| format!("{:>RATE_WIDTH$}/s {name}", rate(sum / seconds));
        let mut text = format!(
            "{:<column$}  {}\n\n",
            title("hits", self.hits.sum),
            title("missed", self.misses.sum)
        );
        let (hits, misses) = (self.hits.top(rows), self.misses.top(rows));
        for at in 0..hits.len().max(misses.len()) {
            let cell = |cells: &[(&String, f64)]| {
                cells.get(at).map_or(String::new(), |(address, count)| {
                    let rate = rate(count / seconds);
                    let room = column.saturating_sub(RATE_WIDTH + 1);
                    format!("{rate:>RATE_WIDTH$} {}", shortened(&escaped(address), room))
                })
            };
            let line = format!("{:<column$}  {}", cell(&hits), cell(&misses));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if hits.is_empty() && misses.is_empty() {
            text.push_str("no requests for files\n");
        }
        text.push_str(&lost_note(lost));
        text
    }
}

impl Column {
    fn add(&mut self, address: &str) {
        self.sum += 1.0;
        match self.counts.get_mut(address) {
            Some(count) => *count += 1.0,
            None => {
                if self.counts.len() >= ADDRESSES_MAX {
                    self.forget_the_rarest();
                }
                self.counts.insert(address.to_owned(), 1.0);
            }
        }
    }

    fn fade(&mut self, left: f64) {
        self.sum *= left;
        self.counts.retain(|_, count| {
            *count *= left;
            *count > 0.01
        });
    }

    fn forget_the_rarest(&mut self) {
        let mut counts: Vec<f64> = self.counts.values().copied().collect();
        let middle = counts.len() / 2;
        let (_, median, _) = counts.select_nth_unstable_by(middle, f64::total_cmp);
        let median = *median;
        // Many URLs may have equal counts; keeps only as many of those as fit.
        let mut room = middle;
        self.counts.retain(|_, count| {
            let stays = *count > median || (*count >= median && room > 0);
            room = room.saturating_sub(usize::from(stays && *count <= median));
            stays
        });
    }

    fn top(&self, rows: usize) -> Vec<(&String, f64)> {
        let mut top: Vec<_> = self
            .counts
            .iter()
            .map(|(url, count)| (url, *count))
            .collect();
        top.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        top.truncate(rows);
        top
    }
}

/// Formats a rate with its significant digits.
fn rate(rate: f64) -> String {
    match rate {
        ..9.95 => format!("{rate:.1}"),
        _ => grouped(rate.round() as u64),
    }
}

/// Returns a note about requests that are not in the picture; empty if there are none.
pub(super) fn lost_note(lost: u64) -> String {
    match lost {
        0 => String::new(),
        _ => format!(
            "\n{} not shown: nginx does not wait for a slow reader\n",
            counted(lost, "more request was", "more requests were")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(outcome: Outcome, target: &str) -> Request {
        Request {
            ended_ms: 0,
            took: None,
            outcome,
            method: "GET".to_owned(),
            status: 200,
            bytes: 1,
            chain: String::new(),
            target: target.to_owned(),
        }
    }

    #[test]
    fn the_hottest_stands_first_in_its_column_with_its_rate() {
        let mut top = Top::default();
        for (outcome, target, count) in [
            (Outcome::Hit, "/i/rare.webp", 2),
            (Outcome::Hit, "/i/hot.webp", 40),
            (Outcome::Miss, "/i/new.webp", 1),
            (Outcome::Pass, "/people", 9),
        ] {
            (0..count).for_each(|_| top.add(&request(outcome, target)));
        }
        top.pass(Duration::from_secs(2), false);
        assert_eq!(
            top.picture((60, 24), 3),
            "      21/s hits                     0.5/s missed\n\n\
             \x20     20 /i/hot.webp                0.5 /i/new.webp\n\
             \x20    1.0 /i/rare.webp\n\
             \n3 more requests were not shown: nginx does not wait for a slow reader\n"
        );
    }

    #[test]
    fn endless_addresses_do_not_fill_our_memory() {
        let mut column = Column::default();
        for _ in 0..5 {
            column.add("/i/hot.webp");
        }
        for number in 0..3 * ADDRESSES_MAX {
            column.add(&format!("/i/{number}.webp"));
        }
        assert!(column.counts.len() <= ADDRESSES_MAX);
        assert_eq!(column.top(1)[0].0, "/i/hot.webp");
    }
}
