//! Finds what a browser would fetch for a page: css, js and pictures.
//!
//! The tokenizer is a library; here is only the knowledge of which attribute of
//! which element makes a browser send a request. Not followed: what css files
//! refer to (fonts, backgrounds), frames, and whatever a script would add.

mod media;
mod srcset;

use std::collections::HashSet;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use url::Url;

use crate::pages::path_of;

/// Whether pictures marked `loading=lazy` are fetched. A browser fetches those
/// that come near the window; without layout we can only take all or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lazy {
    /// As if the reader scrolled to the end.
    Include,
    /// As if no lazy picture were near the first screen.
    Skip,
}

/// What kind of file a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Static,
    Picture,
}

/// One file that a page refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) kind: Kind,
    pub(crate) path: Box<str>,
}

/// The browser's circumstances that decide what it fetches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) width_px: u32,
    pub(crate) lazy: Lazy,
    pub(crate) pictures: bool,
}

/// Lists the parts of a page in document order, each once, same origin only.
pub(crate) fn parts(html: &[u8], page: &Url, window: Window) -> Vec<Part> {
    let mut finder = Finder::new(page, window);
    let mut tag = Tag::default();
    let mut emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
            match event {
                CallbackEvent::OpenStartTag { name } => tag.open(name),
                CallbackEvent::AttributeName { name } => {
                    tag.attributes.push((text(name), String::new()))
                }
                CallbackEvent::AttributeValue { value } => {
                    if let Some(last) = tag.attributes.last_mut() {
                        last.1 = text(value);
                    }
                }
                CallbackEvent::CloseStartTag { .. } => finder.start(&tag),
                CallbackEvent::EndTag { name } => finder.end(name),
                _ => {}
            }
            None
        },
    );
    // Without this the text of a script would be read as elements.
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    finder.found
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A start tag while it is read.
#[derive(Default)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn open(&mut self, name: &[u8]) {
        self.name = text(name);
        self.attributes.clear();
    }

    fn get(&self, name: &str) -> Option<&str> {
        // The first of two equal attributes counts, as in browsers.
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.trim())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_some_and(|v| v.eq_ignore_ascii_case(value))
    }
}

struct Finder {
    page: Url,
    base: Url,
    window: Window,
    found: Vec<Part>,
    seen: HashSet<Box<str>>,
    /// Depth of elements whose content a browser with scripts does not load.
    inert: u32,
    /// Inside `<picture>`: what a matching `<source>` has chosen.
    picture: Option<Option<String>>,
}

impl Finder {
    fn new(page: &Url, window: Window) -> Self {
        Self {
            page: page.clone(),
            base: page.clone(),
            window,
            found: Vec::new(),
            seen: HashSet::new(),
            inert: 0,
            picture: None,
        }
    }

    fn start(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "template" | "noscript" => self.inert += 1,
            _ if self.inert > 0 => {}
            "base" => self.rebase(tag),
            "link" => self.link(tag),
            "script" => self.script(tag),
            "picture" => self.picture = Some(None),
            "source" => self.source(tag),
            "img" => self.img(tag),
            "video" => self.add(Kind::Picture, tag.get("poster")),
            "input" if tag.is("type", "image") => self.add(Kind::Picture, tag.get("src")),
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"template" | b"noscript" => self.inert = self.inert.saturating_sub(1),
            b"picture" => self.picture = None,
            _ => {}
        }
    }

    fn rebase(&mut self, tag: &Tag) {
        // Only the first <base href> counts.
        if self.base == self.page
            && let Some(base) = tag.get("href").and_then(|href| self.page.join(href).ok())
        {
            self.base = base;
        }
    }

    fn link(&mut self, tag: &Tag) {
        let rel = tag.get("rel").unwrap_or_default().to_ascii_lowercase();
        let has = |word: &str| rel.split_ascii_whitespace().any(|w| w == word);
        let styles = has("stylesheet") && !has("alternate") && tag.get("disabled").is_none();
        let preloads = has("preload") || has("modulepreload");
        if !styles && !preloads {
            return;
        }
        let is_picture = !styles && tag.is("as", "image");
        let kind = if is_picture {
            Kind::Picture
        } else {
            Kind::Static
        };
        let chosen = tag
            .get("imagesrcset")
            .and_then(|set| self.choose(set, tag.get("imagesizes")));
        self.add(kind, chosen.as_deref().or(tag.get("href")));
    }

    fn script(&mut self, tag: &Tag) {
        let runs = match tag
            .get("type")
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "" | "module" => true,
            other => other.ends_with("javascript") || other.ends_with("ecmascript"),
        };
        if runs && tag.get("nomodule").is_none() {
            self.add(Kind::Static, tag.get("src"));
        }
    }

    fn source(&mut self, tag: &Tag) {
        if self.picture != Some(None) {
            return; // not in a <picture>, or an earlier source matched
        }
        let known = [
            "image/webp",
            "image/jpeg",
            "image/png",
            "image/gif",
            "image/avif",
            "image/svg+xml",
        ];
        let type_fits = tag
            .get("type")
            .is_none_or(|t| known.iter().any(|k| t.eq_ignore_ascii_case(k)));
        let media_fits = tag
            .get("media")
            .is_none_or(|m| media::matches(m, self.window.width_px));
        if type_fits && media_fits {
            let chosen = tag
                .get("srcset")
                .and_then(|set| self.choose(set, tag.get("sizes")));
            if let Some(picture) = &mut self.picture {
                *picture = chosen;
            }
        }
    }

    fn img(&mut self, tag: &Tag) {
        let from_source = self.picture.take().flatten();
        if tag.is("loading", "lazy") && self.window.lazy == Lazy::Skip {
            return;
        }
        let chosen = from_source.or_else(|| {
            tag.get("srcset")
                .and_then(|set| self.choose(set, tag.get("sizes")))
        });
        self.add(Kind::Picture, chosen.as_deref().or(tag.get("src")));
    }

    fn choose(&self, set: &str, sizes: Option<&str>) -> Option<String> {
        let slot_px = media::slot_px(sizes.unwrap_or_default(), self.window.width_px);
        srcset::choose(set, slot_px).map(str::to_owned)
    }

    fn add(&mut self, kind: Kind, reference: Option<&str>) {
        if kind == Kind::Picture && !self.window.pictures {
            return;
        }
        let Some(url) = reference
            .filter(|r| !r.is_empty())
            .and_then(|r| self.base.join(r).ok())
        else {
            return;
        };
        if url.origin() == self.page.origin() && self.seen.insert(path_of(&url).into()) {
            self.found.push(Part {
                kind,
                path: path_of(&url).into(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
