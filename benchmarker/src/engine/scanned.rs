use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use super::response::{Head, Keep, hash};
use crate::html::{self, Part, Window};
use crate::{Fetch, Plan};
use flate2::read::MultiGzDecoder;
use url::Url;

/// How many parts one thread remembers, some 100 bytes each. Beyond it starts
/// anew: a list that long visits most of its pages once.
const PARTS_MAX: usize = 200_000;
/// How much a compressed page may grow.
const HTML_MAX: u64 = 8 * 1024 * 1024;

/// What the pages of the list refer to, each distinct body scanned once.
#[derive(Debug)]
pub(super) struct Scanned {
    window: Window,
    /// How the path of a part must begin to be fetched.
    below: Box<str>,
    /// By a hash of their path.
    pages: HashMap<u64, Entry>,
    parts: usize,
    nothing: Arc<[Part]>,
}

#[derive(Debug)]
struct Entry {
    /// A hash of the `ETag` when the page has one, of its body otherwise.
    version: u64,
    parts: Arc<[Part]>,
}

impl Scanned {
    pub(super) fn new(plan: &Plan) -> Self {
        let window = Window {
            width_px: plan.viewport_px,
            lazy: plan.lazy,
            pictures: plan.fetch == Fetch::Everything,
        };
        Self {
            window,
            below: plan.parts_below.as_str().into(),
            pages: HashMap::new(),
            parts: 0,
            nothing: Arc::from([]),
        }
    }

    /// No parts at all, without an allocation.
    pub(super) fn nothing(&self) -> &Arc<[Part]> {
        &self.nothing
    }

    /// Whether the body of this page is needed, if it comes with a new `ETag`.
    pub(super) fn keep(&self, page: u64) -> Keep {
        Keep::HtmlUnless(self.pages.get(&page).map(|entry| entry.version))
    }

    /// The parts of a page that was answered; `body` as it came over the wire,
    /// when it was kept.
    pub(super) fn parts(
        &mut self,
        origin: &Url,
        path: &str,
        page: u64,
        head: &Head,
        body: Option<&[u8]>,
    ) -> Arc<[Part]> {
        let known = self.pages.get(&page);
        let Some(body) = body else {
            return Arc::clone(known.map_or(&self.nothing, |entry| &entry.parts));
        };
        let version = head.etag.unwrap_or_else(|| hash(body));
        if let Some(entry) = known.filter(|entry| entry.version == version) {
            return Arc::clone(&entry.parts);
        }
        let Ok(url) = &origin.join(path) else {
            return Arc::clone(&self.nothing);
        };
        let mut parts = html::parts(&inflated(body, head.gzip), url, self.window);
        parts.retain(|part| part.path.starts_with(&*self.below));
        let parts: Arc<[Part]> = parts.into();
        if self.parts + parts.len() > PARTS_MAX {
            self.pages.clear();
            self.parts = 0;
        }
        self.parts += parts.len();
        let entry = Entry {
            version,
            parts: Arc::clone(&parts),
        };
        if let Some(old) = self.pages.insert(page, entry) {
            self.parts -= old.parts.len();
        }
        parts
    }
}

/// A body without its compression; a damaged end leaves what came before it, as in a browser.
pub(super) fn inflated(body: &[u8], is_gzip: bool) -> Cow<'_, [u8]> {
    if !is_gzip {
        return Cow::Borrowed(body);
    }
    let mut plain = Vec::new();
    let _ = MultiGzDecoder::new(body)
        .take(HTML_MAX)
        .read_to_end(&mut plain);
    Cow::Owned(plain)
}
