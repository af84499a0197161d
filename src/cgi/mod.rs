//! The program as a CGI script (RFC 3875): a process, a database connection and a whole site for one
//! request, then exit. Version 0.1 of the ladder, the strawman of the talk.
//!
//! The router is that of `serve`, and so are the environment variables that hold the settings. The contract with the
//! web server:
//!
//! - The process writes a complete response and exits with 0, also for a page with status 404 or 500.
//! - Without a response (a setting is missing, the server violates the protocol, a panic) it writes one sentence to
//!   standard error and *nothing* to standard output, and exits with another code: the server then returns 502.
//! - It reads the whole request body, even if the handler ignores it: fcgiwrap reads no response before it has
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

use self::request::{Head, Rejection};
use self::response::WriteOutcome;
use self::stdin::Stdin;
use crate::cli;
use crate::server;
use crate::web::AppState;

/// Whether a web server started this process as a CGI script (RFC 3875, 4.1.4).
///
/// Deliberately ignores the arguments: a server may pass the words of the query there (4.4), so a visitor could run a
/// command with `/?serve`.
pub fn is_cgi_process() -> bool {
    std::env::var_os(request::GATEWAY_INTERFACE).is_some()
}

/// Handles the one request.
pub fn main() -> ExitCode {
    match handle() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::failed(&error),
    }
}

fn handle() -> Result<()> {
    let head = request::head(std::env::vars_os());
    let site = cli::site_from_environment()?;
    cli::log_to_stderr();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    let outcome = runtime.block_on(async {
        match head {
            Ok(head) => one_request(&site, head).await,
            Err(Rejection::Client(status, sentence)) => {
                let refusal = (status, sentence).into_response();
                Ok(response::write(refusal, &Method::GET, stdout()?).await?)
            }
            Err(Rejection::Server(sentence)) => Err(anyhow::Error::msg(sentence)),
        }
    });
    // Does not wait for a thread that still reads a request body which the server never ends.
    runtime.shutdown_background();
    match outcome? {
        WriteOutcome::Complete => {}
        // The client has disconnected, which is not an error.
        WriteOutcome::PipeClosed => tracing::debug!("the web server closed the pipe"),
    }
    Ok(())
}

/// Does for one request all the set-up that `serve` does once.
async fn one_request(config: &config::Site, head: Head) -> Result<WriteOutcome> {
    let state = AppState::open(config)?;
    let site = state.site.clone();
    let body = Stdin::new(head.body_len).context("cannot open standard input")?;
    let method = head.parts.method.clone();
    let request = Request::from_parts(head.parts, body.stream());
    let response = match server::router(state).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    body.drain().await?;
    let written = response::write(response, &method, stdout()?).await;
    // `serve` does this every few seconds in the background.
    if let Err(error) = jobs::write_views(&site).await {
        tracing::warn!(
            error = format!("{error:#}"),
            "cannot write the view counts; they are lost"
        );
    }
    site.accelerator.flush().await;
    written
}

/// Standard output without the buffer of `std`, which flushes at each end of line.
fn stdout() -> Result<File> {
    let owned = io::stdout().as_fd().try_clone_to_owned();
    Ok(File::from(owned.context("cannot open standard output")?))
}
