//! Every path of the site, built here and nowhere else.
//!
//! Templates and redirects call the functions; the router and tests use the patterns, which are
//! defined beside them.

use std::fmt::Write as _;

use crate::{
    CommentId, CountCursor, Cursor, Month, NameCursor, PhotoId, PhotoToken, TakenCursor, UserId,
    Username,
};

/// The patterns that `web::routes` listens to.
pub mod pattern {
    #![allow(
        missing_docs,
        reason = "each is the pattern of the function of the same name"
    )]
    pub const EXPLORE: &str = "/";
    pub const PEOPLE: &str = "/people";
    pub const PERSON: &str = "/people/{name}";
    pub const ARCHIVE: &str = "/people/{name}/archive";
    pub const ARCHIVE_MONTH: &str = "/people/{name}/archive/{month}";
    pub const PHOTO: &str = "/people/{name}/{photo_id}";
    pub const PHOTO_VISIBILITY: &str = "/people/{name}/{photo_id}/visibility";
    pub const PHOTO_DELETE: &str = "/people/{name}/{photo_id}/delete";
    pub const OWN_PICTURE: &str = "/people/{name}/{photo_id}/image/{file}";
    pub const PICTURE: &str = "/i/{owner}/{token}/{file}";
    pub const STATIC: &str = "/static/{file}";
    pub const ROBOTS: &str = "/robots.txt";
    pub const UPLOAD: &str = "/upload";
    pub const REGISTER: &str = "/register";
    pub const LOGIN: &str = "/login";
    pub const LOGOUT: &str = "/logout";
    pub const LAB: &str = "/lab";
    pub const LAB_INDEX: &str = "/lab/index";
    pub const LAB_MEASURE: &str = "/lab/measure";
    pub const LAB_BENCHMARK: &str = "/lab/benchmark";
    pub const LAB_LIVE: &str = "/lab/live";
    pub const LAB_PULSE: &str = "/metrics/lab/pulse";
    pub const LAB_PICTURE: &str = "/metrics/lab/picture";
    pub const LAB_NEXT: &str = "/metrics/lab/next";
    pub const LAB_ACT: &str = "/metrics/lab/act";
    pub const HEALTHZ: &str = "/healthz";
    pub const METRICS: &str = "/metrics";
}

/// The newest public photos.
pub fn explore(cursor: Cursor) -> String {
    paged("/".to_owned(), cursor)
}

/// A page of the list of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People<'a> {
    /// All of them by name, from the beginning.
    All,
    /// By name, from this name or its first letters on.
    From(&'a str),
    /// By name, after a place in the list.
    After(&'a NameCursor),
    /// By their number of photos, the most first.
    MostPhotos(Option<CountCursor>),
}

/// `from` of the names that come after z: those of other alphabets.
pub const AFTER_Z: &str = "~";

/// The list of people.
pub fn people(page: People<'_>) -> String {
    let mut url = pattern::PEOPLE.to_owned();
    match page {
        People::All => {}
        People::From(from) => {
            url.push_str("?from=");
            push_escaped(&mut url, from);
        }
        People::After(cursor) => {
            url.push_str("?after=");
            push_escaped(&mut url, &cursor.to_string());
        }
        People::MostPhotos(cursor) => {
            url.push_str("?order=photos");
            if let Some(cursor) = cursor {
                // Writing to a string cannot fail.
                let _ = write!(url, "&after={cursor}");
            }
        }
    }
    url
}

/// A person's photostream.
pub fn person(name: &Username, cursor: Cursor) -> String {
    paged(format!("/people/{name}"), cursor)
}

/// A person's archive: the newest month.
pub fn archive(name: &Username) -> String {
    format!("/people/{name}/archive")
}

/// A month of a person's archive.
pub fn archive_month(name: &Username, month: Month) -> String {
    format!("/people/{name}/archive/{month}")
}

/// Further photos of a month: those taken before the last one of a page.
pub fn archive_month_before(name: &Username, month: Month, last: TakenCursor) -> String {
    format!("{}?before={last}", archive_month(name, month))
}

/// The page of one photo.
pub fn photo(name: &Username, photo: PhotoId) -> String {
    format!("/people/{name}/{photo}")
}

/// The page of one photo with its comments from there on.
pub fn photo_comments(name: &Username, photo: PhotoId, after: CommentId) -> String {
    format!("/people/{name}/{photo}?comments_after={after}")
}

/// The target of the form that changes the visibility of a photo.
pub fn photo_visibility(name: &Username, photo: PhotoId) -> String {
    format!("/people/{name}/{photo}/visibility")
}

/// The target of the form that deletes a photo.
pub fn photo_delete(name: &Username, photo: PhotoId) -> String {
    format!("/people/{name}/{photo}/delete")
}

/// A public picture, which every cache may store.
pub fn picture(owner: UserId, token: PhotoToken, width: u32, extension: &str) -> String {
    format!("/i/{owner}/{token}/{width}.{extension}")
}

/// A picture that is not public: always sent by the app, never stored in a cache.
pub fn own_picture(name: &Username, photo: PhotoId, width: u32) -> String {
    format!("/people/{name}/{photo}/image/{width}.webp")
}

/// The login page, with the page to return to.
pub fn login(next: Option<&str>) -> String {
    match next {
        None => pattern::LOGIN.to_owned(),
        Some(next) => {
            let mut url = format!("{}?next=", pattern::LOGIN);
            push_escaped(&mut url, next);
            url
        }
    }
}

/// Percent-encodes the value of a query parameter.
fn push_escaped(url: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'/' | b'.' | b'~' => {
                url.push(byte.into())
            }
            // Writing to a string cannot fail.
            _ => drop(write!(url, "%{byte:02X}")),
        }
    }
}

