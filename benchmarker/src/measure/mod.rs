//! What the threads of a run count: below the engine, which counts, and the report, which evaluates.

mod failure;
pub(crate) mod histogram;
mod log_counts;
mod progress;
mod sample;
mod second;
mod tally;
mod tier;

pub use failure::Failure;
pub use log_counts::LogCounts;
pub use progress::Progress;
pub(crate) use sample::{PageSample, RequestKind, RequestSample};
pub(crate) use second::SecondTally;
pub(crate) use tally::{StepTally, Tally, by_tier};
pub use tier::Tier;
