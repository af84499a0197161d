//! What machines ask: does this process answer, and what has it done?
//!
//! Not for visitors: a process that visitors reach without nginx does not know these addresses.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use super::error::Error;
use super::site::Site;
use crate::db;

/// Says that this process answers. Asks nobody else: a slow database is no reason to restart an app.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Counters in the Prometheus text format.
pub(super) async fn metrics(State(site): State<Site>) -> Result<Response, Error> {
    let stats = site.accelerator.stats();
    let mut text = String::new();
    let mut counter = |name: &str, value: u64| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# TYPE {name} counter\n{name} {value}");
    };
    counter("accelerator_stored_total", stats.stored);
    counter("accelerator_stored_bytes_total", stats.stored_bytes);
    counter("accelerator_taken_back_total", stats.taken_back);
    counter("accelerator_purged_total", stats.purged);
    counter(
        "accelerator_purges_unconfirmed_total",
        stats.purges_unconfirmed,
    );
    counter("accelerator_errors_total", stats.errors);
    let _ = writeln!(text, "# TYPE accelerator_not_stored_total counter");
    for (reason, count) in &stats.not_stored {
        let _ = writeln!(
            text,
            "accelerator_not_stored_total{{reason=\"{}\"}} {count}",
            reason.name()
        );
    }
    let waiting = db::outbox::waiting(&site.db).await?;
    let _ = writeln!(
        text,
        "# TYPE outbox_waiting gauge\noutbox_waiting {waiting}"
    );
    let _ = writeln!(
        text,
        "# TYPE database_connections gauge\ndatabase_connections {}",
        site.db.size()
    );
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
