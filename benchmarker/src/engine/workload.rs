//! What one browser fetches next: the pages of a list, or the steps of a scenario.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::list_session::ListSession;
use crate::Plan;
use crate::plan::Sequence;
use crate::scenario::{Method, Scenario, Session};

/// How many addresses all visitors have together: 127.1.0.0 to 127.100.255.255.
const ADDRESSES: u32 = 100 << 16;

/// The source of a browser's page views.
#[derive(Debug)]
pub(super) enum Workload {
    List(ListSession),
    Scenario(Box<ScenarioSessions>),
}

/// The sessions of a scenario, one visitor after another.
#[derive(Debug)]
pub(super) struct ScenarioSessions {
    scenario: Arc<Scenario>,
    site: Arc<Url>,
    pub(super) session: Session,
    seed: u64,
    /// The number of the visitor; the next one's is `browsers` higher.
    visitor: u64,
    browsers: u64,
}

/// The next page view of a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NextView {
    /// The think time before it, in a closed load.
    pub(super) think: Duration,
    /// Whether it is the first of a new visitor.
    pub(super) is_new_visitor: bool,
}

impl Workload {
    pub(super) fn new(plan: &Plan, sequence: &Sequence, browser: usize) -> Self {
        let Some(scenario) = &plan.scenario else {
            return Self::List(ListSession::new(plan, sequence, browser));
        };
        let site = Arc::new(plan.pages.origin.clone());
        let visitor = browser as u64;
        Self::Scenario(Box::new(ScenarioSessions {
            session: Session::new(scenario, &site, plan.seed, visitor),
            scenario: Arc::clone(scenario),
            site,
            seed: plan.seed,
            visitor,
            browsers: plan.browsers() as u64,
        }))
    }

    /// Chooses the next page view, or returns `None` when there is none left.
    pub(super) fn choose(&mut self) -> Option<NextView> {
        match self {
            Self::List(session) => session.choose().map(|think| NextView {
                think,
                is_new_visitor: false,
            }),
            Self::Scenario(sessions) => sessions.choose(),
        }
    }

    /// The path of the page, or of its last redirect.
    pub(super) fn path<'a>(&'a self, plan: &'a Plan) -> &'a str {
        match self {
            Self::List(session) => session.path(plan),
            Self::Scenario(sessions) => sessions.session.request().path,
        }
    }

    /// Makes the session of a list that of a new visitor; a scenario begins a new session itself.
    pub(super) fn clear(&mut self) {
        if let Self::List(session) = self {
            session.clear();
        }
    }

    /// The loopback address that a visitor of a scenario connects from. A site that limits
    /// registrations and log-ins counts by address, and each visitor has one.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        let Self::Scenario(sessions) = self else {
            return None;
        };
        // From 127.1.0.0: servers usually listen within 127.0.0.0/16.
        let [_, a, b, c] = (sessions.visitor as u32 % ADDRESSES).to_be_bytes();
        Some(Ipv4Addr::new(127, 1 + a, b, c))
    }

    /// Whether the current request sends a form.
    pub(super) fn posts(&self) -> bool {
        match self {
            Self::List(_) => false,
            Self::Scenario(sessions) => sessions.session.request().method == Method::Post,
        }
    }

    /// The number of the plan's step that is current.
    pub(super) fn step(&self) -> u16 {
        match self {
            Self::List(_) => 0,
            Self::Scenario(sessions) => sessions.session.request().step,
        }
    }
}

impl ScenarioSessions {
    fn choose(&mut self) -> Option<NextView> {
        if let Some(request) = self.session.next() {
            return Some(NextView {
                think: request.think,
                is_new_visitor: false,
            });
        }
        self.visitor += self.browsers;
        self.session = Session::new(&self.scenario, &self.site, self.seed, self.visitor);
        let request = self.session.next()?;
        Some(NextView {
            think: request.think,
            is_new_visitor: true,
        })
    }
}
