//! A threaded load generator that fetches pages as a browser would.
//!
//! A *page view* is the HTML of a page and then the css, js and pictures it
//! refers to, fetched over the few keep-alive connections of one virtual
//! browser. [`run`] takes a [`Plan`], keeps its browsers busy until the time is
//! over and returns a [`Report`].
//!
//! ```no_run
//! use benchmarker::{PageList, Plan, run};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), benchmarker::Error> {
//! let pages = PageList::parse("/\n/people/anna\n", Some("http://127.0.0.1:8080"))?;
//! let plan = Plan::new(pages).connections(32).duration(Duration::from_secs(5));
//! let report = run(&plan)?;
//! println!("{:.0} requests/s, {:.0} pages/s", report.requests_per_sec, report.pages_per_sec);
//! # Ok(())
//! # }
//! ```
//!
//! In the order to read them: [`Plan`] says what to do, `target` where, `engine`
//! does it (a thread owns everything it touches; nothing is shared but the plan
//! and the word "stop"), `html` finds the parts of a page, [`Report`] tells. A
//! [`Scenario`] is what visitors do beyond reading a list of pages.

#![warn(missing_docs)]

mod capacity;
pub mod chart;
pub mod compare;
mod engine;
mod error;
mod html;
mod load;
mod measure;
mod null_server;
mod numbers;
pub mod page;
mod page_list;
mod plan;
mod preflight;
mod random;
mod report;
pub mod rules;
mod run;
mod scenario;
pub mod stats;
mod target;
mod writable;

pub use capacity::{Capacity, Limit, Trial, capacity};
pub use error::Error;
pub use hdrhistogram::Histogram;
pub use html::Lazy;
pub use load::{Load, Stage, Stages, Think, parse_time};
pub use measure::{Failure, LogCounts, Progress, Tier};
pub use null_server::NullServer;
pub use page_list::PageList;
pub use plan::{Fetch, Order, Plan, Visitors};
pub use report::{
    Check, CheckResult, ELEMENT_ID, Errors, Generator, Histograms, LoadModel, LoadReport, Machine,
    Report, Requests, SCHEMA, Schema, Second, StepReport, TierCounts, TierReport, Tiers, Times,
};
pub use rules::Rules;
pub use run::run;
pub use scenario::{Need, Scenario};
pub use writable::check_writable;
