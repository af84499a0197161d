//! Where something can be typed: drawn from the router and from the pages themselves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::Router;

use super::html::{Form, Offered};
use super::{Request, Sender};

/// How many pages of one kind are looked at: of the same pattern, with the same parameters.
const PAGES_OF_A_KIND: usize = 3;

/// Everything that was found.
pub(super) struct Map {
    /// The patterns of the router.
    pub(super) patterns: BTreeSet<String>,
    /// The names of all parameters that links and forms have.
    pub(super) parameters: BTreeSet<String>,
    /// All forms that are sent by POST, one of each kind.
    pub(super) forms: Vec<Form>,
    /// The names of cookies that the site sets.
    pub(super) cookies: BTreeSet<String>,
    /// An address for each pattern that a link leads to.
    examples: BTreeMap<String, String>,
}

impl Map {
    /// Follows links from page to page, as a member and as a stranger.
    pub(super) async fn draw(router: &Router, sender: &Sender, cookie: &str) -> Self {
        let mut map = Self {
            patterns: patterns(router),
            parameters: BTreeSet::new(),
            forms: vec![],
            cookies: cookie
                .split("; ")
                .filter_map(|cookie| Some(cookie.split_once('=')?.0.to_owned()))
                .collect(),
            examples: BTreeMap::new(),
        };
        for cookie_of_visitor in [cookie, ""] {
            map.follow_links(sender, cookie_of_visitor, cookie).await;
        }
        map
    }

