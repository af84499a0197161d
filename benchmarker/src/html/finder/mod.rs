//! Collects the parts of a page, element by element.

mod links;
mod pictures;

use std::collections::HashSet;

use url::Url;

use super::css;
use super::flow::Flow;
use super::length::Extent;
use super::part::{Kind, Part, Window};
use super::tag::Tag;
use crate::page_list::path_of;

/// Collects the parts of a page, element by element.
pub(super) struct Finder {
    page: Url,
    base: Url,
    window: Window,
    extent: Extent,
    flow: Flow,
    found: Vec<Part>,
    /// The last icon of the page.
    icon: Option<String>,
    /// Fetched after everything else: prefetches and the manifest.
    afterwards: Vec<Part>,
    seen: HashSet<Box<str>>,
    /// The depth of elements whose content is not loaded: `<template>`, and `<noscript>` with scripts on.
    inert: u32,
    /// Whether the next text is a style sheet.
    in_style: bool,
    /// Inside `<picture>`: the choice of a matching `<source>`.
    picture: Option<Option<String>>,
}

impl Finder {
    pub(super) fn new(page: &Url, window: Window) -> Self {
        let extent = Extent::of_width(window.width_px);
        Self {
            page: page.clone(),
            base: page.clone(),
            window,
            extent,
            flow: Flow::new(extent),
            found: Vec::new(),
            icon: None,
            afterwards: Vec::new(),
            seen: HashSet::new(),
            inert: 0,
            in_style: false,
            picture: None,
        }
    }

    pub(super) fn found(mut self) -> Vec<Part> {
        let icon = self.icon.take();
        self.add(Kind::Picture, icon.as_deref());
        self.found.append(&mut self.afterwards);
        self.found
    }

    pub(super) fn start(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "template" | "noscript" => self.inert += 1,
            _ if self.inert > 0 => {}
            "base" => self.rebase(tag),
            "link" => self.link(tag),
            "script" => self.script(tag),
            "style" => self.in_style = true,
            "picture" => self.picture = Some(None),
            "source" => self.source(tag),
            "img" => self.img(tag),
            "video" => self.add(Kind::Picture, tag.get("poster")),
            "input" if tag.is("type", "image") => self.add(Kind::Picture, tag.get("src")),
            // In SVG; outside of it `image` is an old name of `img`.
            "image" | "use" => {
                let address = tag.get("href").or(tag.get("xlink:href")).or(tag.get("src"));
                self.add(Kind::Picture, address);
            }
            _ => {}
        }
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        if self.in_style {
            self.imports(text);
        }
    }

    pub(super) fn end(&mut self, name: &[u8]) {
        match name {
            b"template" | b"noscript" => self.inert = self.inert.saturating_sub(1),
            b"picture" => self.picture = None,
            b"style" => self.in_style = false,
            _ => {}
        }
    }

    pub(super) fn imports(&mut self, sheet: &[u8]) {
        for address in css::imports(&String::from_utf8_lossy(sheet)) {
            self.add_sheet(Some(&address));
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

    fn add(&mut self, kind: Kind, reference: Option<&str>) {
        let part = self.part(kind, reference);
        self.found.extend(part);
    }

    fn add_sheet(&mut self, reference: Option<&str>) {
        let part = self.part(Kind::Static, reference);
        self.found.extend(part.map(|part| Part {
            is_sheet: true,
            ..part
        }));
    }

    /// The part of a reference, unless it is not fetched or was found before.
    fn part(&mut self, kind: Kind, reference: Option<&str>) -> Option<Part> {
        if kind == Kind::Picture && !self.window.pictures {
            return None;
        }
        // A fragment refers to this page.
        let reference = reference.filter(|r| !r.is_empty() && !r.starts_with('#'))?;
        let url = self.base.join(reference).ok()?;
        let path = path_of(&url);
        (url.origin() == self.page.origin() && self.seen.insert(path.into())).then(|| Part {
            kind,
            path: path.into(),
            is_sheet: false,
        })
    }
}
