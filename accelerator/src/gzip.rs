//! Gzips text once, for memcached and for the clients that ask before memcached has it.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use crate::key::{Key, Kind};
use crate::media::Media;

/// Compression level: each file is compressed once, so a better ratio is worth some milliseconds.
const LEVEL: u32 = 6;
/// How many bytes of gzipped fingerprinted files a process remembers, for the time when memcached is down.
const REMEMBERED_BYTES_MAX: usize = 4 << 20;

/// Gzips bodies and remembers those of fingerprinted files.
#[derive(Debug, Default)]
pub(crate) struct Compressor {
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    /// Gzipped bytes, with the CRC-32 of the plain ones.
    files: HashMap<Key, (u32, Bytes)>,
    bytes: usize,
}

impl Compressor {
    /// Returns the gzipped body, or `None` if gzip does not make it smaller.
    pub(crate) async fn compress(&self, key: &Key, body: &Bytes) -> Option<Bytes> {
        let source = crc32fast::hash(body);
        if let Some((of, gzipped)) = self.lock().files.get(key)
            && *of == source
        {
            return Some(gzipped.clone());
        }
        // Milliseconds of work: not on a thread that other requests wait for.
        let plain = body.clone();
        let gzipped = tokio::task::spawn_blocking(move || gzip(&plain))
            .await
            .ok()?;
        if gzipped.len() >= body.len() {
            return None;
        }
        if key.kind() == Kind::Fingerprinted {
            self.remember(key, source, &gzipped);
        }
        Some(gzipped)
    }

    fn remember(&self, key: &Key, source: u32, gzipped: &Bytes) {
        let mut remembered = self.lock();
        if remembered.bytes + gzipped.len() > REMEMBERED_BYTES_MAX {
            return;
        }
        remembered.bytes += gzipped.len();
        if let Some((_, old)) = remembered
            .files
            .insert(key.clone(), (source, gzipped.clone()))
        {
            remembered.bytes -= old.len();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the gzipped body that memcached would hold for the file at this path, or `None` if it would hold the file
/// itself. For a web server that has the same files on its disk.
pub fn gzipped(path: &str, body: &[u8]) -> Option<Bytes> {
    let key = Key::of(path)?;
    Media::of(key.extension()).filter(|media| media.is_text)?;
    Some(gzip(body)).filter(|gzipped| gzipped.len() < body.len())
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::new(LEVEL));
    // Writing into memory cannot fail. If it did, an empty result would be wrong: keep the plain bytes.
    match encoder.write_all(plain).and_then(|()| encoder.finish()) {
        Ok(gzipped) => gzipped.into(),
        Err(_) => Bytes::copy_from_slice(plain),
    }
}

/// Returns whether a request accepts gzip: by name or by `*`, with a weight above zero.
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    let mut by_star = false;
    for coding in headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")))
            .map_or(1.0, |q| q.parse().unwrap_or(0.0));
        match name {
            "*" => by_star = weight > 0.0,
            gzip if gzip.eq_ignore_ascii_case("gzip") => return weight > 0.0,
            _ => {}
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use super::{Compressor, is_accepted};
    use crate::Key;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, header::ACCEPT_ENCODING};

    #[test]
    fn gzip_is_accepted_when_named_or_starred_with_a_weight() {
        for (header, accepted) in [
            ("gzip", true),
            ("br, GZIP;q=0.1", true),
            ("*", true),
            ("br, *;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;Q=0", false),
            ("gzip; q=0.0, *", false),
            ("br", false),
            ("identity", false),
            ("", false),
            ("xgzip", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(is_accepted(&headers), accepted, "{header}");
        }
        assert!(!is_accepted(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn what_gzip_makes_bigger_stays_plain() {
        let key = Key::of("/static/a.01234567.css").unwrap();
        assert_eq!(
            Compressor::default()
                .compress(&key, &Bytes::from_static(b"a{}"))
                .await,
            None
        );
    }

    #[tokio::test]
    async fn a_file_is_squeezed_once_unless_its_bytes_changed() {
        let (compressor, key) = (
            Compressor::default(),
            Key::of("/static/a.01234567.css").unwrap(),
        );
        let old = Bytes::from("a { color: red }\n".repeat(99));
        let first = compressor.compress(&key, &old).await.unwrap();
        let again = compressor.compress(&key, &old).await.unwrap();
        assert_eq!(
            first.as_ptr(),
            again.as_ptr(),
            "the same bytes, not equal ones"
        );
        let changed = compressor
            .compress(&key, &Bytes::from("b { color: red }\n".repeat(99)))
            .await
            .unwrap();
        assert_ne!(first, changed);
    }
}
