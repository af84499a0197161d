//! A line on the terminal, redrawn every second of a run: the rate, the times, and a small histogram.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use benchmarker::{Histogram, Plan, Progress, Tier};

/// How often the line is drawn: each thread sends its progress once a second.
const DRAW_EVERY: Duration = Duration::from_secs(1);
/// The histogram's first time, its width, and its resolution: a column is a quarter of a decade.
const FROM_US: f64 = 10.0;
const COLUMNS: usize = 20;
const PER_DECADE: f64 = 4.0;
/// The heights of a column.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Terminal colours: green where memcached answered most, yellow elsewhere.
const HIT: &str = "\x1b[32m";
const MISS: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// Draws the line on a terminal until the run is over.
pub(super) struct Live(Option<JoinHandle<()>>);

impl Live {
    /// The plan with a progress channel, and the thread that draws; none when standard error is not a
    /// terminal.
    pub(super) fn watch(plan: Plan) -> (Plan, Self) {
        if !stderr().is_terminal() {
            return (plan, Self(None));
        }
        let (sender, receiver) = channel();
        let drawing = thread::spawn(move || draw(&receiver));
        (plan.send_progress_to(sender), Self(Some(drawing)))
    }

    /// Waits until the line is cleared. The plan must be dropped first: the channel ends with it.
    pub(super) fn end(self) {
        if let Some(drawing) = self.0 {
            let _ = drawing.join();
        }
    }
}

fn draw(receiver: &Receiver<Progress>) {
    let begin = Instant::now();
    let mut next = begin + DRAW_EVERY;
    let mut second: Option<Progress> = None;
    for progress in receiver {
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
        // Histograms of one range always add.
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

/// A bar for each quarter of a decade, in the colour of the tiers that answered most of it.
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
