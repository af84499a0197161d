//! The processes of one machine: [`supervisor`] starts, supervises and stops them, [`observe`] reads their counters and
//! CPU time from outside, [`cachectl`] explains what the cache holds.

pub mod cachectl;
pub mod observe;
pub mod supervisor;
