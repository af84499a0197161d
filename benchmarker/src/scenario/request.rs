//! One request of a scenario, ready to be written to a socket.

use std::time::Duration;

use super::step::Method;

/// The current request of a session. All of it is valid until the session gets the response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The index of the step in [`Scenario::step_names`](super::Scenario::step_names).
    pub(crate) step: u16,
    pub(crate) method: Method,
    /// Path and query, escaped for a request line.
    pub(crate) path: &'a str,
    /// Complete header lines, except `Host`, `Content-Length` and the headers that all requests of
    /// a run share.
    pub(crate) headers: &'a str,
    /// Empty for GET.
    pub(crate) body: &'a [u8],
    /// Whether css, js and pictures of the page are fetched too.
    pub(crate) parts: bool,
    /// Whether the session needs [`Response::body`](super::Response::body).
    pub(crate) wants_body: bool,
    /// The think time before the request.
    pub(crate) think: Duration,
}
