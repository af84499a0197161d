//! The site as one service, and the process that serves it.

use crate::config::Serve;

/// Runs one app process until it is told to stop (SIGTERM, SIGINT), then drains and returns.
pub async fn serve(config: Serve) -> anyhow::Result<()> {
    tracing::info!(listen = %config.listen, "serving");
    Ok(())
}
