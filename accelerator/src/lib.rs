//! A tower layer that pushes the files of an axum site into memcached, so that nginx answers the next request alone.
//!
//! A handler renders a file and attaches a [`Policy`]; concurrent requests for the file share one run of the handler.
//! The [`AcceleratorLayer`] writes the caching headers of that policy and puts a copy of the body into a bounded
//! queue. A task stores it in memcached under the [`Key`] that nginx looks up. From then on nginx answers from memory,
//! with the same headers and bytes, without the application. A site that deletes a file
//! [purges](Accelerator::purge) it.
//!
//! ```
//! use accelerator::{Accelerator, Options, Policy};
//! use axum::extract::Path;
//! use axum::http::header::CONTENT_TYPE;
//! use axum::routing::get;
//! use axum::{Extension, Router};
//!
//! # async fn picture(name: &str) -> Vec<u8> {
//! #     name.as_bytes().to_vec()
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let accelerator = Accelerator::new(Options::new(["127.0.0.1:11211".parse()?]));
//! let router: Router = Router::new()
//!     .route("/i/{name}/640.webp", get(async |Path(name): Path<String>| {
//!         (Extension(Policy::Purgeable), [(CONTENT_TYPE, "image/webp")], picture(&name).await)
//!     }))
//!     .layer(accelerator.layer());
//!
//! // When a picture is deleted: commit, then purge, then acknowledge.
//! let report = accelerator.purge(["/i/anna/640.webp"]).await;
//! if !report.is_confirmed() {
//!     // A memcached is down or frozen; the purge is retried as soon as it answers.
//! }
//! # drop(router);
//! # Ok(())
//! # }
//! ```
//!
//! *Invariants.* Storing never delays and never fails a response. Only a complete response to a plain GET is
//! stored, and only if its handler allowed it. A key exists only if nginx and the application cannot read it
//! differently. A full queue drops stores, never a purge. The crate knows nothing of the site but the answer to one
//! question, [`Validity`].
//!
//! Reading order: [`policy`] and [`NotStored`]; the way of a request (`service`, `request`, `future`,
//! `single_flight`, `cacheable`, `storable`, `headers`); the way of the bytes (`push`, [`Key`], [`ring`], `writer`);
//! deletion ([`Validity`], [`Accelerator::purge`], [`Fence`]). [`configuration`] contains `nginx.conf`, and [`nginx`]
//! writes the generated files that it includes.

#![warn(missing_docs)]

mod accelerator;
mod body;
mod cache_status;
mod cacheable;
pub mod configuration;
mod fence;
mod future;
mod gzip;
mod headers;
mod item;
mod key;
mod layer;
mod lifetime;
pub mod media;
pub mod nginx;
mod not_stored;
mod options;
pub mod policy;
mod purge;
mod push;
mod request;
pub mod ring;
mod service;
mod single_flight;
mod stats;
mod storable;
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

#[cfg(test)]
mod tests {
    /// The example of the README is that of the crate's documentation, which is compiled.
    #[test]
    fn the_example_of_the_readme_is_compiled() {
        let readme = include_str!("../README.md");
        let (_, example) = readme.split_once("```rust\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let docs: Vec<&str> = include_str!("lib.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .collect();
        assert!(example.lines().count() > 5);
        for line in example.lines() {
            assert!(docs.contains(&line.trim()), "{line}");
        }
    }
}
