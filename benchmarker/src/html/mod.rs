//! Finds what a browser would fetch for a page: css, js and pictures.
//!
//! The tokenizers are libraries; here is only the knowledge of which attribute
//! of which element makes a browser send a request. Not followed: fonts and
//! backgrounds of css, frames, sound and film, and whatever a script would add.

mod css;
mod finder;
mod flow;
mod length;
mod media;
mod srcset;
mod tag;

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use url::Url;

use finder::Finder;
use tag::Tag;

/// Which pictures marked `loading=lazy` are fetched. A browser fetches those
/// that come near the window, which without layout can only be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lazy {
    /// As if the reader scrolled to the end.
    Include,
    /// Those that would be near the window before anybody scrolls, were all
    /// pictures in rows.
    Near,
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
    /// Whether it is a style sheet, whose [`imports`] are fetched when it has come.
    pub(crate) is_sheet: bool,
}

/// The browser's circumstances that decide what it fetches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) width_px: u32,
    pub(crate) lazy: Lazy,
    pub(crate) pictures: bool,
}

/// Lists the parts of a page in document order, what it prefetches for the next
/// page last; each once, same origin only.
pub(crate) fn parts(html: &[u8], page: &Url, window: Window) -> Vec<Part> {
    let mut finder = Finder::new(page, window);
    let mut tag = Tag::default();
    let mut emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
            match event {
                CallbackEvent::OpenStartTag { name } => tag.open(name),
                CallbackEvent::AttributeName { name } => tag.attribute(name),
                CallbackEvent::AttributeValue { value } => tag.value(value),
                CallbackEvent::CloseStartTag { .. } => finder.start(&tag),
                CallbackEvent::String { value } => finder.text(value),
                CallbackEvent::EndTag { name } => finder.end(name),
                _ => {}
            }
            None
        },
    );
    // Without this the text of a script would be read as elements.
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    finder.found()
}

/// Lists the style sheets that a style sheet imports, same origin only. A part
/// of the page that is listed here too is still fetched once.
pub(crate) fn imports(css: &[u8], sheet: &Url, window: Window) -> Vec<Part> {
    let mut finder = Finder::new(sheet, window);
    finder.imports(css);
    finder.found()
}

#[cfg(test)]
mod tests;
