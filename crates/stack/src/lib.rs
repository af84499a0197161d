//! The programs of one machine: [`supervisor`] starts, watches and stops them, [`observe`] looks at them from outside,
//! [`cachectl`] explains what the cache holds.

pub mod cachectl;
pub mod observe;
pub mod supervisor;