    async fn follow_links(&mut self, sender: &Sender, visitor: &str, member: &str) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let whole = self
            .patterns
            .iter()
            .filter(|pattern| !pattern.contains('{'));
        let mut ahead: VecDeque<String> = whole.cloned().collect();
        let mut known = BTreeSet::new();
        while let Some(link) = ahead.pop_front() {
            let link = link.split('#').next().unwrap_or_default().to_owned();
            let Some(kind) = self.kind(&link).filter(|_| known.insert(link.clone())) else {
                continue;
            };
            let count = seen.entry(kind).or_default();
            *count += 1;
            if *count > PAGES_OF_A_KIND {
                continue;
            }
            let request = get(&link, visitor);
            let answer = sender.send(100_000 + known.len(), &request).await;
            let content_type = answer.headers().get("content-type");
            let is_page =
                content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
            // A page that never ends is none, and neither is a picture.
            if !is_page {
                continue;
            }
            let (status, page) = (answer.status(), answer.text().await.expect("a page"));
            let offered = Offered::by(&page);
            if visitor.is_empty() && status.is_success() {
                let back = offered.links.iter();
                for next in back.filter_map(|link| link.strip_prefix("/login?next=")) {
                    must_be_a_page(sender, next, member, &link).await;
                }
            }
            self.parameters.extend(offered.parameters);
            for form in offered.forms {
                self.add(form);
            }
            ahead.extend(offered.links);
        }
    }

    /// The pattern and the parameters of a link of this site. Remembers both.
    fn kind(&mut self, link: &str) -> Option<String> {
        let (path, query) = link.split_once('?').unwrap_or((link, ""));
        let pattern = self.pattern_of(path)?;
        if pattern.contains('{') || query.is_empty() {
            let example = self.examples.entry(pattern.clone());
            example.or_insert_with(|| path.to_owned());
        }
        let names = query.split('&').filter_map(|pair| pair.split('=').next());
        let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
        let names: BTreeSet<String> = names.into_iter().map(str::to_owned).collect();
        let kind = format!("{pattern}?{names:?}");
        self.parameters.extend(names);
        Some(kind)
    }

    fn pattern_of(&self, path: &str) -> Option<String> {
        let fits = |pattern: &&String| {
            let (parts, given) = (pattern.split('/'), path.split('/'));
            parts.clone().count() == given.clone().count()
                && parts.zip(given).all(|(part, given)| {
                    part == given || (part.starts_with('{') && !given.is_empty())
                })
        };
        let fitting = self.patterns.iter().filter(fits);
        fitting
            .min_by_key(|pattern| pattern.matches('{').count())
            .cloned()
    }

    fn add(&mut self, form: Form) {
        if let Some(pattern) = self.pattern_of(&form.action) {
            let example = self.examples.entry(pattern.clone());
            example.or_insert_with(|| form.action.clone());
        }
        let names = |form: &Form| -> Vec<String> {
            form.fields.iter().map(|field| field.name.clone()).collect()
        };
        let (pattern, fields) = (self.pattern_of(&form.action), names(&form));
        let is_known = self
            .forms
            .iter()
            .any(|known| self.pattern_of(&known.action) == pattern && names(known) == fields);
        if !is_known {
            self.forms.push(form);
        }
    }

    /// An address of that pattern: one that a link leads to, or a made-up one.
    pub(super) fn example_of(&self, pattern: &str) -> String {
        let found = self.examples.get(pattern).cloned();
        found.unwrap_or_else(|| pattern.replace(['{', '}'], ""))
    }

    /// Checks that the search found what is known to be there: else it would search in vain for all that
    /// is added later.
    pub(super) fn is_whole(&self) {
        let sources = include_str!("../../../crates/domain/src/urls.rs");
        let constants = sources.lines().filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix("pub const ")?.split_once(':')?;
            Some((name, rest.split('"').nth(1)?))
        });
        // Paths, without those on unix sockets alone, where no visitor comes.
        let of_visitors: Vec<(&str, &str)> = constants
            .filter(|(_, pattern)| pattern.starts_with('/'))
            .filter(|(_, pattern)| !pattern.starts_with("/metrics") && *pattern != "/healthz")
            .collect();
        assert!(of_visitors.len() > 15, "{of_visitors:?}");
        for (name, pattern) in of_visitors {
            assert!(
                self.patterns.contains(pattern),
                "{name} is not in {:?}",
                self.patterns
            );
        }
        for parameter in ["before", "after", "from", "next"] {
            let found = self.parameters.contains(parameter);
            assert!(found, "no {parameter} in {:?}", self.parameters);
        }
        for action in [
            "/login",
            "/register",
            "/upload",
            "/logout",
            "/lab/index",
            "/delete",
            "/visibility",
        ] {
            let found = self.forms.iter().any(|form| form.action.ends_with(action));
            assert!(found, "no form of {action} in {:?}", self.forms);
        }
        for cookie in ["session", "browser"] {
            assert!(self.cookies.contains(cookie), "{:?}", self.cookies);
        }
        let with_places = self.patterns.iter().filter(|pattern| pattern.contains('{'));
        for pattern in with_places {
            let found = self.examples.contains_key(pattern);
            assert!(found, "no link or form leads to {pattern}");
        }
    }
}

/// The patterns that a router listens to, as its Debug form lists them.
fn patterns(router: &Router) -> BTreeSet<String> {
    let listed = format!("{router:?}");
    let quoted = listed.split('"').skip(1).step_by(2);
    quoted
        .filter(|text| text.starts_with('/') && !text.contains("__private"))
        .map(str::to_owned)
        .collect()
}

fn get(path: &str, cookie: &str) -> Request {
    Request {
        method: "GET",
        path: path.to_owned(),
        cookie: cookie.to_owned(),
        body: None,
    }
}

/// Checks that a member who logs in and goes on to `next`, as it stands in the address of the log-in, comes
/// to a page.
pub(super) async fn must_be_a_page(sender: &Sender, next: &str, member: &str, from: &str) {
    let query = format!("next={next}");
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let next = pairs.next().expect("a pair").1.into_owned();
    let answer = sender.send(200_000, &get(&next, member)).await;
    assert!(
        answer.status().is_success(),
        "logging in from {from} leads to {next}: {}",
        answer.status()
    );
}
