//! The ladder: runs each version of the site as a person would, measures it, and reports what each step gains.
//!
//! In reading order: [`run`] is the whole talk; `site` runs one version, `conformance` checks that it answers like
//! the first, `workload` is what is requested, `measure` makes one figure of it with CPU by tier and the site's own
//! `counters`, `validity` looks for reasons to doubt the figure; `record` is everything measured, `summary` combines
//! the rounds, `tables` formats them, `output` writes the files.
//!
//! Invariants. When [`run`] returns, with an error or without, no process is left running and the userid index
//! exists. The output on the terminal and in files is made from one [`Talk`].

mod baselines;
mod conformance;
mod counters;
mod grid;
mod host_cpu;
mod http;
mod index;
mod interrupt;
pub mod lab;
mod machine;
mod measure;
mod numbers;
mod options;
mod output;
mod page;
mod record;
mod screen;
mod site;
mod story;
mod summary;
mod tables;
mod talk;
mod terminal;
mod validity;
mod workload;
mod wrk;

pub use baselines::Baselines;
pub use machine::Machine;
pub use options::Options;
pub use page::html;
pub use record::{Cpu, Data, FilesAnswered, Measured, SCHEMA, Step, Talk};
pub use summary::{Middle, Row};
pub use tables::Tables;
pub use talk::run;
pub use workload::Workload;
