//! Compares the item in memcached with the response of the app.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde::Serialize;

use crate::cachectl::http::Response;
use crate::observe::memcached::Item;

/// The bit of an item's flags that marks gzip for nginx (`memcached_gzip_flag` in nginx.conf).
pub(super) const GZIP_FLAG: u32 = 2;

/// How large a file may be after decompression, so that a small item cannot fill the memory.
const INFLATED_BYTES_MAX: u64 = 256 << 20;

/// How an item compares with the app's response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The same bytes, gzipped or not.
    Same,
    /// Other bytes, from this offset on.
    Different {
        /// The first byte that differs, both decompressed.
        at: usize,
    },
    /// Its flags mark gzip, but its bytes are not: browsers cannot read it.
    FlaggedGzipButIsNot,
    /// Its bytes are gzip, but its flags do not mark it: browsers get compressed bytes as the file.
    IsGzipButNotFlagged,
}

/// Compares an item with a response byte by byte, after decompression.
pub(super) fn compare(item: &Item, response: &Response) -> Agreement {
    let expected = plain(response);
    if item.flags & GZIP_FLAG != 0 {
        return match inflated(&item.value) {
            Some(held) => compare_bytes(&held, &expected),
            None => Agreement::FlaggedGzipButIsNot,
        };
    }
    match compare_bytes(&item.value, &expected) {
        Agreement::Different { .. }
            if inflated(&item.value).is_some_and(|held| held == expected) =>
        {
            Agreement::IsGzipButNotFlagged
        }
        agreement => agreement,
    }
}

/// Returns the bytes of a file, decompressed.
pub(super) fn plain(response: &Response) -> Vec<u8> {
    match response.is_gzip() {
        true => inflated(&response.body).unwrap_or_default(),
        false => response.body.clone(),
    }
}

fn compare_bytes(held: &[u8], expected: &[u8]) -> Agreement {
    if held == expected {
        return Agreement::Same;
    }
    let same = held
        .iter()
        .zip(expected)
        .take_while(|(held, expected)| held == expected);
    Agreement::Different { at: same.count() }
}

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut read = GzDecoder::new(bytes).take(INFLATED_BYTES_MAX);
    read.read_to_end(&mut plain).ok()?;
    Some(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzipped(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn item(flags: u32, value: &[u8]) -> Item {
        Item {
            value: value.to_vec(),
            flags,
            seconds_left: None,
            idle_seconds: 0,
            was_fetched: false,
            version: 1,
        }
    }

    #[test]
    fn bytes_are_compared_as_browsers_see_them() {
        let gzip = gzipped(b"body { color: red }");
        let plain = Response {
            status: 200,
            body: b"body { color: red }".to_vec(),
            ..Response::default()
        };
        for (flags, value, expected) in [
            (0, plain.body.as_slice(), Agreement::Same),
            (GZIP_FLAG, &gzip, Agreement::Same),
            (0, &gzip, Agreement::IsGzipButNotFlagged),
            (GZIP_FLAG, &plain.body, Agreement::FlaggedGzipButIsNot),
            (0, b"body { color: rot }", Agreement::Different { at: 15 }),
            (0, b"body", Agreement::Different { at: 4 }),
            (4, &plain.body, Agreement::Same),
        ] {
            assert_eq!(compare(&item(flags, value), &plain), expected, "{flags}");
        }
    }

    #[test]
    fn the_flag_is_the_one_that_nginx_looks_at() {
        let nginx_conf = include_str!("../../../../../nginx.conf");
        assert!(nginx_conf.contains(&format!("memcached_gzip_flag {GZIP_FLAG};")));
    }
}
