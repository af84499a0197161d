//! What one browser asks for next: the pages of a list, or the steps of a scenario.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::walk::Walk;
use crate::Plan;
use crate::scenario::{Method, Scenario, Session};

/// How many addresses visitors have between them: 127.1.0.0 to 127.100.255.255.
const ADDRESSES: u32 = 100 << 16;

/// Where a browser's page views come from.
#[derive(Debug)]
pub(super) enum Script {
    List(Walk),
    Scenario(Box<Visits>),
}

/// One visitor of a scenario after another.
#[derive(Debug)]
pub(super) struct Visits {
    scenario: Arc<Scenario>,
    site: Arc<Url>,
    pub(super) session: Session,
    seed: u64,
    /// The number of the visitor, and how many browsers number theirs in turn.
    visitor: u64,
    browsers: u64,
}

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    /// What passes before it begins, in a closed load.
    pub(super) think: Duration,
    /// Whether somebody else asks now, who was never here.
    pub(super) is_new_visitor: bool,
}

impl Script {
    pub(super) fn of(plan: &Plan, sequence: &super::Sequence, browser: usize) -> Self {
        let Some(scenario) = &plan.scenario else {
            return Self::List(Walk::new(plan, sequence, browser));
        };
        let site = Arc::new(plan.pages.origin.clone());
        let visitor = browser as u64;
        Self::Scenario(Box::new(Visits {
            session: Session::new(scenario, &site, plan.seed, visitor),
            scenario: Arc::clone(scenario),
            site,
            seed: plan.seed,
            visitor,
            browsers: plan.browsers() as u64,
        }))
    }

    /// Chooses the next page view; none when there is none left.
    pub(super) fn choose(&mut self) -> Option<Chosen> {
        match self {
            Self::List(walk) => walk.choose(),
            Self::Scenario(visits) => visits.choose(),
        }
    }

    /// The path of the page, after redirects the last.
    pub(super) fn path<'a>(&'a self, plan: &'a Plan) -> &'a str {
        match self {
            Self::List(walk) => walk.path(plan),
            Self::Scenario(visits) => visits.session.ask().path,
        }
    }

    /// Somebody else comes, who was never here; a scenario's visitor says so itself.
    pub(super) fn forget(&mut self) {
        if let Self::List(walk) = self {
            walk.forget();
        }
    }

    /// The loopback address that a visitor of a scenario asks from. A site that slows down who registers
    /// or logs in too often counts by address; people have one each.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        let Self::Scenario(visits) = self else {
            return None;
        };
        // 127.1.0.0 and up: 127.0.0.0/16 is where people and programs look for servers.
        let [_, a, b, c] = (visits.visitor as u32 % ADDRESSES).to_be_bytes();
        Some(Ipv4Addr::new(127, 1 + a, b, c))
    }

    /// Whether a form is sent.
    pub(super) fn posts(&self) -> bool {
        match self {
            Self::List(_) => false,
            Self::Scenario(visits) => visits.session.ask().method == Method::Post,
        }
    }

    /// Which of the plan's steps it is.
    pub(super) fn step(&self) -> u16 {
        match self {
            Self::List(_) => 0,
            Self::Scenario(visits) => visits.session.ask().step,
        }
    }
}

impl Visits {
    fn choose(&mut self) -> Option<Chosen> {
        if let Some(ask) = self.session.next() {
            return Some(Chosen {
                think: ask.think,
                is_new_visitor: false,
            });
        }
        self.visitor += self.browsers;
        self.session = Session::new(&self.scenario, &self.site, self.seed, self.visitor);
        let ask = self.session.next()?;
        Some(Chosen {
            think: ask.think,
            is_new_visitor: true,
        })
    }
}
