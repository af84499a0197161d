//! The use cases: what a person can do on the site, without HTTP and without HTML.
//!
//! A handler parses its input, calls one function here and renders the result. Transactions, purges and
//! limits belong to the functions here, so that every caller gets them.

mod accounts;
pub mod brake;
pub mod login;
pub mod new_password;
pub mod passwords;
pub mod photo;
pub mod refusals;
pub mod register;
mod room;
pub mod session;
pub mod upload;

pub use accounts::{AccountError, Accounts};
