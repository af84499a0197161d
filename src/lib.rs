//! x

pub mod db;
pub mod demo;
