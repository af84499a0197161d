//! What machines ask: does this process answer, and what has it done?
//!
//! Not for visitors: a process that visitors reach without nginx does not know these addresses.

use std::fmt::Write as _;
use std::time::Duration;

use accelerator::Stats;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use site::Site;
use tokio::time::timeout;

/// How long the database may take to count what is pending; a scraper asks again soon.
const DATABASE_PATIENCE: Duration = Duration::from_secs(1);

/// Responds as long as this process does. Queries nothing: a slow database is no reason to restart an app.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Counters and gauges in the Prometheus text format.
///
/// A database that is away takes nothing from them but its own: then they are needed most.
pub(super) async fn metrics(State(site): State<Site>) -> Response {
    let waiting = timeout(DATABASE_PATIENCE, db::outbox::waiting(&site.db)).await;
    let waiting = waiting.ok().and_then(Result::ok);
    let mut text = Text::default();
    text.accelerator(&site.accelerator.stats());
    text.gauge(
        "database_up",
        "Whether the database answers; 0: pages fail, files that memcached has do not.",
        waiting.is_some().into(),
    );
    if let Some(waiting) = waiting {
        text.gauge(
            "outbox_waiting",
            "Deletions and other work behind the pages that is not done yet; it should come back to 0.",
            waiting.try_into().unwrap_or_default(),
        );
    }
    if let Some(bytes) = site.disk.available_bytes() {
        text.gauge(
            "disk_available_bytes",
            "Room on the disk of the pictures; below the reserve derivatives are not kept, below half of it \
             uploads are refused.",
            bytes,
        );
    }
    text.gauge(
        "database_connections",
        "Open connections to the database.",
        site.db.size().into(),
    );
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text.0).into_response()
}

/// What is told, so far.
#[derive(Default)]
struct Text(String);

impl Text {
    fn accelerator(&mut self, stats: &Stats) {
        for (name, help, value) in [
            ("stored", "Items that memcached acknowledged.", stats.stored),
            ("stored_bytes", "Bytes of these items.", stats.stored_bytes),
            (
                "taken_back",
                "Items that were stored and taken back: their file had died meanwhile.",
                stats.taken_back,
            ),
            (
                "purged",
                "Keys that a purge found and removed.",
                stats.purged,
            ),
            (
                "purges_unconfirmed",
                "Purges that a memcached did not confirm; alert: it may still serve what was deleted.",
                stats.purges_unconfirmed,
            ),
            (
                "fenced",
                "Memcached servers that were killed because they missed a purge; alert.",
                stats.fenced,
            ),
            (
                "collapsed",
                "Requests that got what was made for another at the same time.",
                stats.collapsed,
            ),
            (
                "errors",
                "Exchanges with memcached that failed; alert when it keeps growing.",
                stats.errors,
            ),
        ] {
            let name = format!("accelerator_{name}_total");
            self.begin(&name, help, "counter");
            self.sample(&name, value);
        }
        self.gauge(
            "accelerator_pending_purges",
            "Keys of which a memcached may still hold an old item; alert when it stays above 0.",
            stats.pending_purges,
        );
        let name = "accelerator_not_stored_total";
        self.begin(name, "Answers that were not stored, by reason.", "counter");
        for (reason, count) in &stats.not_stored {
            self.sample(&format!("{name}{{reason=\"{}\"}}", reason.name()), *count);
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.begin(name, help, "gauge");
        self.sample(name, value);
    }

    fn begin(&mut self, name: &str, help: &str, kind: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, value: u64) {
        self.line(format_args!("{name} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}
