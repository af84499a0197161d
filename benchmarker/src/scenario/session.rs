//! The session of one visitor: the requests of a scenario, one after another, without a socket.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Scenario;
use super::extract::Extract;
use super::headers::{self, Context};
use super::jar::Jar;
use super::next_step::NextStep;
use super::request::Request;
use super::response::{FailureReason, Outcome, Response};
use super::step::{Method, Step};
use super::values::Values;
use crate::page_list::path_of;

/// How many redirects a visitor follows for one step, as in browsers.
pub(crate) const REDIRECTS_MAX: u32 = 20;

/// The session of one visitor, from the first request to the last.
///
/// [`next`](Self::next) returns the next request, [`on_response`](Self::on_response) takes its response.
/// Cookies, extracted values and the random source belong to the visitor: the same seed, visitor
/// number and responses give the same requests.
#[derive(Debug)]
pub(crate) struct Session {
    scenario: Arc<Scenario>,
    /// The site, as in the header `Origin`.
    origin: Box<str>,
    values: Values,
    jar: Jar,
    next_step: NextStep,
    current: Current,
    /// The path of the page that the visitor is on; none before the first.
    page: Option<String>,
}

/// The buffers and the state of the current request.
#[derive(Debug)]
struct Current {
    is_under_way: bool,
    step: usize,
    method: Method,
    path: String,
    headers: String,
    body: Vec<u8>,
    content_type: &'static str,
    think: Duration,
    redirects: u32,
    /// The first target that the step was redirected to.
    location: Option<String>,
}

impl Session {
    /// The session of visitor `visitor` on the site that this address belongs to.
    pub(crate) fn new(scenario: &Arc<Scenario>, site: &Url, seed: u64, visitor: u64) -> Self {
        let mut values = Values::new(scenario, seed, visitor);
        Self {
            next_step: NextStep::new(scenario, &mut values),
            scenario: Arc::clone(scenario),
            origin: site.origin().ascii_serialization().into(),
            values,
            jar: Jar::default(),
            current: Current {
                is_under_way: false,
                step: 0,
                method: Method::Get,
                path: String::new(),
                headers: String::new(),
                body: Vec::new(),
                content_type: "",
                think: Duration::ZERO,
                redirects: 0,
                location: None,
            },
            page: None,
        }
    }

