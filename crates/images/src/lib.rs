//! Renders derivatives from originals, and stores both. Depends on neither HTTP nor the database.
//!
//! Read in this order: [`original`] names the source of the pixels, [`size`] lists the derivatives, [`spool`] receives
//! an upload, `decode_cost` estimates its memory, [`inspector`] and [`inspect`](mod@inspect) accept or refuse it,
//! [`render`](mod@render) renders one derivative, and [`store`] renders each one once, stores it in a folder of bounded
//! size and removes it for good.

pub mod blocking;
mod colour;
pub mod decode;
mod decode_cost;
pub mod disk;
pub mod encode;
mod exif;
mod gamma;
pub mod inspect;
pub mod inspector;
mod jpeg;
mod large_lock;
mod memory_budget;
pub mod original;
pub mod originals;
mod png;
mod pool;
pub mod render;
pub mod resize;
mod riff;
pub mod size;
pub mod spool;
pub mod store;
#[cfg(test)]
mod tests;

pub use decode::Refusal;
pub use inspect::{Facts, inspect};
pub use inspector::{InspectError, Inspector};
pub use original::{FileName, Original};
pub use originals::Originals;
pub use render::{RenderError, render};
pub use size::{Encoding, Format, Size, Width};
pub use spool::{Abandoned, Incoming, Link, Received, WriteError};
pub use store::{Derivative, Derivatives, Held, Key, Priority, Shelf, Source, StoreError, Swept};

/// How many bytes of memory pictures need at most in one process: the renders, and one upload that is inspected.
/// Large pictures come on top, [`LARGE_MEMORY_BYTES`].
pub const MEMORY_BYTES: u64 = memory_budget::RENDER_BUDGET_BYTES as u64 + decode_cost::LARGE_BYTES;

/// How many bytes of memory large pictures need at most on the machine, whatever the number of processes: one that is
/// inspected and one that is rendered, each decoded beside two copies of its file.
pub const LARGE_MEMORY_BYTES: u64 =
    2 * (decode::DECODE_BYTES_MAX + 2 * decode::FILE_BYTES_MAX as u64);
