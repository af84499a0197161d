//! The bytes of a request, and the meaning of its response.

use std::mem;
use std::time::Instant;

use super::browser::{Browser, What};
use super::list_session::ListSession;
use super::parts_cache::decompressed;
use super::response::{Extras, Head, Keep, Wants, hash};
use super::worker::Worker;
use super::workload::Workload;
use crate::html::Kind;
use crate::measure::Failure;
use crate::scenario::{FailureReason, Method, Outcome, Response, Session};
use crate::{Fetch, Plan};

/// What a response means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interpretation {
    pub(super) failure: Option<Failure>,
    /// Why it failed, where that is more than a status.
    pub(super) reason: Option<&'static str>,
    /// Whether the page view goes on at the target of a redirect.
    pub(super) follows_redirect: bool,
}

impl Interpretation {
    fn of_status(status: u16) -> Self {
        Self {
            failure: match status {
                500.. => Some(Failure::Status5xx),
                400.. => Some(Failure::Status4xx),
                _ => None,
            },
            reason: None,
            follows_redirect: false,
        }
    }

    fn fail(&mut self, reason: FailureReason) {
        self.failure = Some(Failure::Unexpected);
        self.reason = Some(reason.as_str());
    }
}

impl Worker {
    /// Writes a request into the buffer of its connection, and prepares to read the response.
    pub(super) fn write_request(&mut self, c: usize, what: What, now: Instant) {
        let plan = &self.shared.plan;
        let connection = &mut self.connections[c];
        let browser = &mut self.browsers[connection.browser];
        let mut method = Method::Get;
        let (path, mut wants) = match what {
            What::Html => (browser.workload.path(plan), Wants::NOTHING),
            What::Part(index) => (&*browser.parts[index].path, Wants::NOTHING),
        };
        wants.cache = browser.cache.is_some();
        let mut scans = what == What::Html && plan.fetch != Fetch::PagesOnly;
        let lines = &mut self.lines;
        lines.clear();
        let mut body = &[][..];
        match &browser.workload {
            // Single pages without a cache have no cookies.
            Workload::List(_) if plan.fetch == Fetch::PagesOnly && browser.cache.is_none() => {}
            Workload::List(session) => {
                wants.session = true;
                session.write_cookies(lines);
            }
            Workload::Scenario(sessions) => {
                wants.session = true;
                match what {
                    What::Html => {
                        let request = sessions.session.request();
                        method = request.method;
                        body = request.body;
                        scans &= request.parts;
                        lines.push_str(request.headers);
                        if request.wants_body {
                            wants.keep = Keep::Everything;
                        }
                    }
                    What::Part(index) => {
                        let is_picture = browser.parts[index].kind == Kind::Picture;
                        sessions.session.write_part_headers(path, is_picture, lines);
                    }
                }
            }
        }
        if let What::Part(index) = what
            && browser.parts[index].is_sheet
            && !self.parts_cache.has_sheet(path)
        {
            wants.keep = Keep::Everything;
        }
        if scans && wants.keep == Keep::Nothing {
            wants.keep = self.parts_cache.keep(hash(path.as_bytes()));
        }
        if wants.keep != Keep::Nothing {
            connection.reader.body = self.spare_bodies.pop().unwrap_or_default();
        }
        connection.reader.begin(wants);
        let out = connection.prepare();
        out.extend_from_slice(method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(path.as_bytes());
        out.extend_from_slice(&self.shared.request_tail);
        out.extend_from_slice(lines.as_bytes());
        if method == Method::Get {
            if let Some(validators) = browser.validators(path, now) {
                validators.write_to(out);
            }
        } else {
            out.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body);
    }

    /// Interprets a complete response, and updates the browser's cache, session and parts.
    pub(super) fn interpret(
        &mut self,
        c: usize,
        what: What,
        head: &Head,
        kept: bool,
        now: Instant,
    ) -> Interpretation {
        let reader = &mut self.connections[c].reader;
        let mut meaning = Interpretation::of_status(head.status);
        if reader.wants == Wants::NOTHING {
            return meaning;
        }
        let body = mem::take(&mut reader.body);
        let kept = kept.then_some(body.as_slice());
        let extras = mem::take(&mut reader.extras);
        let browser = &mut self.browsers[self.connections[c].browser];
        let plan = &self.shared.plan;
        update_cache(browser, plan, what, head.status, &extras, now);
        let mut scans = what == What::Html && plan.fetch != Fetch::PagesOnly && head.status == 200;
        match &mut browser.workload {
            Workload::List(session) => {
                list_response(session, plan, what, head.status, &extras, &mut meaning);
            }
            Workload::Scenario(sessions) => {
                let session = &mut sessions.session;
                scans &= what == What::Html && session.request().parts;
                scenario_response(session, what, head, &extras, kept, &mut meaning);
            }
        }
        self.scan(c, what, head, kept, scans && !meaning.follows_redirect);
        if body.capacity() > 0 {
            self.spare_bodies.push(body);
        }
        meaning
    }

    /// Finds the imports of a style sheet, or the parts of a page.
    fn scan(&mut self, c: usize, what: What, head: &Head, body: Option<&[u8]>, is_page: bool) {
        let browser = &mut self.browsers[self.connections[c].browser];
        let plan = &self.shared.plan;
        let path = browser.workload.path(plan);
        let page = || hash(path.as_bytes());
        if let What::Part(index) = what
            && browser.parts[index].is_sheet
            && head.status == 200
            && let Some(body) = body
        {
            let sheet = &browser.parts[index].path;
            let css = decompressed(body, head.gzip);
            self.parts_cache.add_sheet(&plan.pages.origin, sheet, &css);
            browser.parts = self.parts_cache.with_imports(page(), &browser.parts);
        } else if is_page {
            let origin = &plan.pages.origin;
            browser.parts = self.parts_cache.parts(origin, path, page(), head, body);
        }
    }
}

/// Stores a response in the browser's cache, or refreshes what is stored.
fn update_cache(
    browser: &mut Browser,
    plan: &Plan,
    what: What,
    status: u16,
    extras: &Extras,
    now: Instant,
) {
    let (Some(cache), Some(headers)) = (&mut browser.cache, &extras.cache) else {
        return;
    };
    let path = match what {
        What::Html => browser.workload.path(plan),
        What::Part(index) => &browser.parts[index].path,
    };
    let key = hash(path.as_bytes());
    match status {
        304 => cache.refresh(key, headers, now),
        // The response to a form is not stored.
        _ if what == What::Html && browser.workload.posts() => {}
        _ => cache.store(key, headers, now),
    }
}

fn list_response(
    session: &mut ListSession,
    plan: &Plan,
    what: What,
    status: u16,
    extras: &Extras,
    meaning: &mut Interpretation,
) {
    session.store_cookies(&extras.set_cookies);
    if let (What::Html, 301 | 302 | 303 | 307 | 308, Some(location)) =
        (what, status, extras.location.as_deref())
    {
        match session.follow(plan, location) {
            Ok(follows) => meaning.follows_redirect = follows,
            Err(reason) => meaning.fail(reason),
        }
    }
}

fn scenario_response(
    session: &mut Session,
    what: What,
    head: &Head,
    extras: &Extras,
    kept: Option<&[u8]>,
    meaning: &mut Interpretation,
) {
    let cookies: Vec<&[u8]> = extras.set_cookies.iter().map(AsRef::as_ref).collect();
    if what != What::Html {
        return session.store_cookies(&cookies);
    }
    let body = kept.map(|body| decompressed(body, head.gzip));
    let outcome = session.on_response(&Response {
        status: head.status,
        location: extras.location.as_deref(),
        set_cookies: &cookies,
        body: body.as_deref().unwrap_or_default(),
    });
    match outcome {
        // A step may expect a status that is otherwise a failure.
        Outcome::Done => meaning.failure = None,
        Outcome::Follow => {
            meaning.failure = None;
            meaning.follows_redirect = true;
        }
        Outcome::Failed(FailureReason::Status) if meaning.failure.is_some() => {}
        Outcome::Failed(reason) => meaning.fail(reason),
    }
}
