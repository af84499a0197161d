//! What a browser says and hears: a request put together, and what its answer means.

use std::mem;
use std::time::Instant;

use super::browser::What;
use super::response::{Head, Keep, Wants, hash};
use super::scanned;
use super::script::Script;
use super::worker::Worker;
use crate::Fetch;
use crate::html::Kind;
use crate::report::Failure;
use crate::scenario::{Answer, Method, Outcome, Why};

/// What an answer means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) failure: Option<Failure>,
    /// What of the scenario's expectations it did not meet, where that is more than a status.
    pub(super) why: Option<&'static str>,
    /// Whether the page view goes on at another address.
    pub(super) leads_on: bool,
}

impl Worker {
    /// Puts a request together, and makes ready to read its answer.
    pub(super) fn write(&mut self, c: usize, what: What, now: Instant) {
        let plan = &self.shared.plan;
        let connection = &mut self.connections[c];
        let browser = &mut self.browsers[connection.browser];
        let mut method = Method::Get;
        let (path, mut wants) = match what {
            What::Html => (browser.script.path(plan), Wants::NOTHING),
            What::Part(index) => (&*browser.parts[index].path, Wants::NOTHING),
        };
        wants.cache = browser.cache.is_some();
        let mut scans = what == What::Html && plan.fetch != Fetch::PagesOnly;
        let lines = &mut self.lines;
        lines.clear();
        let mut body = &[][..];
        match &browser.script {
            // Who fetches single pages and keeps nothing has nothing to say.
            Script::List(_) if plan.fetch == Fetch::PagesOnly && browser.cache.is_none() => {}
            Script::List(walk) => {
                wants.session = true;
                walk.write_cookies(lines);
            }
            Script::Scenario(visits) => {
                wants.session = true;
                match what {
                    What::Html => {
                        let ask = visits.session.ask();
                        method = ask.method;
                        body = ask.body;
                        scans &= ask.parts;
                        lines.push_str(ask.headers);
                        if ask.wants_body {
                            wants.keep = Keep::Everything;
                        }
                    }
                    What::Part(index) => {
                        let is_picture = browser.parts[index].kind == Kind::Picture;
                        visits.session.write_part_headers(path, is_picture, lines);
                    }
                }
            }
        }
        if let What::Part(index) = what
            && browser.parts[index].is_sheet
            && !self.scanned.knows_sheet(path)
        {
            wants.keep = Keep::Everything;
        }
        if scans && wants.keep == Keep::Nothing {
            wants.keep = self.scanned.keep(hash(path.as_bytes()));
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

    /// Takes in what an answer says, beyond that it came.
    pub(super) fn hear(
        &mut self,
        c: usize,
        what: What,
        head: &Head,
        kept: bool,
        now: Instant,
    ) -> Heard {
        let connection = &mut self.connections[c];
        let mut heard = Heard {
            failure: match head.status {
                500.. => Some(Failure::Status5xx),
                400.. => Some(Failure::Status4xx),
                _ => None,
            },
            why: None,
            leads_on: false,
        };
        if connection.reader.wants == Wants::NOTHING {
            return heard;
        }
        let body = mem::take(&mut connection.reader.body);
        let kept = kept.then_some(body.as_slice());
        let extras = mem::take(&mut connection.reader.extras);
        let browser = &mut self.browsers[connection.browser];
        let plan = &self.shared.plan;
        if let (Some(cache), Some(said)) = (&mut browser.cache, &extras.cache) {
            let path = match what {
                What::Html => browser.script.path(plan),
                What::Part(index) => &browser.parts[index].path,
            };
            let key = hash(path.as_bytes());
            match head.status {
                304 => cache.refreshed(key, said, now),
                // A form changes what the page says; nobody keeps the answer to one.
                _ if what == What::Html && browser.script.posts() => {}
                _ => cache.store(key, said, now),
            }
        }
        let mut scans = what == What::Html && plan.fetch != Fetch::PagesOnly && head.status == 200;
        let key = (what == What::Html).then(|| hash(browser.script.path(plan).as_bytes()));
        match &mut browser.script {
            Script::List(walk) => {
                walk.keep_cookies(&extras.set_cookies);
                let location = extras.location.as_deref();
                if let (What::Html, 301 | 302 | 303 | 307 | 308, Some(location)) =
                    (what, head.status, location)
                {
                    match walk.follow(plan, location) {
                        Ok(leads_on) => heard.leads_on = leads_on,
                        Err(why) => {
                            heard.failure = Some(Failure::Unexpected);
                            heard.why = Some(why.as_str());
                        }
                    }
                }
            }
            Script::Scenario(visits) => {
                let cookies: Vec<&[u8]> = extras.set_cookies.iter().map(AsRef::as_ref).collect();
                let session = &mut visits.session;
                if what == What::Html {
                    scans &= session.ask().parts;
                    let plain = kept.map(|body| scanned::inflated(body, head.gzip));
                    let outcome = session.answered(&Answer {
                        status: head.status,
                        location: extras.location.as_deref(),
                        set_cookies: &cookies,
                        body: plain.as_deref().unwrap_or_default(),
                    });
                    heard.leads_on = outcome == Outcome::Follow;
                    heard.failure = match outcome {
                        Outcome::Done | Outcome::Follow => None,
                        Outcome::Failed(Why::Status) => heard.failure.or(Some(Failure::Unexpected)),
                        Outcome::Failed(_) => Some(Failure::Unexpected),
                    };
                    if let (Outcome::Failed(why), Some(Failure::Unexpected)) =
                        (outcome, heard.failure)
                    {
                        heard.why = Some(why.as_str());
                    }
                } else {
                    session.keep_cookies(&cookies);
                }
            }
        }
        if let What::Part(index) = what
            && browser.parts[index].is_sheet
            && head.status == 200
            && let Some(body) = kept
        {
            let page = hash(browser.script.path(plan).as_bytes());
            let sheet = &browser.parts[index].path;
            let css = scanned::inflated(body, head.gzip);
            self.scanned.learn(&plan.pages.origin, sheet, &css);
            browser.parts = self.scanned.with_imports(page, &browser.parts);
        }
        if let Some(key) = key.filter(|_| scans && !heard.leads_on) {
            let path = browser.script.path(plan);
            browser.parts = self
                .scanned
                .parts(&plan.pages.origin, path, key, head, kept);
        }
        if body.capacity() > 0 {
            self.spare_bodies.push(body);
        }
        heard
    }
}
