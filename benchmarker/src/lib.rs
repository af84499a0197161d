//! A threaded load generator that fetches pages as a browser would.
//!
//! A *page view* is the HTML of a page and then the css, js and pictures that it refers to, fetched
//! over the few keep-alive connections of one virtual browser. [`run()`] carries out a [`Plan`] and
//! returns a [`Report`]: fields for programs, [`Display`](std::fmt::Display) and [`page`] for people.
//!
//! ```
//! use std::time::Duration;
//!
//! use benchmarker::{NullServer, PageList, Plan, run};
//!
//! # fn main() -> Result<(), benchmarker::Error> {
//! // An nginx of its own, where that is installed; otherwise the address of your site.
//! let server = match NullServer::start() {
//!     Ok(server) => server,
//!     Err(_) => return Ok(()),
//! };
//! let pages = PageList::parse("/\n/people/anna\n", Some(server.url()))?;
//! let plan = Plan::new(pages)
//!     .connections(12)
//!     .warmup(Duration::ZERO)
//!     .duration(Duration::from_millis(200));
//! let report = run(&plan)?;
//! println!("{report}");
//! assert_eq!(report.requests.total, report.requests.html);
//! assert_eq!(report.errors.total, 0);
//! # Ok(())
//! # }
//! ```
//!
//! In reading order: [`Plan`] is what to do, `target` where; `engine` does it (a thread owns everything
//! it touches; threads share only the plan and the stop flag), with `html` to find the parts of a page
//! and `measure` to count; [`Report`] evaluates the counts. A [`Scenario`] is what visitors do beyond
//! reading a list of pages. [`stats`] and [`compare`] are the evidence, [`chart`] and [`page`] show it.

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
