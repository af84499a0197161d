//! The workloads: what the load generator requests. One site has four of them, and a single number for all would mean
//! nothing.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use benchmarker::{Fetch, Order, PageList, Plan};
use serde::{Deserialize, Serialize};

use super::http;

/// The path prefix of the files that all pages share.
const STATIC: &str = "/static/";

/// The path prefix of public pictures.
const PICTURES: &str = "/i/";

/// How many connections send requests, the same for every version: enough to keep two cores busy.
pub(super) const CONNECTIONS: usize = 16;

/// How many connections request files alone. A file costs a tenth of a page, so more requests must be in flight to
/// measure the cores rather than the round trip from nginx to memcached.
const FILE_CONNECTIONS: usize = 64;

/// How many connections there are for whole browsers, of six connections each.
const BROWSER_CONNECTIONS: usize = 24;

/// How many threads send requests. One is enough: it can send ten times as many as the site can answer pages.
const THREADS: usize = 1;

/// How long a request may take; a page without its index, behind fifteen others, takes seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How many pictures a page must show at once to be on the list of the most popular.
const PICTURES_MIN: usize = 8;

/// What the load generator requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// The HTML of photostreams of people drawn uniformly at random, uncompressed.
    Page,
    /// The same with the static files that all pages share: what the talk measured.
    PageAndFiles,
    /// These files alone.
    Files,
    /// Popular pages, by Zipf's law, with their static files and pictures, from a warm folder.
    Pictures,
}

impl Workload {
    /// All workloads, in the order in which they are measured and shown.
    pub const ALL: [Self; 4] = [Self::Page, Self::PageAndFiles, Self::Files, Self::Pictures];

    /// A short title; `files` is how many static files a page has.
    pub fn title(self, files: usize) -> String {
        match self {
            Self::Page => "the page".to_owned(),
            Self::PageAndFiles => format!("page + {files} files"),
            Self::Files => "files alone".to_owned(),
            Self::Pictures => "with pictures".to_owned(),
        }
    }

    /// The name of the unit whose CPU is measured.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Page | Self::PageAndFiles | Self::Pictures => "page",
            Self::Files => "file",
        }
    }
}

/// The addresses that every version receives, in the same order.
#[derive(Debug, Clone)]
pub(super) struct Lists {
    /// Photostreams of people drawn uniformly at random.
    pub(super) people: Vec<String>,
    /// The static files of a page.
    pub(super) files: Vec<String>,
    /// Photostreams by popularity, each with enough pictures.
    pub(super) popular: Vec<String>,
    seed: u64,
}

impl Lists {
    /// Reads from pages of the running site which files they refer to, and which pages have enough pictures.
    pub(super) fn read(
        site: SocketAddr,
        people: Vec<String>,
        popular_count: usize,
        seed: u64,
    ) -> Result<Self> {
        let mut popular = Vec::new();
        for path in &people {
            if popular.len() == popular_count {
                break;
            }
            let page = http::get(site, path)?.text();
            if pictures_at_once(&page) >= PICTURES_MIN {
                popular.push(path.clone());
            }
        }
        ensure!(
            !popular.is_empty(),
            "none of {} people has {PICTURES_MIN} photos: more are needed to measure pictures",
            people.len()
        );
        let page = http::get(site, &people[0])?.text();
        let mut files: Vec<String> = quoted(&page, STATIC).map(str::to_owned).collect();
        files.sort_unstable();
        files.dedup();
        ensure!(!files.is_empty(), "{} has no static file", people[0]);
        Ok(Self {
            people,
            files,
            popular,
            seed,
        })
    }

    /// The benchmarker's plan for one workload.
    pub(super) fn plan(&self, workload: Workload, site: SocketAddr) -> Result<Plan> {
        let pages = match workload {
            Workload::Page | Workload::PageAndFiles => &self.people,
            Workload::Files => &self.files,
            Workload::Pictures => &self.popular,
        };
        let pages = PageList::parse(&pages.join("\n"), Some(&format!("http://{site}")))
            .context("a list of addresses")?;
        let plan = Plan::new(pages)
            .threads(THREADS)
            .timeout(TIMEOUT)
            .warmup(Duration::ZERO)
            .seed(self.seed);
        Ok(match workload {
            // Uncompressed, as wrk requests it: this measures the page, not gzip.
            Workload::Page => plan
                .fetch(Fetch::PagesOnly)
                .gzip(false)
                .connections(CONNECTIONS),
            Workload::Files => plan.fetch(Fetch::PagesOnly).connections(FILE_CONNECTIONS),
            Workload::PageAndFiles => plan.parts_below(STATIC).connections(BROWSER_CONNECTIONS),
            Workload::Pictures => plan.order(Order::Zipf).connections(BROWSER_CONNECTIONS),
        })
    }

    /// Visits each popular page once, with all it refers to, so that the pictures are made and stored in memcached,
    /// where there is one.
    pub(super) fn warming(&self, site: SocketAddr, timeout: Duration) -> Result<Plan> {
        let plan = self.plan(Workload::Pictures, site)?;
        Ok(plan.order(Order::File).once().duration(timeout))
    }
}

/// The pictures that a browser fetches without scrolling.
fn pictures_at_once(page: &str) -> usize {
    let images = page.split("<img ").skip(1);
    images
        .map(|image| image.split('>').next().unwrap_or_default())
        .filter(|image| !image.contains("loading=\"lazy\""))
        .filter(|image| quoted(image, PICTURES).next().is_some())
        .count()
}

/// The quoted texts that begin like this.
fn quoted<'a>(page: &'a str, beginning: &'static str) -> impl Iterator<Item = &'a str> {
    page.split('"')
        .filter(move |text| text.starts_with(beginning) && !text.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_that_load_at_once_are_counted() {
        let page = r#"<img src="/static/icon.svg"><img src="/i/1/t/640.webp" alt="a">
            <img src="/i/1/u/640.webp" loading="lazy"><img src="/i/1/v/640.webp">"#;
        assert_eq!(pictures_at_once(page), 2);
        let files: Vec<&str> = quoted(page, STATIC).collect();
        assert_eq!(files, ["/static/icon.svg"]);
    }
}
