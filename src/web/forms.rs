//! What comes in by query and form, read without guessing.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::error::Error;
use crate::domain::Cursor;

/// The parameters of an address. A parameter that a page does not know is refused by
/// [`Query::only`]: a mistyped address is told so instead of showing something else.
#[derive(Debug)]
pub(super) struct Query(HashMap<String, String>);

impl Query {
    /// Refuses parameters other than these.
    pub(super) fn only(self, known: &[&str]) -> Result<Self, Error> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(self),
            Some(unknown) => {
                let unknown: String = unknown.chars().take(40).collect();
                Err(Error::BadRequest(format!(
                    "This page knows no parameter called “{unknown}”."
                )))
            }
        }
    }

    /// A parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Where in a list of photos the page begins.
    pub(super) fn cursor(&self) -> Result<Cursor, Error> {
        Cursor::parse(self.get("before"), self.get("after"))
            .map_err(|error| Error::BadRequest(error.to_string()))
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        pairs(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

/// The fields of a plain form.
#[derive(Debug)]
pub(super) struct Form(HashMap<String, String>);

impl Form {
    /// A field's value; empty when the form has no such field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|broken| match broken.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
                _ => Error::BadRequest(
                    "The form arrived incomplete. Please send it once more.".to_owned(),
                ),
            })?;
        pairs(&body).map(Self)
    }
}

/// Reads `application/x-www-form-urlencoded`; a name given twice is nobody's form.
fn pairs(text: &[u8]) -> Result<HashMap<String, String>, Error> {
    let mut read = HashMap::new();
    for (name, value) in form_urlencoded::parse(text) {
        if read.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Error::BadRequest("A parameter is given twice.".to_owned()));
        }
    }
    Ok(read)
}
