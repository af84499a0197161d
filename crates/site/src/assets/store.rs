//! The asset store: the site's own files of every version, in a folder that all processes share.
//!
//! A new version has new addresses for changed files, while pages of the version before are open in browsers, and for a
//! while processes of both answer. So every process writes its own files here before its first response, and finds the
//! files of other versions here.
//!
//! A name contains a fingerprint of the bytes, and a file is served only if it matches: the rest of a file that a full
//! disk or a power cut left is not served, and so not cached for ever.

use std::collections::HashMap;
use std::fs::{self, File, FileTimes, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use accelerator::Key;
use anyhow::{Context as _, Result};
use bytes::Bytes;
use images::disk::atomic_write;

use crate::assets;

/// How long a file of another version stays after its last use here: at least as long as memcached may serve it instead
/// (see the test below).
pub const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How old the recorded time of a file's last use may become. Recording each use would turn every read into a write.
const NOTE_AFTER: Duration = Duration::from_secs(60 * 60);

/// How old a temporary file must be before no process can still be writing it.
const STALE_AFTER: Duration = Duration::from_secs(60 * 60);

/// How many bytes a file of the site may have; larger files are ignored.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// The path prefix of all names.
const STATIC: &str = "/static/";

/// The folder. `site.HASH.css` in it is `/static/site.HASH.css`; `site.HASH.css.gz` has the bytes that memcached would
/// hold, for a web server that serves both from disk.
#[derive(Debug, Clone)]
pub struct AssetStore {
    folder: PathBuf,
}

impl AssetStore {
    /// The store in this folder, which is created when the first file is written.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Writes the files of this build that are missing, and records that all are in use.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to. The files written until then stay.
    pub fn keep_own(&self) -> Result<()> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("making {}", self.folder.display()))?;
        for asset in assets::all().iter() {
            let name = asset.file_name();
            // The gzipped form first: when the plain form exists, both do.
            if let Some(gzipped) = accelerator::gzipped(&asset.url, &asset.bytes) {
                self.write(&format!("{name}.gz"), &gzipped)?;
            }
            self.write(name, &asset.bytes)?;
        }
        Ok(())
    }

    /// Whether there is a file of this key, of any version; its bytes are not checked.
    pub fn has(&self, key: &Key) -> bool {
        self.path_of(key).and_then(|path| facts_of(&path)).is_some()
    }

    /// Returns the bytes of a file of any version, and records that it is in use.
    pub fn find(&self, key: &Key) -> Option<Bytes> {
        let path = self.path_of(key)?;
        let facts = facts_of(&path)?;
        let read = || {
            let mut file = File::open(&path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            note_use(&file, &facts);
            io::Result::Ok(bytes)
        };
        let bytes = match read() {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "reading a static file failed");
                return None;
            }
        };
        let fingerprint = key.path().rsplit('.').nth(1).unwrap_or_default();
        if !assets::has_fingerprint(&bytes, fingerprint) {
            tracing::warn!(path = %path.display(), "file content does not match its fingerprint");
            return None;
        }
        Some(bytes.into())
    }

    /// Removes files of other versions that were not used for [`GRACE`], and temporary files of processes that died;
    /// returns how many. Files with other names are left alone.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read or written to.
    pub fn sweep(&self) -> io::Result<usize> {
        let now = SystemTime::now();
        let older_than =
            |used: SystemTime, limit| now.duration_since(used).is_ok_and(|age| age > limit);
        let mut stale = Vec::new();
        // Both forms of a file count as used as long as one of them is.
        let mut files = HashMap::<String, (SystemTime, Vec<PathBuf>)>::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let (Some(name), Some(facts)) = (path.file_name(), facts_of(&path)) else {
                continue;
            };
            let name = name.to_string_lossy();
            let plain = name.strip_suffix(".gz").unwrap_or(&name);
            if name.starts_with('.') {
                if older_than(last_used(&facts), STALE_AFTER) {
                    stale.push(path);
                }
            } else if let Some(key) = Key::of(&format!("{STATIC}{plain}"))
                && assets::all().at(key.path()).is_none()
            {
                let file = files
                    .entry(plain.to_owned())
                    .or_insert((SystemTime::UNIX_EPOCH, vec![]));
                file.0 = file.0.max(last_used(&facts));
                file.1.push(path);
            }
        }
        let unused = files
            .into_values()
            .filter(|(used, _)| older_than(*used, GRACE));
        let unwanted = stale.into_iter().chain(unused.flat_map(|(_, paths)| paths));
        let mut removed = 0;
        for path in unwanted {
            match fs::remove_file(&path) {
                Ok(()) => removed += 1,
                // Another process sweeps too.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }

    /// The path of the file of a key: in the folder itself, never below or beside it.
    fn path_of(&self, key: &Key) -> Option<PathBuf> {
        // A key has no segment that begins with a dot, and no part that is decoded later.
        let name = key.path().strip_prefix(STATIC)?;
        (!name.contains('/')).then(|| self.folder.join(name))
    }

    /// Writes a file completely or not at all. If it exists already, only records that it is in use.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        if let Some(facts) = facts_of(&path)
            && fs::read(&path).is_ok_and(|there| there == bytes)
        {
            return File::open(&path)
                .map(|file| note_use(&file, &facts))
                .with_context(|| format!("reading {}", path.display()));
        }
        atomic_write::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    }
}