    /// Goes on to the next step and returns its request, or `None` at the end of the visit. A request
    /// that has had no response until then counts as failed.
    pub(crate) fn next(&mut self) -> Option<Request<'_>> {
        if self.current.is_under_way {
            self.next_step.failed();
            self.current.is_under_way = false;
        }
        let number = self.next_step.next(&self.scenario, &mut self.values)?;
        let scenario = &*self.scenario;
        let values = &mut self.values;
        let current = &mut self.current;
        let step = &scenario.steps[number];
        let is_first = current.path.is_empty();
        current.step = number;
        current.is_under_way = true;
        current.redirects = 0;
        current.location = None;
        current.method = step.method;
        current.think = if is_first {
            Duration::ZERO
        } else {
            let think = step.think.unwrap_or(scenario.load.think);
            think.draw(&mut values.random)
        };
        current.path.clear();
        step.path.fill_path(&mut current.path, |source, out| {
            values.write(scenario, source, out);
        });
        current.body.clear();
        if step.method == Method::Post {
            current.content_type = step.write_body(&mut current.body, |source, out| {
                values.write(scenario, source, out);
            });
        }
        self.write_headers();
        Some(self.request())
    }

    /// The current request, again: after a redirect, or for a retry.
    pub(crate) fn request(&self) -> Request<'_> {
        let current = &self.current;
        let step = &self.scenario.steps[current.step];
        Request {
            step: u16::try_from(current.step).unwrap_or(u16::MAX),
            method: current.method,
            path: &current.path,
            headers: &current.headers,
            body: &current.body,
            parts: step.parts,
            wants_body: step.reads_body(),
            think: current.think,
        }
    }

    /// Appends the header lines of the request for a part of the page.
    pub(crate) fn write_part_headers(&self, path: &str, is_picture: bool, out: &mut String) {
        self.context().write_for_part(path, is_picture, out);
    }

    /// Stores the cookies that arrived with a part.
    pub(crate) fn store_cookies(&mut self, set_cookies: &[&[u8]]) {
        set_cookies.iter().for_each(|header| self.jar.store(header));
    }

    /// Takes the response to the current request.
    pub(crate) fn on_response(&mut self, response: &Response<'_>) -> Outcome {
        self.store_cookies(response.set_cookies);
        self.current.is_under_way = false;
        let outcome = self.outcome(response).unwrap_or_else(Outcome::Failed);
        match outcome {
            Outcome::Done => self.next_step.done(&self.scenario, self.current.step),
            Outcome::Failed(_) => self.next_step.failed(),
            Outcome::Follow => {
                self.current.is_under_way = true;
                self.current.think = Duration::ZERO;
                self.write_headers();
            }
        }
        outcome
    }

    fn outcome(&mut self, response: &Response<'_>) -> Result<Outcome, FailureReason> {
        let scenario = &*self.scenario;
        let step = &scenario.steps[self.current.step];
        // `expect` is about the first response; the target of a redirect only has to be below 400.
        let is_expected = match self.current.redirects {
            0 => step.expects(response.status),
            _ => response.status < 400,
        };
        if !is_expected {
            return Err(FailureReason::Status);
        }
        if matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            let here = self.here().ok_or(FailureReason::NoLocation)?;
            let target = response.location.and_then(|target| here.join(target).ok());
            let target = target.ok_or(FailureReason::NoLocation)?;
            return self.current.follow(response.status, &here, &target);
        }
        if !step.extractions.is_empty() {
            let here = self.here().ok_or(FailureReason::NothingToExtract)?;
            extract(step, &self.current, response.body, &here, &mut self.values)?;
        }
        let page = self.page.get_or_insert_default();
        page.clone_from(&self.current.path);
        Ok(Outcome::Done)
    }

    /// The address of the current request.
    fn here(&self) -> Option<Url> {
        Url::parse(&format!("{}{}", self.origin, self.current.path)).ok()
    }

    fn context(&self) -> Context<'_> {
        Context {
            origin: &self.origin,
            page: self.page.as_deref(),
            jar: &self.jar,
        }
    }

    fn write_headers(&mut self) {
        let mut headers = std::mem::take(&mut self.current.headers);
        headers.clear();
        self.context()
            .write_for_page(self.current.method, &mut headers);
        if self.current.method == Method::Post {
            headers::line(&mut headers, "Content-Type", &[self.current.content_type]);
        }
        self.current.headers = headers;
    }
}

impl Current {
    fn follow(&mut self, status: u16, here: &Url, target: &Url) -> Result<Outcome, FailureReason> {
        if target.origin() != here.origin() {
            return Err(FailureReason::OtherSite);
        }
        self.redirects += 1;
        if self.redirects > REDIRECTS_MAX {
            return Err(FailureReason::TooManyRedirects);
        }
        // As in browsers, only 307 and 308 repeat the form.
        if !matches!(status, 307 | 308) {
            self.method = Method::Get;
            self.body.clear();
        }
        self.path.clear();
        self.path.push_str(path_of(target));
        self.location
            .get_or_insert_with(|| path_of(target).to_owned());
        Ok(Outcome::Follow)
    }
}

/// Extracts all values of the step, or none where a required one is missing.
fn extract(
    step: &Step,
    current: &Current,
    body: &[u8],
    page: &Url,
    values: &mut Values,
) -> Result<(), FailureReason> {
    let Values { random, user, .. } = &mut *values;
    let mut found = Vec::new();
    for extraction in &step.extractions {
        let text = match &extraction.extract {
            Extract::Location => current.location.clone(),
            extract => extract.find(body, page, user, random),
        };
        if extraction.is_required && text.is_none() {
            return Err(FailureReason::NothingToExtract);
        }
        found.push((extraction.value, text));
    }
    for (value, text) in found {
        values.set(value, text);
    }
    Ok(())
}
