//! The use cases: what a person can do on the site, without HTTP and without HTML.
//!
//! A handler parses its input, calls one function here and renders the result. Transactions, purges and
//! limits belong to the functions here, so that every caller gets them.

pub mod upload;