/// The parameters that pages of the site know; what others add to a link is no part of its address.
const PARAMETERS: [&str; 7] = [
    "before",
    "after",
    "from",
    "order",
    "q",
    "comments_after",
    "next",
];

/// The address of the page that a path means but does not spell: with a slash at its end, or with
/// capital letters. `None` when the path is spelled right or means no page.
///
/// The result is put together from parsed parts, so that it can never lead to another site.
pub fn canonical(path: &str, query: Option<&str>) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let trimmed = lower.trim_end_matches('/');
    if trimmed == path || path.len() > PATH_LEN_MAX {
        return None;
    }
    let parts: Vec<&str> = trimmed.strip_prefix('/')?.split('/').collect();
    let mut url = match parts[..] {
        ["people"] => pattern::PEOPLE.to_owned(),
        ["login"] => pattern::LOGIN.to_owned(),
        ["register"] => pattern::REGISTER.to_owned(),
        ["upload"] => pattern::UPLOAD.to_owned(),
        ["lab"] => pattern::LAB.to_owned(),
        ["people", name] => person(&Username::parse(name).ok()?, Cursor::Newest),
        ["people", name, "archive"] => archive(&Username::parse(name).ok()?),
        ["people", name, "archive", month] => {
            archive_month(&Username::parse(name).ok()?, month.parse().ok()?)
        }
        ["people", name, id] => photo(&Username::parse(name).ok()?, id.parse().ok()?),
        _ => return None,
    };
    let known = query.into_iter().flat_map(|query| query.split('&'));
    let known = known.filter(|pair| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        PARAMETERS.contains(&name)
    });
    for (place, pair) in known.enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.push_str(pair);
    }
    Some(url)
}

/// How long the path of a page can be, with room: `/people/`, a name of 30, `/archive/`, a month.
const PATH_LEN_MAX: usize = 100;

fn paged(mut path: String, cursor: Cursor) -> String {
    // Writing to a string cannot fail.
    let _ = match cursor {
        Cursor::Newest => Ok(()),
        Cursor::Before(photo) => write!(path, "?before={photo}"),
        Cursor::After(photo) => write!(path, "?after={photo}"),
    };
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_spelled_otherwise_has_one_right_address() {
        for (path, query, right) in [
            ("/people/", None, "/people"),
            ("/People", None, "/people"),
            ("/people/Ann-1/", None, "/people/ann-1"),
            ("/people/ANN///", None, "/people/ann"),
            ("/people/Ann/17/", None, "/people/ann/17"),
            ("/people/ann/archive/", None, "/people/ann/archive"),
            (
                "/people/ann/Archive/2020-05/",
                Some("fbclid=1&before=2020-05-20T10:00:00Z.17"),
                "/people/ann/archive/2020-05?before=2020-05-20T10:00:00Z.17",
            ),
            (
                "/people/",
                Some("q=%C3%A9&utm_source=x&order=photos"),
                "/people?q=%C3%A9&order=photos",
            ),
            ("/people/ann/", Some("ref=a&ref=b"), "/people/ann"),
            ("/LOGIN/", Some("next=/people"), "/login?next=/people"),
        ] {
            assert_eq!(canonical(path, query).as_deref(), Some(right), "{path}");
        }
    }

    #[test]
    fn other_paths_lead_nowhere_and_never_to_another_site() {
        for path in [
            "",
            "/",
            "//",
            "///",
            "/people",
            "/people/ann",
            "/people/ann/17",
            "//a.example/",
            "/\\a.example/",
            "//people/",
            "/people//ann/",
            "/people/a/",
            "/people/ann/017/",
            "/people/ann/17/delete/",
            "/people/ann/archive/2020-13/",
            "/i/1/AAAA/640.webp/",
            "/static/Site.css",
            "/people/Ånn/",
            "/people/..%2f/",
            "no-slash/",
        ] {
            assert_eq!(canonical(path, Some("before=1")), None, "{path:?}");
        }
    }

    #[test]
    fn whatever_a_cursor_holds_stays_one_value_of_the_address() {
        let cursor = NameCursor {
            sort_name: "a&b=c é#".to_owned(),
            person: UserId(7),
        };
        assert_eq!(
            people(People::After(&cursor)),
            "/people?after=7.a%26b%3Dc%20%C3%A9%23"
        );
        assert_eq!(people(People::From(AFTER_Z)), "/people?from=~");
    }
}
