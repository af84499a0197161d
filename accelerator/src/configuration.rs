//! The configuration of nginx as text: what stands in the repository's `nginx.conf`, and those parts of it that
//! say the same as this crate.
//!
//! [`write_to`] and [`Front::write_to`](crate::nginx::Front::write_to) into the same folder make all that nginx needs.
//! The rule for keys and the table of types are made here of the values that [`Key`](crate::Key) and
//! [`media`] use; a test holds the files to it, letter by letter.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::key::{EXTENSION_LEN, HASH_LEN, NAMESPACE, PATH_LEN_MAX};
use crate::media;

/// The front: readable alone, commented like a manual. It includes [`SHARED`] and the files that
/// [`Front`](crate::nginx::Front) writes.
pub const NGINX_CONF: &str = include_str!("../nginx/nginx.conf");

/// What it includes from the folder `shared`, by name.
pub const SHARED: [(&str, &str); 12] = [
    ("http.conf", include_str!("../nginx/shared/http.conf")),
    ("answers.conf", include_str!("../nginx/shared/answers.conf")),
    ("files.conf", include_str!("../nginx/shared/files.conf")),
    ("proxy.conf", include_str!("../nginx/shared/proxy.conf")),
    ("upload.conf", include_str!("../nginx/shared/upload.conf")),
    (
        "not_modified.conf",
        include_str!("../nginx/shared/not_modified.conf"),
    ),
    ("file.conf", include_str!("../nginx/shared/file.conf")),
    (
        "error_pages.conf",
        include_str!("../nginx/shared/error_pages.conf"),
    ),
    ("own.conf", include_str!("../nginx/shared/own.conf")),
    ("hit.conf", include_str!("../nginx/shared/hit.conf")),
    ("away.conf", include_str!("../nginx/shared/away.conf")),
    ("watch.conf", include_str!("../nginx/shared/watch.conf")),
];

/// Writes [`NGINX_CONF`] and [`SHARED`] into a folder, each whole or not at all.
///
/// # Errors
/// When the disk refuses.
pub fn write_to(dir: &Path) -> io::Result<()> {
    let shared = dir.join("shared");
    std::fs::create_dir_all(&shared)?;
    for (name, text) in SHARED {
        write_whole(&shared.join(name), text)?;
    }
    write_whole(&dir.join("nginx.conf"), NGINX_CONF)
}

/// Writes under another name and renames, so that an nginx that reloads never reads half of a file.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut half = path.as_os_str().to_owned();
    half.push(".half");
    std::fs::write(&half, text)?;
    std::fs::rename(&half, path)
}

/// Returns the `map` that gives each request its key, or none: the same rule as [`Key::parse`](crate::Key::parse).
pub fn key_map() -> String {
    let segment = r"[\w-][\w.-]*";
    let path = format!(r"(?:/{segment})*/{segment}");
    let extension = format!(r"\.[a-z0-9]{{{}}}", both(&EXTENSION_LEN));
    let hash = format!(r"\.[0-9a-f]{{{}}}", both(&HASH_LEN));
    let line = |name: &str, path: String| {
        format!(
            "    \"~^GET (?<{name}>(?=.{{1,{PATH_LEN_MAX}}}$){path})$\" \"{NAMESPACE}${name}\";\n"
        )
    };
    [
        "map \"$request_method $request_uri\" $memcached_key {\n    default \"\";\n".to_owned(),
        line("static_path", format!("/static{path}{hash}{extension}")),
        line("image_path", format!("/i{path}{extension}")),
        "}\n".to_owned(),
    ]
    .concat()
}

fn both(range: &std::ops::RangeInclusive<usize>) -> String {
    format!("{},{}", range.start(), range.end())
}

/// Returns the `types` block: the same table as [`media::TABLE`], a line a type.
pub fn types() -> String {
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    for (extension, media) in media::TABLE {
        match lines
            .iter_mut()
            .find(|(known, _)| *known == media.content_type)
        {
            Some((_, extensions)) => extensions.push(extension),
            None => lines.push((media.content_type, vec![extension])),
        }
    }
    let mut text = "types {\n".to_owned();
    for (content_type, extensions) in lines {
        let quoted = if content_type.contains(' ') {
            format!("\"{content_type}\"")
        } else {
            content_type.to_owned()
        };
        // Writing into a String cannot fail.
        let _infallible = writeln!(text, "    {quoted:<33} {};", extensions.join(" "));
    }
    text + "}\n"
}

/// Returns all of it as one text to read: the files, each below its name.
pub fn printed() -> String {
    let mut text = format!("# ---- nginx.conf ----\n{NGINX_CONF}");
    for (name, content) in SHARED {
        let _infallible = write!(text, "\n# ---- shared/{name} ----\n{content}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{NGINX_CONF, SHARED, key_map, types, write_to};

    /// The lines of a text without their indentation.
    fn lines(text: &str) -> Vec<&str> {
        text.lines().map(str::trim).collect()
    }

    fn contains(text: &str, part: &str) -> bool {
        let (text, part) = (lines(text), lines(part));
        text.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn nginx_conf_makes_keys_by_the_rule_of_this_crate() {
        assert!(contains(NGINX_CONF, &key_map()), "{}", key_map());
    }

    #[test]
    fn nginx_knows_the_types_of_this_crate() {
        let (_, http) = SHARED[0];
        assert!(contains(http, &types()), "{}", types());
    }

    #[test]
    fn everything_that_is_included_is_written() {
        let dir = tempfile::tempdir().unwrap();
        write_to(dir.path()).unwrap();
        let texts = SHARED.iter().map(|(_, text)| *text);
        let shared: BTreeSet<&str> = texts
            .chain([NGINX_CONF])
            .flat_map(str::lines)
            .filter_map(|line| line.trim().strip_prefix("include shared/"))
            .filter_map(|include| Some(include.split_once(';')?.0))
            .collect();
        for name in &shared {
            assert!(dir.path().join("shared").join(name).exists(), "{name}");
        }
        // watch.conf is included by what `Front` writes.
        assert_eq!(shared.len() + 1, SHARED.len(), "and nothing else");
    }
}
