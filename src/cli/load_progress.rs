//! The progress bar of `flickr-killr demo load`.

use std::fmt::Write;
use std::sync::Mutex;
use std::time::Instant;

use db::ConnectOptions;
use db::demo::{self, LoadError, Phase, Progress};
use db::schema::Contents;
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

/// Loads the demo set with a progress bar, and returns a summary line with the time of each phase.
pub(super) async fn load(
    options: &ConnectOptions,
    contents: Contents,
) -> Result<String, LoadError> {
    let bar = PhaseBar::new();
    let started = Instant::now();
    let loaded = demo::load(options, contents, |progress| bar.show(progress)).await;
    bar.bar.finish_and_clear();
    loaded?;
    let Contents {
        seed,
        users,
        photos,
    } = contents;
    Ok(format!(
        "loaded {users} users and {photos} photos from seed {seed} in {:.1} s ({})",
        started.elapsed().as_secs_f64(),
        bar.phase_times()
    ))
}

/// A bar with a style for each phase, and the time at which each phase began.
struct PhaseBar {
    bar: ProgressBar,
    phases: Mutex<Vec<(Phase, Instant)>>,
}

impl PhaseBar {
    fn new() -> Self {
        Self {
            bar: ProgressBar::new(1),
            phases: Mutex::new(Vec::new()),
        }
    }

    fn show(&self, progress: Progress) {
        let Ok(mut phases) = self.phases.lock() else {
            return;
        };
        if phases
            .last()
            .is_none_or(|(phase, _)| *phase < progress.phase)
        {
            phases.push((progress.phase, Instant::now()));
            self.bar.reset();
            self.bar.set_style(style(progress.phase));
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }

    /// "rows 9.1 s, keys 3.2 s, ..."
    fn phase_times(&self) -> String {
        let Ok(phases) = self.phases.lock() else {
            return String::new();
        };
        let part = |pair: &[(Phase, Instant)]| {
            let seconds = pair[1].1.duration_since(pair[0].1).as_secs_f64();
            format!("{} {seconds:.1} s", name(pair[0].0))
        };
        phases.windows(2).map(part).collect::<Vec<_>>().join(", ")
    }
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Inventing => "inventing",
        Phase::Rows => "rows",
        Phase::Keys => "keys",
        Phase::Indexes => "indexes",
        Phase::Done => "done",
    }
}

fn style(phase: Phase) -> ProgressStyle {
    let template = match phase {
        Phase::Inventing | Phase::Done => "{elapsed:>4} inventing people and photos",
        Phase::Rows => {
            "{elapsed:>4} rows {wide_bar} {human_pos} of {human_len} · {rate} rows/s · {eta} left"
        }
        Phase::Keys => "{elapsed:>4} keys {wide_bar} {pos} of {len}",
        Phase::Indexes => "{elapsed:>4} foreign keys and indexes {wide_bar} {pos} of {len}",
    };
    // The templates are constants; if one were invalid, a plain bar would be shown.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, line: &mut dyn Write| {
            // The writer is a string in memory: writing to it cannot fail.
            let _ = write!(line, "{}", HumanCount(state.per_sec() as u64));
        })
}
