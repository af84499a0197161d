//! The program as a CGI script (RFC 3875): a process, a database connection and a whole site for one
//! request, and then the end. Version 0.1 of the ladder, the strawman of the talk.
//!
//! The router is the one that `serve` runs, and the settings are the environment variables of
//! `serve`. What it promises a web server:
//!
//! - An answer is written whole, and then the exit code is 0, also for a page that says 404 or 500.
//! - Where there is no answer (a setting is missing, the server broke its side of the protocol, a
//!   panic), a sentence is on standard error, *nothing* on standard output, and the code is not 0:
//!   so the server says 502 and nothing else.
//! - The whole body is read, even one that the handler ignores: fcgiwrap reads no response before it has
//!   written the body, and returns 502 when it cannot.

mod request;
mod response;
mod stdin;

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use axum::http::{Method, Request};
use axum::response::IntoResponse as _;
use domain::config;
use site::jobs;
use tower::ServiceExt as _;

use self::request::{Head, Unfit};
use self::response::Written;
use self::stdin::Stdin;
use crate::cli;
use crate::server;
use crate::web::AppState;

/// Whether a web server started this process as a CGI script (RFC 3875, 4.1.4).
///
/// Arguments are not looked at, on purpose: a server may put the words of a query there (4.4), so
/// `/?serve` would be a command from a stranger.
pub fn is_asked() -> bool {
    std::env::var_os(request::GATEWAY_INTERFACE).is_some()
}

/// Answers the one request.
pub fn main() -> ExitCode {
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::failed(&error),
    }
}

fn answer() -> Result<()> {
    let head = request::head(std::env::vars_os());
    let site = cli::site_from_environment()?;
    cli::log_to_stderr();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no async runtime")?;
    let outcome = runtime.block_on(async {
        match head {
            Ok(head) => one_request(&site, head).await,
            Err(Unfit::Client(status, sentence)) => {
                let refusal = (status, sentence).into_response();
                Ok(response::write(refusal, &Method::GET, stdout()?).await?)
            }
            Err(Unfit::Server(sentence)) => Err(anyhow::Error::msg(sentence)),
        }
    });
    // Without waiting: a thread that still reads a body which its server never ends holds nobody.
    runtime.shutdown_background();
    match outcome? {
        Written::Whole => {}
        // The visitor went away, which is no fault of anybody.
        Written::NobodyListens => tracing::debug!("nobody listens any more"),
    }
    Ok(())
}

/// Everything that `serve` does once, for one request.
async fn one_request(config: &config::Site, head: Head) -> Result<Written> {
    let state = AppState::open(config)?;
    let site = state.site.clone();
    let body = Stdin::new(head.body_len).context("there is no standard input")?;
    let method = head.parts.method.clone();
    let request = Request::from_parts(head.parts, body.stream());
    let response = match server::router(state).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    body.drain().await?;
    let written = response::write(response, &method, stdout()?).await;
    // What a process that lives on does every few seconds, and in the background.
    if let Err(error) = jobs::write_views(&site).await {
        tracing::warn!(error = format!("{error:#}"), "views are lost");
    }
    site.accelerator.flush().await;
    written
}

/// Standard output without the buffer of `std`, which would cut pages at the ends of lines.
fn stdout() -> Result<File> {
    let owned = io::stdout().as_fd().try_clone_to_owned();
    Ok(File::from(owned.context("there is no standard output")?))
}
