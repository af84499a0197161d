use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Scenario;
use super::ask::{Answer, Ask, Outcome, Why};
use super::course::Course;
use super::headers::{self, CameFrom};
use super::jar::Jar;
use super::step::{Method, Step};
use super::take::Take;
use super::values::Values;
use crate::pages::path_of;

/// How many redirects a visitor follows for one step, as in browsers.
pub(crate) const REDIRECTS_MAX: u32 = 20;

/// What one visitor does, from the first request to the last; without any socket.
///
/// [`next`](Self::next) says what is asked for, [`answered`](Self::answered) is told what came back.
/// The cookies, the values taken and the chance belong to the visitor: the same seed, the same number
/// of the visitor and the same answers give the same requests.
#[derive(Debug)]
pub(crate) struct Session {
    scenario: Arc<Scenario>,
    /// The site as the header `Origin` says it.
    origin: Box<str>,
    values: Values,
    jar: Jar,
    course: Course,
    request: Request,
    /// The path of the page that the visitor looks at; none before the first.
    page: Option<String>,
}

#[derive(Debug)]
struct Request {
    is_under_way: bool,
    step: usize,
    method: Method,
    path: String,
    headers: String,
    body: Vec<u8>,
    content_type: &'static str,
    think: Duration,
    redirects: u32,
    /// The first place that the step was redirected to.
    location: Option<String>,
}

impl Session {
    /// A visitor of the site that this address belongs to.
    pub(crate) fn new(scenario: &Arc<Scenario>, site: &Url, seed: u64, visitor: u64) -> Self {
        let mut values = Values::new(scenario, seed, visitor);
        Self {
            course: Course::new(scenario, &mut values),
            scenario: Arc::clone(scenario),
            origin: site.origin().ascii_serialization().into(),
            values,
            jar: Jar::default(),
            request: Request {
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

    /// Goes on to the next step and says what it asks for; nothing when this visitor is done and a new
    /// one comes. A request that was not answered until then counts as failed.
    pub(crate) fn next(&mut self) -> Option<Ask<'_>> {
        if self.request.is_under_way {
            self.course.failed();
            self.request.is_under_way = false;
        }
        let number = self.course.next(&self.scenario, &mut self.values)?;
        let scenario = &*self.scenario;
        let values = &mut self.values;
        let request = &mut self.request;
        let step = &scenario.steps[number];
        let is_first = request.path.is_empty();
        request.step = number;
        request.is_under_way = true;
        request.redirects = 0;
        request.location = None;
        request.method = step.method;
        request.think = if is_first {
            Duration::ZERO
        } else {
            let think = step.think.unwrap_or(scenario.load.think);
            think.draw(&mut values.random)
        };
        request.path.clear();
        step.path.fill_path(&mut request.path, |source, out| {
            values.write(scenario, source, out);
        });
        request.body.clear();
        if step.method == Method::Post {
            request.content_type = step.write_body(&mut request.body, |source, out| {
                values.write(scenario, source, out);
            });
        }
        self.write_headers();
        Some(self.ask())
    }

    /// What is asked for at the moment, once more: after a redirect, or for another try.
    pub(crate) fn ask(&self) -> Ask<'_> {
        let request = &self.request;
        let step = &self.scenario.steps[request.step];
        Ask {
            step: u16::try_from(request.step).unwrap_or(u16::MAX),
            method: request.method,
            path: &request.path,
            headers: &request.headers,
            body: &request.body,
            parts: step.parts,
            wants_body: step.reads_body(),
            think: request.think,
        }
    }

    /// Appends the header lines that a part of the page is asked for with.
    pub(crate) fn write_part_headers(&self, path: &str, is_picture: bool, out: &mut String) {
        self.came_from().write_for_part(path, is_picture, out);
    }

    /// Keeps the cookies that came with a part.
    pub(crate) fn keep_cookies(&mut self, set_cookies: &[&[u8]]) {
        set_cookies.iter().for_each(|header| self.jar.keep(header));
    }

    /// Reads the answer of what was asked for.
    pub(crate) fn answered(&mut self, answer: &Answer<'_>) -> Outcome {
        self.keep_cookies(answer.set_cookies);
        self.request.is_under_way = false;
        let outcome = self.judge(answer).unwrap_or_else(Outcome::Failed);
        match outcome {
            Outcome::Done => self.course.done(&self.scenario, self.request.step),
            Outcome::Failed(_) => self.course.failed(),
            Outcome::Follow => {
                self.request.is_under_way = true;
                self.request.think = Duration::ZERO;
                self.write_headers();
            }
        }
        outcome
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<Outcome, Why> {
        let scenario = &*self.scenario;
        let step = &scenario.steps[self.request.step];
        // What a redirect leads to is a page like any other: the step says only what it expects itself.
        let is_fine = match self.request.redirects {
            0 => step.expects(answer.status),
            _ => answer.status < 400,
        };
        if !is_fine {
            return Err(Why::Status);
        }
        if matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            let here = self.here().ok_or(Why::LeadsNowhere)?;
            let place = answer.location.and_then(|place| here.join(place).ok());
            let place = place.ok_or(Why::LeadsNowhere)?;
            return self.request.follow(answer.status, &here, &place);
        }
        if !step.takes.is_empty() {
            let here = self.here().ok_or(Why::NothingToTake)?;
            take(step, &self.request, answer.body, &here, &mut self.values)?;
        }
        let page = self.page.get_or_insert_default();
        page.clone_from(&self.request.path);
        Ok(Outcome::Done)
    }

    /// The address of what was asked for.
    fn here(&self) -> Option<Url> {
        Url::parse(&format!("{}{}", self.origin, self.request.path)).ok()
    }

    fn came_from(&self) -> CameFrom<'_> {
        CameFrom {
            origin: &self.origin,
            page: self.page.as_deref(),
            jar: &self.jar,
        }
    }

    fn write_headers(&mut self) {
        let mut headers = std::mem::take(&mut self.request.headers);
        headers.clear();
        self.came_from()
            .write_for_page(self.request.method, &mut headers);
        if self.request.method == Method::Post {
            headers::line(&mut headers, "Content-Type", &[self.request.content_type]);
        }
        self.request.headers = headers;
    }
}

impl Request {
    fn follow(&mut self, status: u16, here: &Url, place: &Url) -> Result<Outcome, Why> {
        if place.origin() != here.origin() {
            return Err(Why::LeadsAway);
        }
        self.redirects += 1;
        if self.redirects > REDIRECTS_MAX {
            return Err(Why::LeadsOnAndOn);
        }
        // As browsers do: only 307 and 308 send a form once more.
        if !matches!(status, 307 | 308) {
            self.method = Method::Get;
            self.body.clear();
        }
        self.path.clear();
        self.path.push_str(path_of(place));
        self.location
            .get_or_insert_with(|| path_of(place).to_owned());
        Ok(Outcome::Follow)
    }
}

/// Takes all that the step wants, or nothing where one is missing that is due.
fn take(
    step: &Step,
    request: &Request,
    body: &[u8],
    page: &Url,
    values: &mut Values,
) -> Result<(), Why> {
    let Values { random, user, .. } = &mut *values;
    let mut found = Vec::new();
    for taking in &step.takes {
        let text = match &taking.take {
            Take::Location => request.location.clone(),
            take => take.find(body, page, user, random),
        };
        if taking.is_due && text.is_none() {
            return Err(Why::NothingToTake);
        }
        found.push((taking.value, text));
    }
    for (value, text) in found {
        values.set(value, text);
    }
    Ok(())
}
