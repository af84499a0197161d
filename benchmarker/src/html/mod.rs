//! Finds the files that a browser would fetch for a page: css, js and pictures.
//!
//! The tokenizers are libraries; this module knows which attribute of which element makes a browser
//! send a request. Not fetched: fonts and backgrounds of css, frames, audio and video, and files that a
//! script would add.

mod css;
mod finder;
mod flow;
mod length;
mod media;
mod part;
mod srcset;
mod tag;

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use url::Url;

use finder::Finder;
pub use part::Lazy;
pub(crate) use part::{Kind, Part, Window};
use tag::Tag;

/// Lists the parts of a page in document order, prefetches last; each once, same origin only.
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
    // Without this, the text of a script would be parsed as elements.
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    finder.found()
}

/// Lists the style sheets that a style sheet imports, same origin only. A sheet that is also a part of
/// the page is still fetched once.
pub(crate) fn imports(css: &[u8], sheet: &Url, window: Window) -> Vec<Part> {
    let mut finder = Finder::new(sheet, window);
    finder.imports(css);
    finder.found()
}

#[cfg(test)]
mod tests;
