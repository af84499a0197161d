//! The supervisor, as a person meets it: the real program, real children, real signals.

mod children;
mod logs;
mod refusals;
mod settings;
pub(crate) mod site;
mod start_and_stop;
