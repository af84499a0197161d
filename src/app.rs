//! The site as one service, and the process that serves it.

use axum::Router;
use axum::routing::get;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Listen, Serve};

/// Runs one app process until it is told to stop (SIGTERM, SIGINT), then drains and returns.
pub async fn serve(config: Serve) -> anyhow::Result<()> {
    tracing::info!(listen = %config.listen, "serving");
    let app = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route(
            "/",
            get(|| async { "<!doctype html><title>Flickr Killr</title>" }),
        );
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    match config.listen {
        Listen::Unix(path) => {
            let _ = std::fs::remove_file(&path);
            let listener = UnixListener::bind(&path)?;
            axum::serve(listener, app)
                .with_graceful_shutdown(stop)
                .await?;
        }
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address).await?;
            axum::serve(listener, app)
                .with_graceful_shutdown(stop)
                .await?;
        }
    }
    Ok(())
}
