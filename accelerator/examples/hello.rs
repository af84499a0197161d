//! A site in thirty lines: `MEMCACHED=127.0.0.1:11211 cargo run -p accelerator --example hello`.
//!
//! Behind the shipped `nginx.conf`, memcached answers the second request for the picture.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
)]

use accelerator::{Accelerator, Options, Policy};
use axum::{
    Extension, Router, extract::Path, http::header::CONTENT_TYPE, response::Html, routing::get,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = std::env::var("MEMCACHED")
        .ok()
        .map(|address| address.parse())
        .transpose()?;
    let accelerator = Accelerator::new(Options::new(server));
    let purging = accelerator.clone();

    let router = Router::new()
        // A response without a policy is stored nowhere.
        .route("/", get(|| async { Html("<img src=/i/red/320.svg>") }))
        // Browsers may keep a picture for a day; memcached keeps it until it is purged.
        .route("/i/{colour}/320.svg", get(|Path(colour): Path<String>| async move {
            let colour: String = colour.chars().filter(char::is_ascii_alphabetic).collect();
            let svg = format!("<svg xmlns='http://www.w3.org/2000/svg'><rect width='320' height='320' fill='{colour}'/></svg>");
            (Extension(Policy::Purgeable), [(CONTENT_TYPE, "image/svg+xml")], svg)
        }))
        .route("/forget/{colour}", get(|Path(colour): Path<String>| async move {
            format!("{:?}", purging.purge([format!("/i/{colour}/320.svg")]).await)
        }))
        .layer(accelerator.layer());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
