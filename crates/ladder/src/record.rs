//! The complete result of a talk: all output is made from this.

use domain::rung::Rung;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::numbers::ms;
use super::workload::Workload;

/// The version of the JSON format; changed when a reader of the old format would misread the new one.
pub const SCHEMA: u32 = 1;

/// One talk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Talk {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The command that repeats the talk.
    pub command: String,
    pub machine: Machine,
    pub data: Data,
    /// How many static files a page has.
    pub files_per_page: usize,
    /// How long each figure was measured, in seconds.
    pub seconds: f64,
    /// Whether this is the short form, whose numbers are not meaningful.
    pub quick: bool,
    /// The figures of each run of the whole ladder.
    pub rounds: Vec<Vec<Measured>>,
}

/// The data, and the seed that everything was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    pub users: u32,
    pub photos: u32,
    /// The seed of the data and of every order of requests.
    pub seed: u64,
}

/// A version of the ladder, with its index or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Step {
    /// A version as it is.
    Version(Rung),
    /// The last version without its userid index.
    WithoutIndex,
    /// The last version with its userid index created again.
    IndexAgain,
}

impl Step {
    /// All steps, in the order of the talk.
    pub const ALL: [Self; 6] = [
        Self::Version(Rung::CgiStrawman),
        Self::Version(Rung::OneServer),
        Self::Version(Rung::SharedNothing),
        Self::Version(Rung::CacheMoney),
        Self::WithoutIndex,
        Self::IndexAgain,
    ];

    /// The name in tables.
    pub fn title(self) -> String {
        match self {
            Self::Version(rung) => format!("{rung} {}", rung.name()),
            Self::WithoutIndex => "0.4 without its index".to_owned(),
            Self::IndexAgain => "0.4 with its index again".to_owned(),
        }
    }

    /// The same without the name of the version.
    pub fn short(self) -> String {
        match self {
            Self::Version(rung) => rung.to_string(),
            Self::WithoutIndex | Self::IndexAgain => self.title(),
        }
    }

    /// The version alone, for use beside a factor.
    pub fn version(self) -> &'static str {
        match self {
            Self::Version(rung) => rung.version(),
            Self::WithoutIndex | Self::IndexAgain => Rung::CacheMoney.version(),
        }
    }

    /// The step that the factor is over: the version before; for the last version without its index the first version.
    pub fn before(self) -> Option<Self> {
        match self {
            Self::Version(rung) => {
                let at = Rung::ALL.iter().position(|one| *one == rung)?;
                Rung::ALL
                    .get(at.checked_sub(1)?)
                    .map(|one| Self::Version(*one))
            }
            Self::WithoutIndex => Some(Self::Version(Rung::CgiStrawman)),
            Self::IndexAgain => Some(Self::Version(Rung::CacheMoney)),
        }
    }
}

impl From<Step> for String {
    fn from(step: Step) -> Self {
        step.title()
    }
}

impl TryFrom<String> for Step {
    type Error = String;

    fn try_from(title: String) -> Result<Self, String> {
        let mut steps = Self::ALL.into_iter();
        let found = steps.find(|step| step.title() == title);
        found.ok_or_else(|| format!("{title} is no step of the ladder"))
    }
}

/// One figure, and everything measured with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    pub step: Step,
    /// Under which workload.
    #[serde(rename = "body")]
    pub workload: Workload,
    /// Answered requests a second: the headline.
    pub requests_per_sec: f64,
    /// Mean time of a request, in milliseconds.
    pub average_request_ms: f64,
    /// Its median.
    pub p50_ms: f64,
    /// Its 95th percentile.
    pub p95_ms: f64,
    /// Whole pages a second, or files a second if the workload is files alone.
    pub units_per_sec: f64,
    /// Answered requests in all.
    pub requests: u64,
    /// Failed requests; no other number includes them.
    pub errors: u64,
    /// CPU of one page, or of one file if the workload is files alone.
    pub cpu: Cpu,
    /// The share of its thread's time in which the load generator was busy.
    pub generator_busy: f64,
    /// Units a second that the cores could make at most, computed from that CPU.
    pub by_hand_per_sec: f64,
    /// The share of the time in which the cores were busy, with this or other work, 0 to 1.
    pub busy: f64,
    /// The same rate measured by wrk, where it is installed and supports the workload.
    pub wrk_per_sec: Option<f64>,
    /// Which tier answered the requests for files.
    pub files: FilesAnswered,
    /// The comparison with the counters of the site.
    pub audit: String,
    /// Reasons to doubt the figure.
    pub doubts: Vec<String>,
    /// Response times: `microseconds:count`, separated by blanks, exact to one in a hundred.
    pub request_us: String,
}

/// CPU of one unit by tier, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// The database.
    pub postgres_ms: f64,
    /// nginx.
    pub nginx_ms: f64,
    /// The app, CGI programs that have exited included.
    pub app_ms: f64,
    /// memcached.
    pub memcached_ms: f64,
    /// The load generator, which runs on the same machine.
    pub generator_ms: f64,
}

impl Cpu {
    pub fn sum_ms(&self) -> f64 {
        self.postgres_ms + self.nginx_ms + self.app_ms + self.memcached_ms + self.generator_ms
    }

    /// On one line, without the tiers that used no CPU.
    pub(super) fn described(&self) -> String {
        let tiers = [
            ("PostgreSQL", self.postgres_ms),
            ("nginx", self.nginx_ms),
            ("app", self.app_ms),
            ("memcached", self.memcached_ms),
            ("generator", self.generator_ms),
        ];
        let used = tiers.into_iter().filter(|(_, used)| *used > 0.0);
        let used: Vec<String> = used
            .map(|(name, used)| format!("{name} {}", ms(used)))
            .collect();
        format!("{} ms", used.join(", "))
    }
}

/// Answered requests for files (css, js, pictures), by the tier that answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesAnswered {
    /// All of them.
    pub asked: u64,
    /// By nginx, from memcached.
    pub memcached: u64,
    /// By nginx, from disk.
    pub disk: u64,
    /// By the app.
    pub app: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_known_again_and_stands_on_the_one_before() {
        for step in Step::ALL {
            assert_eq!(Step::try_from(step.title()), Ok(step));
        }
        let before = |step: Step| step.before().map(Step::title);
        assert_eq!(before(Step::ALL[0]), None);
        assert_eq!(before(Step::ALL[3]), Some(Step::ALL[2].title()));
        assert_eq!(before(Step::WithoutIndex), Some(Step::ALL[0].title()));
    }
}
