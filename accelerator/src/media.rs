//! The types of files by extension: one table, which the `types` block of the nginx files repeats.
//!
//! An item in memcached has no type, and nginx knows only the extension. So a file may be stored only if it has
//! the type of its extension.

/// The type of a file, and whether it is worth compressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    /// The value of `Content-Type`, as both the layer and nginx write it.
    pub content_type: &'static str,
    /// Text is stored and sent gzipped; pictures and fonts are compressed already.
    pub is_text: bool,
}

/// Every extension that may be stored, with its type.
pub const TABLE: [(&str, Media); 18] = [
    ("css", text("text/css; charset=utf-8")),
    ("js", text("text/javascript; charset=utf-8")),
    ("json", text("application/json")),
    ("map", text("application/json")),
    ("webmanifest", text("application/manifest+json")),
    ("svg", text("image/svg+xml")),
    ("txt", text("text/plain; charset=utf-8")),
    ("xml", text("text/xml; charset=utf-8")),
    ("wasm", text("application/wasm")),
    ("ico", dense("image/x-icon")),
    ("png", dense("image/png")),
    ("jpg", dense("image/jpeg")),
    ("jpeg", dense("image/jpeg")),
    ("webp", dense("image/webp")),
    ("avif", dense("image/avif")),
    ("gif", dense("image/gif")),
    ("woff2", dense("font/woff2")),
    ("mp4", dense("video/mp4")),
];

const fn text(content_type: &'static str) -> Media {
    Media {
        content_type,
        is_text: true,
    }
}

const fn dense(content_type: &'static str) -> Media {
    Media {
        content_type,
        is_text: false,
    }
}

impl Media {
    /// Returns the type of files with this extension, or `None` if such files are not stored.
    pub fn of(extension: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|(known, _)| *known == extension)
            .map(|(_, media)| *media)
    }

    /// Returns whether a `Content-Type` names this type; the charset may be missing, but not differ.
    pub fn is_named_by(self, content_type: &str) -> bool {
        let charset_fits = match (charset(content_type), charset(self.content_type)) {
            (Some(theirs), Some(ours)) => theirs.eq_ignore_ascii_case(ours),
            (Some(_), None) | (None, _) => true,
        };
        charset_fits && essence(content_type).eq_ignore_ascii_case(essence(self.content_type))
    }
}

fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).map(str::trim);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("charset").then_some(value)
    });
    value.map(|value| value.trim_matches('"'))
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::{Media, TABLE};

    #[test]
    fn the_table_agrees_with_mime_guess() {
        // `map` is a source map here; mime_guess takes it for something else.
        for (extension, media) in TABLE.iter().filter(|(extension, _)| *extension != "map") {
            let guess = mime_guess::from_ext(extension).first_raw().unwrap();
            assert!(
                media.is_named_by(guess),
                "{extension}: {guess} is not {}",
                media.content_type
            );
        }
    }

    #[test]
    fn parameters_and_case_do_not_make_another_type() {
        let css = Media::of("css").unwrap();
        assert!(css.is_named_by("Text/CSS"));
        assert!(css.is_named_by("text/css;charset=utf-8"));
        assert!(css.is_named_by("text/css; Charset=\"UTF-8\""));
        assert!(!css.is_named_by("text/html; charset=utf-8"));
        assert!(!css.is_named_by("text/css; charset=iso-8859-1"));
        assert_eq!(Media::of("exe"), None);
    }
}
