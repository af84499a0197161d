//! `flickr-killr static-files`: the site's own files, for a web server that sends them from disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::assets;

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
    let folder = &args.folder;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for asset in assets::all().iter() {
        let name = asset.file_name();
        // First the squeezed one: who finds a file finds it in both forms.
        if let Some(squeezed) = accelerator::gzipped(&asset.url, &asset.bytes) {
            write(folder, &format!("{name}.gz"), &squeezed)?;
        }
        write(folder, name, &asset.bytes)?;
    }
    Ok(())
}

/// Writes a file whole or not at all. One that is there already is left alone.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let half = folder.join(format!(".{name}.{:016x}", rand::random::<u64>()));
    let written = write_half(&half, bytes).and_then(|()| fs::rename(&half, &path));
    if written.is_err() {
        // Nobody looks for this name; the error is what counts.
        let _ = fs::remove_file(&half);
    }
    written.with_context(|| format!("writing {}", path.display()))
}

fn write_half(half: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(half)?;
    file.write_all(bytes)?;
    // On the disk before it has its name: a power cut leaves no half of a file.
    file.sync_all()
}
