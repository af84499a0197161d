//! `flickr-killr static-files`: the site's own files, for a web server that sends them from disk.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use site::assets::AssetStore;

/// Where they go.
#[derive(Debug, Args)]
pub(super) struct StaticFilesArgs {
    /// Folder that becomes `/static/`: `site.HASH.css` in it is `/static/site.HASH.css`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes every file under the name in its address, and beside a text the bytes that memcached would
/// hold of it, as `NAME.gz`. Files of older builds stay, for pages that are open in browsers.
pub(super) fn run(args: &StaticFilesArgs) -> Result<()> {
    AssetStore::new(&args.folder).keep_own()
}
