//! One app process: starts, listens, serves, drains.

mod tcp;

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use axum::middleware::{from_fn, map_request};
use db::migrate::{self, MigrateError, Migrated};
use domain::config::{Listen, Serve};
use ladder::lab::Place;
use site::{Site, jobs};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};

use crate::server::router;
use crate::startup;
use crate::web::{self, AppState};

/// How long requests in flight may still take when the process is told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs one app process until it is told to stop (SIGTERM, SIGINT), then drains and returns.
///
/// # Errors
///
/// When it cannot listen, or its settings are no good.
pub async fn serve(config: Serve) -> anyhow::Result<()> {
    let state = AppState::open(&config.site)?;
    migrate(&config.site.database_url).await?;
    let site = state.site.clone();
    jobs::open_first_connection(&site).await;
    warn_of_random_page_cost(&site).await;
    let schedule = jobs::Schedule {
        shared: config.jobs,
        connect_ahead: config.connect_ahead,
        derivatives_max_bytes: config.derivatives_max_bytes,
    };
    state.lab.live.set_place(Place {
        socket: match &config.listen {
            Listen::Unix(path) => Some(path.clone()),
            Listen::Tcp(_) => None,
        },
        front: config.front,
    });
    let router = router(state.clone()).layer(map_request(web::read_to_the_end));
    startup::get_ready(&state, &router).await;
    tokio::spawn(jobs::run(site.clone(), schedule));
    if config.jobs {
        tokio::spawn(warm_up(state));
    }
    match &config.listen {
        Listen::Unix(path) => {
            let listener =
                unix_listener(path).with_context(|| format!("listening on {}", config.listen))?;
            tracing::info!(listen = %config.listen, "serving");
            drained(axum::serve(listener, router).with_graceful_shutdown(told_to_stop()?)).await?;
            // The next process that listens on this path creates it again.
            let _ = std::fs::remove_file(path);
        }
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("listening on {address}"))?;
            tracing::info!(listen = %config.listen, "serving");
            // Outside of the request id too, which a visitor may not choose either.
            let router = router.layer(from_fn(web::stand_in_for_a_front));
            drained(tcp::serve(listener, router, told_to_stop()?)).await?;
        }
    }
    Ok(())
}

/// Waits for the server to end by itself, or at most [`DRAIN_TIMEOUT`] after it was told to stop:
/// an idle client that keeps its connection open must not hold the process.
async fn drained(server: impl IntoFuture<Output = io::Result<()>>) -> anyhow::Result<()> {
    let give_up = told_to_stop()?;
    let give_up = async {
        give_up.await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
    };
    tokio::select! {
        ended = server.into_future() => Ok(ended?),
        () = give_up => Ok(()),
    }
}

fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Listens under a fresh name and then renames it, so that a client always connects to a process that answers, and a
/// path that a dead process left is no obstacle.
fn unix_listener(path: &Path) -> io::Result<UnixListener> {
    let fresh = path.with_extension("fresh");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&fresh)?;
    std::fs::rename(&fresh, path)?;
    Ok(listener)
}

/// Brings the database to the schema of this program. A database that does not answer is no reason not to start: pages
/// ask it again.
async fn migrate(database_url: &str) -> anyhow::Result<()> {
    let connection = db::connect(&db::database_url::options(database_url)?).await;
    let migrated = match connection {
        Ok(mut connection) => migrate::run(&mut connection).await,
        Err(error) => Err(error.into()),
    };
    match migrated {
        Ok(Migrated::Current) => Ok(()),
        Ok(migrated) => {
            tracing::info!(?migrated, "migrated the database");
            Ok(())
        }
        Err(MigrateError::Database(error)) => {
            tracing::warn!(%error, "it is not known which schema the database has");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn warn_of_random_page_cost(site: &Site) {
    match db::pool::random_page_cost(&site.db).await {
        Ok(cost) if cost > 2.0 => tracing::warn!(
            cost,
            "random_page_cost is made for turning disks: the photostream of a big owner will be \
             sorted instead of read from its index; set it to 1.1"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the database does not answer yet"),
    }
}

async fn warm_up(state: AppState) {
    if let Err(error) = jobs::warm_up(&state.site).await {
        tracing::warn!(error = format!("{error:#}"), "nothing was drawn ahead");
    }
    if state.lab.is_shown
        && let Err(error) = ladder::lab::measure_first(&state.site.db).await
    {
        tracing::warn!(%error, "the lab has nothing to compare with yet");
    }
}
