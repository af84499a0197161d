//! Tests that take whole files: which are accepted, which are refused, and how they look when decoded.

mod colours_and_sizes;
mod malformed_files;
pub(crate) mod samples;
