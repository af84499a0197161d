//! What a talk is told.

use std::path::PathBuf;
use std::time::Duration;

/// How long a figure of the short form is measured.
const QUICK: Duration = Duration::from_millis(500);

/// Everything that can be said to [`tell`](super::tell).
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the site's state: every version runs on the same data.
    pub state_dir: PathBuf,
    /// Who runs the children when we are root.
    pub user: String,
    /// People in a new database.
    pub users: u32,
    /// Photos in a new database.
    pub photos: u32,
    /// Seed of a new database, of who is visited and in which order.
    pub seed: u64,
    /// How often the whole ladder is climbed.
    pub rounds: u32,
    /// How long each figure is measured.
    pub duration: Duration,
    /// The short form: shows that everything works.
    pub quick: bool,
    /// Where the result goes as Markdown.
    pub markdown: Option<PathBuf>,
    /// Where the result goes as JSON.
    pub json: Option<PathBuf>,
    /// Where the result goes as a page that stands alone.
    pub html: Option<PathBuf>,
    /// What `make demo-peers` has written; a missing file leaves its column out.
    pub peers: PathBuf,
}

impl Options {
    /// How long each figure is measured.
    pub(super) fn duration(&self) -> Duration {
        if self.quick {
            self.duration.min(QUICK)
        } else {
            self.duration
        }
    }

    /// How many people, drawn uniformly at random, are visited: enough that no page is asked for
    /// often, and that the few with very many photos weigh what they weigh.
    pub(super) fn people(&self) -> i64 {
        if self.quick { 200 } else { 2000 }
    }

    /// How many pages the popular ones are: some hundred pictures, drawn once in a quarter of a
    /// minute.
    pub(super) fn popular(&self) -> usize {
        if self.quick { 5 } else { 60 }
    }

    /// Whether wrk is asked as well: it takes a second at least.
    pub(super) fn asks_wrk(&self) -> bool {
        !self.quick
    }

    /// The command that repeats it, wherever the state lies.
    pub(super) fn command(&self) -> String {
        let Self {
            users,
            photos,
            seed,
            rounds,
            ..
        } = self;
        let seconds = self.duration.as_secs_f64();
        let quick = if self.quick { " --quick" } else { "" };
        format!(
            "flickr-killr demo talk{quick} --users {users} --photos {photos} --seed {seed} \
             --rounds {rounds} --seconds {seconds}"
        )
    }
}
