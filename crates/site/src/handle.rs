//! The handle that every use case receives.

use std::ops::Deref;
use std::sync::Arc;

use accelerator::{Accelerator, Fence, Options};
use anyhow::Context as _;
use domain::config;
use images::disk::{Ballast, Disk};
use images::store::Settings;
use images::{Derivatives, Originals};

use crate::accounts::Accounts;
use crate::assets::AssetStore;
use crate::passwords::{DemoLogins, Passwords};
use crate::upload::Uploads;
use crate::validity::PictureValidity;
use crate::view_counter::ViewCounter;

/// The site's handle, cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Parts>);

/// The parts of a site.
pub struct Parts {
    /// The database.
    pub db: db::Pool,
    /// Stores files in memcached and purges them.
    pub accelerator: Accelerator,
    /// Pictures made from originals.
    pub derivatives: Derivatives,
    /// The uploaded files.
    pub originals: Originals,
    /// Uploads in progress.
    pub uploads: Uploads,
    /// Log-ins and registrations.
    pub accounts: Accounts,
    /// The free space of the disk that pictures are written to.
    pub disk: Disk,
    /// Views that are not in the database yet.
    pub views: ViewCounter,
    /// The site's own files of all versions; `None` where processes share no folder.
    pub asset_store: Option<AssetStore>,
}

impl Site {
    /// Assembles a site. Starts no thread and opens no connection before a request needs it, because a CGI process does all
    /// this for one request.
    ///
    /// # Errors
    ///
    /// When the address of the database is invalid or the demo password cannot be read.
    pub fn open(config: &config::Site) -> anyhow::Result<Self> {
        let db = db::pool::open(&config.database_url, config.database_connections)
            .context("reading the database's address")?;
        let demo = config
            .demo_logins
            .as_deref()
            .map(DemoLogins::read)
            .transpose()?;
        let originals = Originals::new(&config.originals);
        let disk = Disk::new(
            &[config.originals.clone(), config.derivatives.clone()],
            config.disk_reserve,
            config.ballast.as_ref().map(Ballast::at),
        );
        let mut settings = Settings::new(&config.derivatives);
        settings.disk = Some(disk.clone());
        let derivatives = Derivatives::new(settings, originals.clone());
        let asset_store = config.static_files.clone().map(AssetStore::new);
        let validity = PictureValidity::new(db.clone(), asset_store.clone());
        let mut options = Options::new(config.memcached.iter().copied()).validity(validity);
        options.fence = config.fence.then(Fence::default);
        Ok(Self(Arc::new(Parts {
            accelerator: Accelerator::new(options),
            derivatives,
            uploads: Uploads::new(db.clone(), originals.clone()),
            originals,
            accounts: Accounts::new(db.clone(), Passwords::new(demo)),
            disk,
            views: ViewCounter::default(),
            asset_store,
            db,
        })))
    }
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
