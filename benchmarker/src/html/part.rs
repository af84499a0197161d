//! The parts of a page, and the settings that decide which are fetched.

/// Which pictures with `loading=lazy` are fetched. A browser fetches those near the window, which can
/// only be estimated without layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lazy {
    /// All of them, as if the visitor scrolled to the end.
    Include,
    /// Those near the window before any scrolling, if all pictures were in rows.
    Near,
    /// None of them.
    Skip,
}

/// The kind of a part.
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
    /// Whether it is a style sheet, whose [`imports`](super::imports) are fetched once it has arrived.
    pub(crate) is_sheet: bool,
}

/// The browser's settings that decide which parts it fetches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) width_px: u32,
    pub(crate) lazy: Lazy,
    pub(crate) pictures: bool,
}
