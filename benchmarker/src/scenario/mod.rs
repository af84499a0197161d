//! Scenarios: what visitors do on a site, written in TOML, and the session of one visitor.
//!
//! In reading order: [`written`] is the file's syntax, [`build`] checks it and makes a [`Scenario`],
//! or returns an error with line and column; [`session`] is one visitor ([`next_step`] chooses the
//! step, [`values`] fills its placeholders, [`headers`] adds what browsers send, [`extract`] reads
//! values from the response). Nothing here knows sockets: the engine sends the requests of a session
//! and hands it the responses.

mod build;
mod definition;
mod dependencies;
mod extract;
mod headers;
mod jar;
mod lists;
mod load;
mod names;
mod next_step;
mod open;
mod place;
mod popularity;
mod request;
mod response;
mod session;
mod shipped;
mod shorthand;
mod step;
mod template;
#[cfg(test)]
mod tests;
mod values;
mod visit;
mod written;

pub use definition::{Need, Scenario};
pub(crate) use jar::Jar;
pub(crate) use response::{FailureReason, Outcome, Response};
pub(crate) use session::{REDIRECTS_MAX, Session};
pub(crate) use step::Method;
