//! Turns an original into a derivative. Knows no HTTP and no database.
//!
//! Read in this order: [`original`] says where pixels come from, [`size`] which pictures are made of
//! them, [`spool`] how an upload arrives, [`inspector`] and
//! [`inspect`](mod@inspect) what it is and why it may be refused, [`render`](mod@render)
//! how one picture is made, [`store`] how it is made only once, kept in a bounded folder and taken
//! away for good.

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

/// The most memory, in bytes, that pictures take in one process: what is drawn, and one upload that is inspected.
/// Large pictures come on top, [`LARGE_MEMORY_BYTES`].
pub const MEMORY_BYTES: u64 = memory_budget::RENDER_BUDGET_BYTES as u64 + decode_cost::LARGE_BYTES;

/// The most memory, in bytes, that large pictures take on the machine, whatever the number of its processes: one
/// that is inspected and one that is rendered, each unpacked beside two copies of its file.
pub const LARGE_MEMORY_BYTES: u64 =
    2 * (decode::DECODE_BYTES_MAX + 2 * decode::FILE_BYTES_MAX as u64);
