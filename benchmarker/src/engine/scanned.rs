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
    /// What style sheets import, by a hash of their path: an address that is fetched once.
    sheets: HashMap<u64, Box<[Part]>>,
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
            sheets: HashMap::new(),
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
        self.import(&mut parts);
        let parts: Arc<[Part]> = parts.into();
        if self.parts + parts.len() + 1 > PARTS_MAX {
            self.pages.clear();
            self.sheets.clear();
            self.parts = 0;
        }
        // An entry without parts takes room, too.
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
}

impl Scanned {
    /// Whether it is known what this style sheet imports.
    pub(super) fn knows_sheet(&self, path: &str) -> bool {
        self.sheets.contains_key(&hash(path.as_bytes()))
    }

    /// Reads what a style sheet imports.
    pub(super) fn learn(&mut self, origin: &Url, path: &str, css: &[u8]) {
        let imports = origin.join(path).ok();
        let imports = imports.map(|sheet| html::imports(css, &sheet, self.window));
        let mut imports = imports.unwrap_or_default();
        imports.retain(|part| part.path.starts_with(&*self.below));
        if self.sheets.len() > PARTS_MAX {
            self.sheets.clear();
        }
        self.sheets.insert(hash(path.as_bytes()), imports.into());
    }

    /// The parts of a page with what its style sheets import; the page is known with them from now on.
    pub(super) fn with_imports(&mut self, page: u64, parts: &Arc<[Part]>) -> Arc<[Part]> {
        let mut all = parts.to_vec();
        self.import(&mut all);
        if all.len() == parts.len() {
            return Arc::clone(parts);
        }
        let all: Arc<[Part]> = all.into();
        // Another browser may have read a newer version of it meanwhile.
        if let Some(entry) = self.pages.get_mut(&page)
            && Arc::ptr_eq(&entry.parts, parts)
        {
            self.parts += all.len() - parts.len();
            entry.parts = Arc::clone(&all);
        }
        all
    }

    /// Adds what the style sheets among the parts import, as far as is known, each once.
    fn import(&self, parts: &mut Vec<Part>) {
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
