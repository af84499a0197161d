//! `flickr-killr static-files`: the site's own files, for a web server that sends them from disk.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use site::assets::AssetStore;

#[derive(Debug, Args)]
pub(super) struct StaticFilesArgs {
    /// Folder that becomes `/static/`: `site.HASH.css` in it is `/static/site.HASH.css`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes every file under the name in its URL, and for text files also `NAME.gz`, the compressed bytes that memcached
/// would hold. Keeps the files of older builds, because pages open in browsers still refer to them.
pub(super) fn run(args: &StaticFilesArgs) -> Result<()> {
    AssetStore::new(&args.folder).keep_own()
}
