//! SQL, one file a noun. Functions take an executor; nothing here knows of pages.

pub mod load;
pub mod schema;
