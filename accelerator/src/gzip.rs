//! Squeezes text once, for memcached and for everybody who asks before memcached has it.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use crate::Key;
use crate::key::Kind;
use crate::media::Media;

/// How hard to squeeze: done once a file, so worth more than the first milliseconds.
const LEVEL: u32 = 6;
/// How many bytes of squeezed fingerprinted files a process remembers, for the time when memcached is away.
const REMEMBERED_BYTES_MAX: usize = 4 << 20;

/// Gzips bodies and remembers those of fingerprinted files.
#[derive(Debug, Default)]
pub(crate) struct Press {
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    /// Squeezed bytes, with the CRC-32 of what they were.
    files: HashMap<Key, (u32, Bytes)>,
    bytes: usize,
}

impl Press {
    /// Returns the gzipped body, or none when gzip does not make it smaller.
    pub(crate) async fn squeeze(&self, key: &Key, body: &Bytes) -> Option<Bytes> {
        let source = crc32fast::hash(body);
        if let Some((of, squeezed)) = self.lock().files.get(key)
            && *of == source
        {
            return Some(squeezed.clone());
        }
        // Milliseconds of work: not on a thread that other visitors wait for.
        let plain = body.clone();
        let squeezed = tokio::task::spawn_blocking(move || gzip(&plain))
            .await
            .ok()?;
        if squeezed.len() >= body.len() {
            return None;
        }
        if key.kind() == Kind::Fingerprinted {
            self.remember(key, source, &squeezed);
        }
        Some(squeezed)
    }

    fn remember(&self, key: &Key, source: u32, squeezed: &Bytes) {
        let mut remembered = self.lock();
        if remembered.bytes + squeezed.len() > REMEMBERED_BYTES_MAX {
            return;
        }
        remembered.bytes += squeezed.len();
        if let Some((_, old)) = remembered
            .files
            .insert(key.clone(), (source, squeezed.clone()))
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

/// Returns what memcached would hold of the file at this path, if that is not the file itself: texts
/// are held gzipped. For a web server that has the same files on its disk.
pub fn gzipped(path: &str, body: &[u8]) -> Option<Bytes> {
    let key = Key::of(path)?;
    Media::of(key.extension()).filter(|media| media.is_text)?;
    Some(gzip(body)).filter(|squeezed| squeezed.len() < body.len())
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::new(LEVEL));
    // Writing into memory cannot fail; if it could, an empty result would be wrong, so keep the plain bytes.
    match encoder.write_all(plain).and_then(|()| encoder.finish()) {
        Ok(squeezed) => squeezed.into(),
        Err(_) => Bytes::copy_from_slice(plain),
    }
}

/// Tells whether a request accepts gzip: named, or by `*`, with a weight above zero.
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
    use super::{Press, is_accepted};
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
            Press::default()
                .squeeze(&key, &Bytes::from_static(b"a{}"))
                .await,
            None
        );
    }

    #[tokio::test]
    async fn a_file_is_squeezed_once_unless_its_bytes_changed() {
        let (press, key) = (Press::default(), Key::of("/static/a.01234567.css").unwrap());
        let old = Bytes::from("a { color: red }\n".repeat(99));
        let first = press.squeeze(&key, &old).await.unwrap();
        let again = press.squeeze(&key, &old).await.unwrap();
        assert_eq!(
            first.as_ptr(),
            again.as_ptr(),
            "the same bytes, not equal ones"
        );
        let changed = press
            .squeeze(&key, &Bytes::from("b { color: red }\n".repeat(99)))
            .await
            .unwrap();
        assert_ne!(first, changed);
    }
}
