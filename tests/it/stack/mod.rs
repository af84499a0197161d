//! The supervisor, as a person meets it: the real program, real children, real signals.

mod children;
mod refusals;
mod settings;
mod site;
mod start_and_stop;
