//! A visitor of a scenario, and the responses of a site.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{FailureReason, Method, Outcome, Response, Scenario, Session};

mod flows;
mod mistakes;
mod shipped;

fn parse(text: &str) -> Scenario {
    Scenario::parse(text, Path::new("."), &[]).unwrap()
}

/// A visitor, and the answers that a site gives.
struct Visitor(Session);

impl Visitor {
    fn new(scenario: Scenario, seed: u64, number: u64) -> Self {
        let site = Url::parse("http://127.0.0.1:8080/x").unwrap();
        Self(Session::new(&Arc::new(scenario), &site, seed, number))
    }

    /// The next request as one line: step, method, path, body.
    fn next(&mut self) -> Option<String> {
        self.0.next()?;
        Some(self.asked())
    }

    fn asked(&self) -> String {
        let ask = self.0.request();
        let body = String::from_utf8_lossy(ask.body);
        let mut line = format!("{} {} {}", ask.step, ask.method.as_str(), ask.path);
        if ask.method == Method::Post {
            write!(line, " {body}").unwrap();
        }
        line
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.0.request().headers;
        assert!(lines.ends_with("\r\n"));
        lines.split("\r\n").find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            (known == name).then_some(value)
        })
    }

    fn answer(&mut self, status: u16, body: &str) -> Outcome {
        self.0.on_response(&Response {
            status,
            body: body.as_bytes(),
            ..Response::default()
        })
    }

    fn redirect(&mut self, status: u16, location: &str, cookie: &str) -> Outcome {
        let cookies = [cookie.as_bytes()];
        self.0.on_response(&Response {
            status,
            location: Some(location),
            set_cookies: if cookie.is_empty() { &[] } else { &cookies },
            body: b"",
        })
    }

    /// All requests of the visit, where every answer is this page.
    fn walk(&mut self, page: &str) -> Vec<String> {
        let mut requests = Vec::new();
        while let Some(request) = self.next() {
            requests.push(request);
            assert_eq!(self.answer(200, page), Outcome::Done, "{requests:?}");
        }
        requests
    }
}

#[test]
fn a_scenario_tells_what_it_says() {
    let scenario = parse(
        r#"name = "x"
about = " why "
require = "p95<2s,failed=0"
viewport = 800
[load]
users = 5
warmup = "2s"
think = "500ms"
[[needs]]
path = "/feed"
why = "the feed"
[[step]]
name = "home"
weight = 1
get = "/"
"#,
    );
    assert_eq!((scenario.name(), scenario.about()), ("x", "why"));
    assert_eq!(scenario.require(), Some("p95<2s,failed=0"));
    assert_eq!(scenario.viewport_px(), Some(800));
    assert_eq!(scenario.times().warmup, Some(Duration::from_secs(2)));
    assert_eq!(scenario.step_names(), ["home".into()]);
    assert_eq!(&*scenario.needs()[0].path, "/feed");
}
