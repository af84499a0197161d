//! Rebuilds the crate when a migration is added: the macro that embeds them does not notice new files.

#![allow(clippy::print_stdout, reason = "the way to speak to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
