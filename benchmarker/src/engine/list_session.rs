//! The session of a browser that visits the pages of a list: its cookies, and the redirects of its page.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use url::Url;

use crate::load::Load;
use crate::page_list::path_of;
use crate::plan::{PageOrder, Sequence};
use crate::scenario::{FailureReason, Jar, REDIRECTS_MAX};
use crate::{Plan, random};

/// The session of a browser that visits the pages of a list.
#[derive(Debug)]
pub(super) struct ListSession {
    order: PageOrder,
    page: usize,
    /// The path that the page redirected to, and after how many redirects.
    redirected: Option<(Box<str>, u32)>,
    jar: Jar,
    load: Load,
    random: Xoshiro256PlusPlus,
}

impl ListSession {
    pub(super) fn new(plan: &Plan, sequence: &Sequence, browser: usize) -> Self {
        Self {
            order: PageOrder::new(sequence, browser),
            page: 0,
            redirected: None,
            jar: Jar::default(),
            load: plan.load.clone(),
            random: random::source(plan.seed, browser as u64),
        }
    }

    /// Chooses the next page and returns the think time before it, or `None` when all were visited.
    pub(super) fn choose(&mut self) -> Option<Duration> {
        self.page = self.order.next_page()?;
        self.redirected = None;
        Some(match &self.load {
            Load::Closed { think, .. } => think.draw(&mut self.random),
            Load::Open(_) => Duration::ZERO,
        })
    }

    /// The path of the page, or of its last redirect.
    pub(super) fn path<'a>(&'a self, plan: &'a Plan) -> &'a str {
        match &self.redirected {
            Some((path, _)) => path,
            None => &plan.pages.paths[self.page],
        }
    }

    /// Follows a redirect, if its target is on the same site; returns whether it is.
    pub(super) fn follow(&mut self, plan: &Plan, location: &str) -> Result<bool, FailureReason> {
        let site: &Url = &plan.pages.origin;
        let target = site
            .join(self.path(plan))
            .and_then(|here| here.join(location));
        let Some(target) = target.ok().filter(|url| url.origin() == site.origin()) else {
            return Ok(false);
        };
        let redirects = self.redirected.as_ref().map_or(0, |(_, count)| *count) + 1;
        if redirects > REDIRECTS_MAX {
            return Err(FailureReason::TooManyRedirects);
        }
        self.redirected = Some((path_of(&target).into(), redirects));
        Ok(true)
    }

    pub(super) fn store_cookies(&mut self, set_cookies: &[Box<[u8]>]) {
        set_cookies.iter().for_each(|header| self.jar.store(header));
    }

    pub(super) fn write_cookies(&self, out: &mut String) {
        self.jar.write(out);
    }

    /// Makes it the session of a new visitor.
    pub(super) fn clear(&mut self) {
        self.jar = Jar::default();
    }
}
