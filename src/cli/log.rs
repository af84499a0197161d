//! The log of an app process, and the allow list of crates that may write to it.
//!
//! Parsers of uploads trace what they parse: nom-exif 3.8 logged each EXIF field at level INFO, of
//! private pictures too, and those lines outlive the picture. So the log takes events of our crates
//! and of a list of others, which handle requests and statements but no content. Events of all other
//! crates are dropped at every level, whatever `RUST_LOG` is; so are those of a new dependency, until
//! it is listed here.

use std::io;

use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The crates of this repository.
const OURS: [&str; 10] = [
    "flickr_killr",
    "accelerator",
    "benchmarker",
    "db",
    "demo_data",
    "domain",
    "images",
    "ladder",
    "site",
    "stack",
];

/// Dependencies whose events hold no content that visitors send.
const LISTED: [&str; 10] = [
    "axum",
    "axum_core",
    "hyper",
    "hyper_util",
    "memcache",
    "mio",
    "sqlx",
    "tokio",
    "tower",
    "tower_http",
];

/// Sends the log to standard error. By default: our events from INFO up, and warnings of the listed dependencies;
/// `RUST_LOG` changes the levels, not the list.
pub(crate) fn log_to_stderr() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_filter()));
    log_to(io::stderr, filter).init();
}

/// The filter if `RUST_LOG` is not set.
fn default_filter() -> String {
    OURS.iter().fold("warn".to_owned(), |filter, name| {
        filter + "," + name + "=info"
    })
}

fn log_to<W>(writer: W, filter: EnvFilter) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(may_be_logged))
        .with(
            tracing_subscriber::fmt::layer()
                .with_writer(writer)
                .with_ansi(false)
                // By default a failed write is reported with `eprintln!`, which panics if that write fails as well:
                // with standard error closed or the disk full, every request that logs would fail.
                .log_internal_errors(false),
        )
}

/// Whether the event's crate is on the allow list.
fn may_be_logged(event: &Metadata<'_>) -> bool {
    let name = event.target().split("::").next().unwrap_or_default();
    OURS.contains(&name) || LISTED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn every_crate_of_the_site_may_log() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates");
        let mut crates = 0;
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            assert!(OURS.contains(&name.as_str()), "{name}");
            assert!(default_filter().contains(&format!("{name}=info")));
            crates += 1;
        }
        assert!(crates >= 6);
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Logs an event of each kind, each named by a letter, and returns the letters in the log.
    fn logged(filter: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = log_to(move || writer.clone(), EnvFilter::new(filter));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "flickr_killr::web::upload", "A");
            tracing::debug!(target: "flickr_killr::web::upload", "B");
            tracing::warn!(target: "sqlx::query", "C");
            tracing::info!(target: "sqlx::query", "D");
            tracing::info!(target: "accelerator", "E");
            let span = tracing::info_span!(target: "nom_exif::exif", "f", artist = "F");
            let _inside = span.enter();
            tracing::info!("inside");
            for target in [
                "nom_exif::exif::exif_iter",
                "png",
                "image",
                "multer",
                "a_new_crate",
            ] {
                // The macro requires a constant target.
                match target {
                    "nom_exif::exif::exif_iter" => {
                        tracing::error!(target: "nom_exif::exif::exif_iter", "G");
                    }
                    "png" => tracing::info!(target: "png", "H"),
                    "image" => tracing::warn!(target: "image::codecs", "I"),
                    "multer" => tracing::error!(target: "multer", "J"),
                    _ => tracing::error!(target: "a_new_crate", "K"),
                }
            }
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .filter_map(|line| line.chars().last().filter(char::is_ascii_uppercase))
            .chain(text.contains("artist").then_some('F'))
            .collect()
    }

    #[test]
    fn only_listed_crates_are_logged_and_others_only_from_warnings_on() {
        assert_eq!(logged(&default_filter()), "ACE");
    }

    #[test]
    fn no_setting_lets_a_crate_through_that_reads_what_visitors_send() {
        for filter in [
            "trace",
            "debug,nom_exif=trace,multer=trace,image=trace,png=trace",
        ] {
            assert_eq!(logged(filter), "ABCDE", "{filter}");
        }
        assert_eq!(logged("off,nom_exif=info"), "");
    }
}
