//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use accelerator::Accelerator;
use sqlx::PgPool;

use super::from_disk::FromDisk;
use super::views::Views;
use crate::db::outbox::Gone;
use crate::disk::Disk;
use crate::generations::Generations;
use crate::images::{Derivatives, Originals};
use crate::jobs::{self, Delivery};
use crate::lab::Live;
use crate::rung::Rung;
use crate::site::Accounts;
use crate::site::upload::Uploads;

/// The site's handle, cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Parts>);

/// What the site is made of.
pub struct Parts {
    /// The database.
    pub db: PgPool,
    /// What stores and purges.
    pub accelerator: Accelerator,
    /// Pictures made from originals.
    pub derivatives: Derivatives,
    /// Uploads as they came.
    pub originals: Originals,
    /// Uploads under way.
    pub uploads: Uploads,
    /// Logs people in and lets them register.
    pub accounts: Accounts,
    /// The room on the disk that pictures are written to.
    pub disk: Disk,
    /// Views waiting to be written down.
    pub views: Views,
    /// Whether the lab is shown.
    pub lab: bool,
    /// The names of hosts under which the lab answers, beside addresses and `localhost`.
    pub lab_hosts: Vec<String>,
    /// The version of the ladder that pages say they come from.
    pub rung: Rung,
    /// Who is asked for files before the handlers that have or make them.
    pub from_disk: Option<FromDisk>,
    /// The site's own files of other versions.
    pub generations: Option<Generations>,
    /// Whether `/healthz` and `/metrics` are answered.
    pub probes: bool,
    /// What the lab counts and draws.
    pub live: Live,
}

impl Site {
    /// Puts a site together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Takes a picture away everywhere, before the change that killed it is acknowledged, and says
    /// what is known of its copies; while one may be left the worker goes on trying.
    pub(super) async fn purge(&self, gone: &Gone) -> Delivery {
        jobs::outbox::deliver(
            &self.db,
            &self.accelerator,
            &self.derivatives,
            &self.originals,
            gone,
        )
        .await
    }
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