/// The metadata of a file; `None` unless it is a regular file of a permitted size.
fn facts_of(path: &Path) -> Option<Metadata> {
    fs::symlink_metadata(path)
        .ok()
        .filter(|facts| facts.is_file() && facts.len() <= FILE_BYTES_MAX)
}

/// When a file was last used, as recorded by [`note_use`] or the file system, or written if that is later.
fn last_used(facts: &Metadata) -> SystemTime {
    let written = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    facts.accessed().map_or(written, |read| read.max(written))
}

fn note_use(file: &File, facts: &Metadata) {
    let now = SystemTime::now();
    if now
        .duration_since(last_used(facts))
        .is_ok_and(|age| age > NOTE_AFTER)
    {
        // A failure to record the use must not fail the request.
        let _ = file.set_times(FileTimes::new().set_accessed(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn folder() -> (tempfile::TempDir, AssetStore) {
        let folder = tempfile::tempdir().unwrap();
        let asset_store = AssetStore::new(folder.path());
        asset_store.keep_own().unwrap();
        (folder, asset_store)
    }

    /// Sets the last use of a file to this long ago.
    fn age(path: &Path, ago: Duration) {
        let then = SystemTime::now() - ago;
        let times = FileTimes::new().set_accessed(then).set_modified(then);
        File::open(path).unwrap().set_times(times).unwrap();
    }

    /// Writes a file of another version, last used this long ago.
    fn put(folder: &Path, name: &str, ago: Duration) {
        fs::write(folder.join(name), name).unwrap();
        age(&folder.join(name), ago);
    }

    fn is_there(folder: &Path, name: &str) -> bool {
        folder.join(name).exists()
    }

    #[test]
    fn files_stay_as_long_as_memcached_may_answer_for_them() {
        assert!(GRACE >= accelerator::Options::default().lifetime);
    }

    #[test]
    fn the_broom_takes_what_nobody_used_for_the_grace_period_and_nothing_of_this_build() {
        let (folder, asset_store) = folder();
        let folder = folder.path();
        for asset in assets::all().iter() {
            age(&folder.join(asset.file_name()), DAY * 100);
        }
        put(folder, "old.0123456789ab.css", DAY * 8);
        put(folder, "old.0123456789ab.css.gz", DAY * 9);
        put(folder, "late.0123456789ab.css", DAY * 6);
        // A web server that serves the gzipped form keeps the plain form too.
        put(folder, "squeezed.0123456789ab.css", DAY * 8);
        put(folder, "squeezed.0123456789ab.css.gz", DAY * 6);
        put(folder, ".half.0123456789abcdef", DAY);
        put(folder, ".young.0123456789abcdef", Duration::ZERO);
        put(folder, "notes of somebody", DAY * 100);
        assert_eq!(asset_store.sweep().unwrap(), 3);
        for (name, stays) in [
            ("old.0123456789ab.css", false),
            ("old.0123456789ab.css.gz", false),
            (".half.0123456789abcdef", false),
            ("late.0123456789ab.css", true),
            ("squeezed.0123456789ab.css", true),
            ("squeezed.0123456789ab.css.gz", true),
            (".young.0123456789abcdef", true),
            ("notes of somebody", true),
        ] {
            assert_eq!(is_there(folder, name), stays, "{name}");
        }
        for asset in assets::all().iter() {
            assert!(is_there(folder, asset.file_name()), "{}", asset.url);
        }
    }

    #[test]
    fn a_file_that_is_asked_for_stays() {
        let (folder, asset_store) = folder();
        let bytes = "a{color:red}";
        let name = format!("site.{}.css", assets::fingerprint(bytes.as_bytes()));
        let path = folder.path().join(&name);
        fs::write(&path, bytes).unwrap();
        age(&path, DAY * 8);
        let key = Key::of(&format!("{STATIC}{name}")).unwrap();
        assert_eq!(asset_store.find(&key).unwrap(), bytes);
        assert_eq!(asset_store.sweep().unwrap(), 0);
        age(&path, DAY * 8);
        assert_eq!(asset_store.sweep().unwrap(), 1);
        assert!(asset_store.find(&key).is_none() && !asset_store.has(&key));
    }

    #[test]
    fn a_file_is_believed_only_if_its_bytes_have_the_fingerprint_of_its_name() {
        let (folder, asset_store) = folder();
        put(folder.path(), "site.0123456789ab.css", Duration::ZERO);
        fs::create_dir(folder.path().join("folder.0123456789ab.css")).unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        let own = assets::all().iter().next().unwrap();
        let below = format!("sub/{}", own.file_name());
        fs::write(folder.path().join(&below), &own.bytes).unwrap();
        for name in ["site.0123456789ab.css", "folder.0123456789ab.css", &below] {
            let key = Key::of(&format!("{STATIC}{name}")).unwrap();
            assert!(asset_store.find(&key).is_none(), "{name}");
        }
        let key = Key::of(&own.url).unwrap();
        assert_eq!(asset_store.find(&key).unwrap(), own.bytes);
        assert!(asset_store.find(&Key::of("/i/1/a.webp").unwrap()).is_none());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("a file where a folder should be");
        fs::write(&blocked, b"").unwrap();
        let said = AssetStore::new(&blocked).keep_own().unwrap_err();
        assert!(
            said.to_string().contains("where a folder should be"),
            "{said}"
        );
    }
}
