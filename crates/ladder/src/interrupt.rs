//! Ctrl-C: a flag that every wait checks, so that the run ends in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use stack::supervisor::is_ignored;

/// A flag that is set by SIGINT, SIGTERM and SIGHUP.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(Arc<AtomicBool>);

/// The run was interrupted.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: the site is stopped and nothing is left running")]
pub(super) struct Interrupted;

impl Interrupt {
    /// Installs the signal handlers. Signals of the terminal do not reach the children; this process stops them last.
    pub(super) fn listen() -> Result<Self> {
        let word = Arc::new(AtomicBool::new(false));
        // Under `nohup` SIGHUP is ignored; a handler would undo that.
        let hangs_up = !is_ignored(nix::sys::signal::Signal::SIGHUP);
        let signals = [Some(SIGINT), Some(SIGTERM), hangs_up.then_some(SIGHUP)];
        for signal in signals.into_iter().flatten() {
            signal_hook::flag::register(signal, Arc::clone(&word))
                .context("cannot install a signal handler")?;
        }
        Ok(Self(word))
    }

    /// A flag that is never set, for work that must be completed.
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

    /// The flag itself, for the benchmarker.
    pub(super) fn word(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
