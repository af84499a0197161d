//! The options of a talk.

use std::path::PathBuf;
use std::time::Duration;

/// How long a figure of the short form is measured.
const QUICK: Duration = Duration::from_millis(500);

/// The options of [`run`](super::run).
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the site's state: every version runs on the same data.
    pub state_dir: PathBuf,
    /// The user that runs the children if this program is started as root.
    pub user: String,
    /// People in a new database.
    pub users: u32,
    /// Photos in a new database.
    pub photos: u32,
    /// Seed of a new database, and of the choice and order of the people visited.
    pub seed: u64,
    /// How many times the whole ladder is run.
    pub rounds: u32,
    /// How long each figure is measured.
    pub duration: Duration,
    /// The short form: shows that everything works.
    pub quick: bool,
    /// Where the result goes as Markdown.
    pub markdown: Option<PathBuf>,
    /// Where the result goes as JSON.
    pub json: Option<PathBuf>,
    /// Where the result goes as a self-contained HTML page.
    pub html: Option<PathBuf>,
    /// The file that `make demo-peers` writes; without it the column is left out.
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

    /// How many people, drawn uniformly at random, are visited: enough that no page is requested often, and that
    /// the few with very many photos have their proper weight.
    pub(super) fn people(&self) -> i64 {
        if self.quick { 200 } else { 2000 }
    }

    /// How many popular pages are visited: they have some hundred pictures, which take a quarter of a minute to make
    /// once.
    pub(super) fn popular(&self) -> usize {
        if self.quick { 5 } else { 60 }
    }

    /// Whether wrk measures as well: it takes a second at least.
    pub(super) fn asks_wrk(&self) -> bool {
        !self.quick
    }

    /// The command that repeats the talk, with any state directory.
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
