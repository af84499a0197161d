//! The parts of pages, by page: each distinct body is scanned once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use url::Url;

use super::response::{Head, Keep, hash};
use crate::html::{self, Part, Window};
use crate::{Fetch, Plan};

/// How many parts one thread caches, some 100 bytes each. Beyond that the cache is cleared: a list so
/// long visits most of its pages once.
const PARTS_MAX: usize = 200_000;
/// How many bytes of a compressed page are decompressed.
const HTML_MAX: u64 = 8 * 1024 * 1024;

/// The parts of pages and the imports of style sheets, of one thread.
#[derive(Debug)]
pub(super) struct PartsCache {
    window: Window,
    /// The prefix of the paths that are fetched.
    below: Box<str>,
    /// By a hash of the page's path.
    pages: HashMap<u64, Entry>,
    /// The imports of style sheets, by a hash of the sheet's path: each address is fetched once.
    sheets: HashMap<u64, Box<[Part]>>,
    /// How many parts and entries the pages have.
    parts: usize,
    no_parts: Arc<[Part]>,
}

#[derive(Debug)]
struct Entry {
    /// A hash of the `ETag` when the page has one, of its body otherwise.
    version: u64,
    parts: Arc<[Part]>,
}

impl PartsCache {
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
            sheets: HashMap::new(),
            parts: 0,
            no_parts: Arc::from([]),
        }
    }

    /// The empty list of parts, without an allocation.
    pub(super) fn no_parts(&self) -> &Arc<[Part]> {
        &self.no_parts
    }

    /// Whether the body of this page must be kept: unless its `ETag` is known.
    pub(super) fn keep(&self, page: u64) -> Keep {
        Keep::HtmlUnless(self.pages.get(&page).map(|entry| entry.version))
    }

    /// The parts of a page; `body` as it was sent, when it was kept.
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
            return Arc::clone(known.map_or(&self.no_parts, |entry| &entry.parts));
        };
        let version = head.etag.unwrap_or_else(|| hash(body));
        if let Some(entry) = known.filter(|entry| entry.version == version) {
            return Arc::clone(&entry.parts);
        }
        let Ok(url) = &origin.join(path) else {
            return Arc::clone(&self.no_parts);
        };
        let mut parts = html::parts(&decompressed(body, head.gzip), url, self.window);
        parts.retain(|part| part.path.starts_with(&*self.below));
        self.add_imports(&mut parts);
        let parts: Arc<[Part]> = parts.into();
        if self.parts + parts.len() + 1 > PARTS_MAX {
            self.pages.clear();
            self.sheets.clear();
            self.parts = 0;
        }
        // An entry without parts takes memory, too.
        self.parts += parts.len() + 1;
        let entry = Entry {
            version,
            parts: Arc::clone(&parts),
        };
        if let Some(old) = self.pages.insert(page, entry) {
            self.parts -= old.parts.len() + 1;
        }
        parts
    }

    /// Whether the imports of this style sheet are known.
    pub(super) fn has_sheet(&self, path: &str) -> bool {
        self.sheets.contains_key(&hash(path.as_bytes()))
    }

    /// Reads the imports of a style sheet.
    pub(super) fn add_sheet(&mut self, origin: &Url, path: &str, css: &[u8]) {
        let imports = origin.join(path).ok();
        let imports = imports.map(|sheet| html::imports(css, &sheet, self.window));
        let mut imports = imports.unwrap_or_default();
        imports.retain(|part| part.path.starts_with(&*self.below));
        if self.sheets.len() > PARTS_MAX {
            self.sheets.clear();
        }
        self.sheets.insert(hash(path.as_bytes()), imports.into());
    }

    /// The parts of a page and the imports of its style sheets; from now on the page has these parts.
    pub(super) fn with_imports(&mut self, page: u64, parts: &Arc<[Part]>) -> Arc<[Part]> {
        let mut all = parts.to_vec();
        self.add_imports(&mut all);
        if all.len() == parts.len() {
            return Arc::clone(parts);
        }
        let all: Arc<[Part]> = all.into();
        // Meanwhile another browser may have read a newer version of the page.
        if let Some(entry) = self.pages.get_mut(&page)
            && Arc::ptr_eq(&entry.parts, parts)
        {
            self.parts += all.len() - parts.len();
            entry.parts = Arc::clone(&all);
        }
        all
    }

    /// Adds the known imports of the style sheets among the parts, each once.
    fn add_imports(&self, parts: &mut Vec<Part>) {
        let mut next = 0;
        while next < parts.len() {
            let part = &parts[next];
            let known = part
                .is_sheet
                .then(|| self.sheets.get(&hash(part.path.as_bytes())));
            for import in known.flatten().into_iter().flatten() {
                if parts.iter().all(|part| part.path != import.path) {
                    parts.push(import.clone());
                }
            }
            next += 1;
        }
    }
}

/// The decompressed body; of a damaged one the part before the damage, as in a browser.
pub(super) fn decompressed(body: &[u8], is_gzip: bool) -> Cow<'_, [u8]> {
    if !is_gzip {
        return Cow::Borrowed(body);
    }
    let mut plain = Vec::new();
    let _ = MultiGzDecoder::new(body)
        .take(HTML_MAX)
        .read_to_end(&mut plain);
    Cow::Owned(plain)
}
