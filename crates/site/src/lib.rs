//! The use cases: what a person can do on the site, without HTTP and without HTML.
//!
//! A handler parses its input, calls one function here and renders the result. Transactions, purges and
//! limits belong to the functions here, so that every caller gets them.

mod accounts;
mod administration;
pub mod assets;
pub mod brake;
mod disk_full_retry;
mod handle;
pub mod jobs;
pub mod log_throttle;
pub mod login;
pub mod new_password;
pub mod passwords;
pub mod photo;
pub mod picture;
pub mod register;
pub mod session;
pub mod upload;
mod validity;
mod view_counter;

pub use accounts::{AccountError, Accounts};
pub use administration::NotChanged;
pub use handle::{Parts, Site};
pub use validity::PictureValidity;
pub use view_counter::ViewCounter;
