//! The supervisor, as a person meets it: the real program, real children, real signals.

mod children;
mod copies;
mod empty;
mod environment;
mod gone_readers;
mod links;
mod logs;
mod odd_folders;
mod refusals;
mod roles;
mod settings;
pub(crate) mod site;
mod sockets;
mod start_and_stop;
