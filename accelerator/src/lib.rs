//! A tower layer that pushes what an axum site produced into memcached, so that nginx answers the next request alone.
//!
//! A handler makes a file, once for all who ask for it at the same time, and says with a [`Policy`] what may
//! be done with it. The [`AcceleratorLayer`] writes the headers which that means and hands a copy to a bounded
//! queue; a task stores it under the [`Key`] for which nginx asks. From then on nginx answers from memory, with
//! the same headers and bytes, and the application hears nothing of it. What the site deletes it
//! [purges](Accelerator::purge).
//!
//! *Invariants.* Storing never delays and never fails a response. Nothing is stored unless its handler
//! said so, and only whole answers to plain GETs. A key exists only if nginx and the application
//! cannot read it differently. A full queue drops stores, never a purge. The crate knows nothing
//! of the site but the answer to one question, [`Validity`].
//!
//! To read: [`policy`] and [`NotStored`], then what a request passes (`service`, `future`, `flights`, `making`,
//! `judge`, `made`, `headers`), then where the bytes go ([`Key`], [`ring`], `writer`) and how they are
//! taken away ([`Validity`], [`Accelerator::purge`], [`Fence`]); [`configuration`] holds the
//! `nginx.conf`, [`nginx`] writes the addresses that it includes.

#![warn(missing_docs)]

mod accelerator;
mod body;
mod cache_status;
pub mod configuration;
mod fence;
mod flights;
mod future;
mod gzip;
mod headers;
mod judge;
mod key;
mod layer;
mod lifetime;
mod made;
mod making;
pub mod media;
pub mod nginx;
mod not_stored;
mod options;
pub mod policy;
mod purge;
pub mod ring;
mod service;
mod stats;
mod validity;
mod writer;

pub use accelerator::Accelerator;
pub use body::AcceleratedBody;
pub use cache_status::X_CACHE;
pub use fence::Fence;
pub use future::ResponseFuture;
pub use gzip::gzipped;
pub use key::{Key, Kind, NAMESPACE, NoKey, PATH_LEN_MAX};
pub use layer::AcceleratorLayer;
pub use lifetime::LIFETIME_MAX;
pub use not_stored::NotStored;
pub use options::Options;
pub use policy::{Policy, StoredFor};
pub use purge::{PurgeReport, ServerPurge};
pub use ring::Ring;
pub use service::AcceleratorService;
pub use stats::Stats;
pub use validity::{AlwaysCurrent, Lease, Validity};
