//! Every path of the site, built here and nowhere else.
//!
//! Templates and redirects call the functions; the router and tests use the patterns, which stand
//! beside them so that the two cannot drift apart unseen (a test compares them).

use std::fmt::Write as _;

use crate::domain::{CommentId, Cursor, Month, PhotoId, PhotoToken, UserId, Username};

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

/// Everybody, by name; `from` is where in the alphabet the page begins.
pub fn people(from: Option<&str>) -> String {
    match from {
        None => pattern::PEOPLE.to_owned(),
        // Only letters, digits and hyphens come in, which need no escaping.
        Some(from) => format!("{}?from={from}", pattern::PEOPLE),
    }
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

/// Further photos of a month: those taken before this one.
pub fn archive_month_before(name: &Username, month: Month, photo: PhotoId) -> String {
    format!("{}?before={photo}", archive_month(name, month))
}

/// The page of one photo.
pub fn photo(name: &Username, photo: PhotoId) -> String {
    format!("/people/{name}/{photo}")
}

/// The page of one photo with its comments from there on.
pub fn photo_comments(name: &Username, photo: PhotoId, after: CommentId) -> String {
    format!("/people/{name}/{photo}?comments_after={after}")
}

/// Where a form sends who may see a photo.
pub fn photo_visibility(name: &Username, photo: PhotoId) -> String {
    format!("/people/{name}/{photo}/visibility")
}

/// Where a form sends that a photo shall go.
pub fn photo_delete(name: &Username, photo: PhotoId) -> String {
    format!("/people/{name}/{photo}/delete")
}

/// A public picture, for everybody and every cache.
pub fn picture(owner: UserId, token: PhotoToken, width: u32, extension: &str) -> String {
    format!("/i/{owner}/{token}/{width}.{extension}")
}

/// A picture that not everybody may see: always answered by the app, never kept.
pub fn own_picture(name: &Username, photo: PhotoId, width: u32) -> String {
    format!("/people/{name}/{photo}/image/{width}.webp")
}

/// Where to log in, and where to go on from there.
pub fn login(next: Option<&str>) -> String {
    match next {
        None => pattern::LOGIN.to_owned(),
        Some(next) => {
            let mut url = format!("{}?next=", pattern::LOGIN);
            for byte in next.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'/' | b'.' => {
                        url.push(byte.into())
                    }
                    // Writing to a string cannot fail.
                    _ => drop(write!(url, "%{byte:02X}")),
                }
            }
            url
        }
    }
}

fn paged(mut path: String, cursor: Cursor) -> String {
    // Writing to a string cannot fail.
    let _ = match cursor {
        Cursor::Newest => Ok(()),
        Cursor::Before(photo) => write!(path, "?before={photo}"),
        Cursor::After(photo) => write!(path, "?after={photo}"),
    };
    path
}
