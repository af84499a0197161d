//! The program: pages over the use cases of the crate `site`, one server process, the command line, and the program
//! as a CGI script.
//!
//! In the order to read them: [`web`] (the pages; `routes` is the whole site on a screen), [`server`] (all layers in
//! one list), [`process`] (starts, listens, drains), [`startup`], [`cgi`], [`cli`], [`environment`].

pub mod cgi;
pub mod cli;
pub mod environment;
pub mod process;
pub mod server;
pub mod startup;
pub mod web;
