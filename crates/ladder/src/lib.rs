//! The ladder: runs each version of the site as a person would, measures it, and tells what it bought.
//!
//! In reading order: [`tell`] is the whole story; `site` runs one version, `conformance` checks that
//! it answers like the first, `body` says what is asked for, `measure` makes one figure of it with
//! CPU by tier and the site's own `counters` beside, `doubts` looks for reasons to mistrust it;
//! `record` is everything found, `summary` puts rounds together, `tables` shows them.
//!
//! Invariants. Nothing is left running and the userid index is there when [`tell`] returns, however
//! it returns. What is printed and what is written is made from one [`Talk`].

mod body;
mod conformance;
mod cores;
mod counters;
mod doubts;
mod grid;
mod http;
mod index;
mod interrupt;
pub mod lab;
mod machine;
mod measure;
mod numbers;
mod options;
mod page;
mod peers;
mod record;
mod screen;
mod site;
mod spoken;
mod summary;
mod tables;
mod talk;
mod words;
mod written;
mod wrk;

pub use body::Body;
pub use machine::Machine;
pub use options::Options;
pub use peers::Peers;
pub use record::{Cpu, Data, FilesAnswered, Measured, SCHEMA, Step, Talk};
pub use summary::{Middle, Row};
pub use tables::Tables;
pub use talk::tell;
