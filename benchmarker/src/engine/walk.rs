//! The pages of a list, and what who walks along it bears in mind: cookies, and where a page led.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;

use super::Itinerary;
use super::script::Chosen;
use crate::Plan;
use crate::load::Load;
use crate::pages::path_of;
use crate::scenario::{Jar, REDIRECTS_MAX, Why};

/// A walk along the pages of a list.
#[derive(Debug)]
pub(super) struct Walk {
    itinerary: Itinerary,
    page: usize,
    /// Where the page led, and over how many redirects.
    led: Option<(Box<str>, u32)>,
    jar: Jar,
    load: Load,
    random: Xoshiro256PlusPlus,
}

impl Walk {
    pub(super) fn new(plan: &Plan, sequence: &super::Sequence, browser: usize) -> Self {
        Self {
            itinerary: Itinerary::new(plan, sequence, browser),
            page: 0,
            led: None,
            jar: Jar::default(),
            load: plan.load.clone(),
            random: Itinerary::random(plan, browser),
        }
    }

    pub(super) fn choose(&mut self) -> Option<Chosen> {
        self.page = self.itinerary.next_page()?;
        self.led = None;
        let think = match &self.load {
            Load::Closed { think, .. } => think.draw(&mut self.random),
            Load::Open(_) => Duration::ZERO,
        };
        Some(Chosen {
            think,
            is_new_visitor: false,
        })
    }

    /// The path of the page, after redirects the last.
    pub(super) fn path<'a>(&'a self, plan: &'a Plan) -> &'a str {
        match &self.led {
            Some((path, _)) => path,
            None => &plan.pages.paths[self.page],
        }
    }

    /// Goes where a page leads, if that is on the same site; says whether it does.
    pub(super) fn follow(&mut self, plan: &Plan, location: &str) -> Result<bool, Why> {
        let site = &plan.pages.origin;
        let place = site
            .join(self.path(plan))
            .and_then(|here| here.join(location));
        let Some(place) = place.ok().filter(|place| place.origin() == site.origin()) else {
            return Ok(false);
        };
        let redirects = self.led.as_ref().map_or(0, |(_, redirects)| *redirects) + 1;
        if redirects > REDIRECTS_MAX {
            return Err(Why::LeadsOnAndOn);
        }
        self.led = Some((path_of(&place).into(), redirects));
        Ok(true)
    }

    pub(super) fn keep_cookies(&mut self, set_cookies: &[Box<[u8]>]) {
        set_cookies.iter().for_each(|header| self.jar.keep(header));
    }

    pub(super) fn write_cookies(&self, out: &mut String) {
        self.jar.write(out);
    }

    /// Somebody else walks on.
    pub(super) fn forget(&mut self) {
        self.jar = Jar::default();
    }
}
