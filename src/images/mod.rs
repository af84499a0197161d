//! Turns an original into a derivative. Knows no HTTP and no database.
//!
//! Read in this order: [`original`] says where pixels come from, [`size`] which pictures are made of
//! them, [`inspect`](mod@inspect) what an upload is and why it may be refused, [`render`](mod@render)
//! how one picture is made, [`store`] how it is made only once, kept in a bounded folder and taken
//! away for good.

mod colour;
pub mod decode;
pub mod encode;
mod exif;
#[cfg(test)]
mod hostile;
pub mod inspect;
mod jpeg;
pub mod original;
pub mod originals;
mod pool;
pub mod render;
pub mod resize;
mod room;
#[cfg(test)]
mod samples;
pub mod size;
pub mod store;

pub use decode::Refusal;
pub use inspect::{Facts, inspect};
pub use original::{FileName, Original};
pub use originals::Originals;
pub use render::{RenderError, render};
pub use size::{Encoding, Format, Size, Width};
pub use store::{Derivative, Derivatives, Held, Key, Priority, Shelf, Source, StoreError, Swept};
