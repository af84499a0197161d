//! A line that lives while a run goes on: the rate, the times, and a small picture of who answers how fast.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use benchmarker::{Histogram, Plan, Progress, Tier};

/// How often the line is drawn: each thread tells once a second.
const DRAW_EVERY: Duration = Duration::from_secs(1);
/// Where the picture begins and ends, and how wide it is: a column is a quarter of a decade.
const FROM_US: f64 = 10.0;
const COLUMNS: usize = 20;
const PER_DECADE: f64 = 4.0;
/// Heights of a column.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Colours of the terminal: what memcached answered is green, everything else yellow.
const HIT: &str = "\x1b[32m";
const MISS: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// Draws the line on a terminal, until the run is over.
pub(super) struct Live(Option<JoinHandle<()>>);

impl Live {
    /// The plan that tells what it sees, and who draws it; nobody where standard error is no terminal.
    pub(super) fn watch(plan: Plan) -> (Plan, Self) {
        if !stderr().is_terminal() {
            return (plan, Self(None));
        }
        let (told, heard) = channel();
        let drawing = thread::spawn(move || draw(&heard));
        (plan.send_progress_to(told), Self(Some(drawing)))
    }

    /// Waits for the last line to be wiped; the plan must be gone, or nobody knows that the run is over.
    pub(super) fn end(self) {
        if let Some(drawing) = self.0 {
            let _ = drawing.join();
        }
    }
}

fn draw(heard: &Receiver<Progress>) {
    let begin = Instant::now();
    let mut next = begin + DRAW_EVERY;
    let mut second: Option<Progress> = None;
    for progress in heard {
        match &mut second {
            None => second = Some(progress),
            Some(second) => second.add(&progress),
        }
        if Instant::now() >= next
            && let Some(second) = second.take()
        {
            next = Instant::now() + DRAW_EVERY / 2;
            let line = line(&second, begin.elapsed());
            let _ = write!(stderr(), "\r\x1b[K{line}");
        }
    }
    let _ = write!(stderr(), "\r\x1b[K");
}

fn line(second: &Progress, elapsed: Duration) -> String {
    let mut all = second.pages.clone();
    all.reset();
    for (_, times) in &second.times {
        // All of one range: they always add.
        let _ = all.add(times);
    }
    if all.is_empty() && second.failed == 0 {
        return format!("{:>4} s  warming up", elapsed.as_secs());
    }
    let ms = |quantile| all.value_at_quantile(quantile) as f64 / 1e3;
    let failed = match second.failed {
        0 => String::new(),
        n => format!("  {n} failed"),
    };
    format!(
        "{:>4} s  {:>7} requests/s  p50 {:.2}  p99 {:.2} ms{failed}  10us {} 1s",
        elapsed.as_secs(),
        all.len(),
        ms(0.5),
        ms(0.99),
        picture(second)
    )
}

/// A bar for each quarter of a decade, in the colour of who answered most of it.
fn picture(second: &Progress) -> String {
    let mut columns = [[0_u64; 2]; COLUMNS];
    for (tier, times) in &second.times {
        let side = usize::from(*tier != Tier::Memcached);
        count(times, |column, count| columns[column][side] += count);
    }
    let most = columns.iter().map(|sides| sides.iter().sum()).max();
    let most: u64 = most.unwrap_or(0).max(1);
    let mut picture = String::new();
    for [hits, misses] in columns {
        let height = (hits + misses) as f64 / most as f64;
        picture += if hits > misses { HIT } else { MISS };
        picture.push(match hits + misses {
            0 => ' ',
            _ => BARS[((height * 8.0).ceil() as usize).clamp(1, 8) - 1],
        });
    }
    picture + PLAIN
}

fn count(times: &Histogram<u64>, mut add: impl FnMut(usize, u64)) {
    for value in times.iter_recorded() {
        let decades = (value.value_iterated_to() as f64 / FROM_US).log10();
        let column = (decades * PER_DECADE).floor().max(0.0) as usize;
        add(column.min(COLUMNS - 1), value.count_since_last_iteration());
    }
}
