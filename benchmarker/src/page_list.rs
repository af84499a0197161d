//! The list of pages that a run fetches.

use url::{Position, Url};

use crate::Error;

/// How many pages a list may have, because it is held in memory.
const PAGES_MAX: usize = 5_000_000;

/// The pages of one site that a run fetches: an origin and paths on it.
#[derive(Debug, Clone)]
pub struct PageList {
    pub(crate) origin: Url,
    pub(crate) paths: Vec<Box<str>>,
}

impl PageList {
    /// A list of one page, by its complete address.
    ///
    /// # Errors
    /// When this is not an `http://` address.
    pub fn single(url: &str) -> Result<Self, Error> {
        Self::parse(url, None)
    }

    /// Parses one address or path a line. Empty lines and lines that begin with `#` are skipped;
    /// paths (`/people/anna`) are completed by `base`.
    ///
    /// # Errors
    /// When a line is neither, when the pages belong to different sites (the connections are kept
    /// alive to one), or when there is no page.
    pub fn parse(text: &str, base: Option<&str>) -> Result<Self, Error> {
        let base = base.map(parse_http).transpose()?;
        let mut origin = base.clone();
        let mut paths = Vec::new();
        for (index, line) in without_mark(text).lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let error = |why: &str| Error::invalid(format!("line {}: {why}: {line}", index + 1));
            let url = if line.starts_with('/') {
                let base = base.as_ref().ok_or_else(|| {
                    error("a path needs --base, the address of the site it belongs to")
                })?;
                base.join(line).map_err(|e| error(&e.to_string()))?
            } else {
                parse_http(line).map_err(|e| error(&e.to_string()))?
            };
            let home = origin.get_or_insert_with(|| url.clone());
            if home.origin() != url.origin() {
                return Err(error("all pages of a run must belong to one site"));
            }
            paths.push(path_of(&url).into());
            if paths.len() > PAGES_MAX {
                return Err(Error::invalid(format!(
                    "the list has more than {PAGES_MAX} pages"
                )));
            }
        }
        match origin {
            Some(origin) if !paths.is_empty() => Ok(Self { origin, paths }),
            _ => Err(Error::invalid(
                "the list has no page: write one URL or path a line",
            )),
        }
    }

    /// The same paths on another site; for a list of one page, the page at this address.
    ///
    /// # Errors
    /// When this is not an `http://` address.
    pub fn at(&self, address: &str) -> Result<Self, Error> {
        let other = Self::single(address)?;
        let is_site = other.paths.iter().all(|path| **path == *"/");
        Ok(match self.len() {
            1 if !is_site => other,
            _ => Self {
                origin: other.origin,
                paths: self.paths.clone(),
            },
        })
    }

    /// The address of the page of a list of one, or of the site.
    pub(crate) fn address(&self) -> String {
        let site = &self.origin[..Position::BeforePath];
        match &*self.paths {
            [page] => format!("{site}{page}"),
            _ => site.to_owned(),
        }
    }

    /// How many pages the list has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Always false: a list has at least one page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

/// The text without the byte order mark that editors on Windows write.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The path and query, for the request line.
pub(crate) fn path_of(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

fn parse_http(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|e| {
        Error::invalid(format!(
            "{text} is not an address such as http://127.0.0.1:8080/ ({e})"
        ))
    })?;
    match url.scheme() {
        "http" if url.has_host() => Ok(url),
        "https" => Err(Error::invalid(
            "https is not supported: measure the server behind the TLS front",
        )),
        other => Err(Error::invalid(format!(
            "only http:// is supported, not {other}:"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_by_its_page_or_its_site() {
        let told = |text| PageList::parse(text, None).unwrap().address();
        assert_eq!(told("http://127.0.0.1:81/a?b#c"), "http://127.0.0.1:81/a?b");
        let two = "http://127.0.0.1:81/a\nhttp://127.0.0.1:81/b";
        assert_eq!(told(two), "http://127.0.0.1:81");
    }

    #[test]
    fn comments_and_blank_lines_are_skipped_and_paths_completed() {
        let text = "\u{feff}# people\n\n/people/anna?before=7#top\nhttp://127.0.0.1:81/\n";
        let list = PageList::parse(text, Some("http://127.0.0.1:81")).unwrap();
        assert_eq!(list.paths, ["/people/anna?before=7".into(), "/".into()]);
    }

    #[test]
    fn a_foreign_page_a_path_without_base_and_an_empty_list_are_refused() {
        for text in [
            "http://127.0.0.1/\nhttp://127.0.0.2/\n",
            "/x",
            "# nothing\n",
            "ftp://127.0.0.1/",
            "https://127.0.0.1/",
        ] {
            assert!(PageList::parse(text, None).is_err(), "{text}");
        }
    }
}
