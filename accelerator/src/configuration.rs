//! nginx's configuration as text: the repository's `nginx.conf`, and the parts of it that this crate generates.
//!
//! [`write_to`] and [`Front::write_to`](crate::nginx::Front::write_to) write all files that nginx needs into one folder.
//! The rule for keys and the table of types are generated here from the values that [`Key`](crate::Key) and
//! [`media`] use; a test compares the files with them, letter by letter.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::key::{EXTENSION_LEN, HASH_LEN, NAMESPACE, PATH_LEN_MAX};
use crate::media;

/// The front: readable alone, commented like a manual. It includes [`SHARED`] and the files that
/// [`Front`](crate::nginx::Front) generates.
pub const NGINX_CONF: &str = include_str!("../nginx/nginx.conf");

/// The files of the folder `shared`, by name: what any nginx in front of the site has.
pub const SHARED: [(&str, &str); 4] = [
    ("http.conf", include_str!("../nginx/shared/http.conf")),
    ("pages.conf", include_str!("../nginx/shared/pages.conf")),
    ("errors.conf", include_str!("../nginx/shared/errors.conf")),
    ("watch.conf", include_str!("../nginx/shared/watch.conf")),
];

/// Writes [`NGINX_CONF`] and [`SHARED`] into a folder, each file completely or not at all.
///
/// # Errors
/// When a file cannot be written.
pub fn write_to(dir: &Path) -> io::Result<()> {
    let shared = dir.join("shared");
    std::fs::create_dir_all(&shared)?;
    for (name, text) in SHARED {
        write_whole(&shared.join(name), text)?;
    }
    write_whole(&dir.join("nginx.conf"), NGINX_CONF)
}

/// Writes under another name and renames, so that a reloading nginx never reads half of a file.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut half = path.as_os_str().to_owned();
    half.push(".half");
    std::fs::write(&half, text)?;
    std::fs::rename(&half, path)
}

/// Returns the `map` that gives each request its key or an empty one: the same rule as [`Key::parse`](crate::Key::parse).
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

/// Returns the `types` block: [`media::TABLE`], a line a type.
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

/// Returns the `map` that gives text its `Vary`: the extensions of [`media::TABLE`] that are stored gzipped.
pub fn vary_map() -> String {
    let text = media::TABLE.iter().filter(|(_, media)| media.is_text);
    let extensions: Vec<&str> = text.map(|(extension, _)| *extension).collect();
    format!(
        "map $request_uri $file_vary {{\n    default $upstream_http_vary;\n    \"~\\.(?:{})$\" Accept-Encoding;\n}}\n",
        extensions.join("|")
    )
}

/// Returns all files as one text to read, each below its name.
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

    use super::{NGINX_CONF, SHARED, key_map, types, vary_map, write_to};

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
        assert!(contains(NGINX_CONF, &vary_map()), "{}", vary_map());
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
