//! Prints the whole configuration of nginx, or writes it for a site:
//!
//! `cargo run -p accelerator --example front -- DIR APP_SOCKET [MEMCACHED...]`
//!
//! Then `nginx -p DIR -c nginx.conf` answers on 127.0.0.1:8080.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
)]

use std::path::{Path, PathBuf};

use accelerator::configuration;
use accelerator::nginx::Front;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(dir), Some(app)) = (words.next(), words.next()) else {
        print!("{}", configuration::printed());
        return Ok(());
    };
    let dir = std::path::absolute(Path::new(&dir))?;
    let temp_dir = dir.join("temp");
    std::fs::create_dir_all(&temp_dir)?;
    configuration::write_to(&dir)?;
    let front = Front {
        user: None,
        workers: std::thread::available_parallelism()?.get(),
        pid: dir.join("nginx.pid"),
        error_log: "stderr".into(),
        access_log: None,
        site: "Your site".into(),
        temp_dir,
        listen: "127.0.0.1:8080".into(),
        apps: vec![PathBuf::from(app)],
        memcached: words.map(|word| word.parse()).collect::<Result<_, _>>()?,
        copies: 1,
        watch: None,
    };
    front.write_to(&dir)?;
    println!("nginx -p {} -c nginx.conf", dir.display());
    Ok(())
}
