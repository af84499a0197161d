//! Ctrl-C: a flag that every wait checks, so that the run ends in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use stack::supervisor::is_ignored;

/// Whether somebody wishes us to end.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(Arc<AtomicBool>);

/// The run was interrupted.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: the site is stopped and nothing is left running")]
pub(super) struct Interrupted;

impl Interrupt {
    /// Listens from now on. The children do not hear the terminal: they are stopped by us, last.
    pub(super) fn listen() -> Result<Self> {
        let word = Arc::new(AtomicBool::new(false));
        // `nohup` ignores SIGHUP for us, and a handler would take that back.
        let hangs_up = !is_ignored(nix::sys::signal::Signal::SIGHUP);
        let signals = [Some(SIGINT), Some(SIGTERM), hangs_up.then_some(SIGHUP)];
        for signal in signals.into_iter().flatten() {
            signal_hook::flag::register(signal, Arc::clone(&word))
                .context("cannot listen to signals")?;
        }
        Ok(Self(word))
    }

    /// For what must be done whatever is wished.
    pub(super) fn ignored() -> Self {
        Self(Arc::default())
    }

    /// Fails once an interrupt has arrived.
    pub(super) fn check(&self) -> Result<()> {
        if self.0.load(Relaxed) {
            return Err(Interrupted.into());
        }
        Ok(())
    }

    /// The word itself, for the benchmarker.
    pub(super) fn word(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
