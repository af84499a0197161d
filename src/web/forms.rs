//! What comes in by query and form, read without guessing.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::Cursor;

use super::error::Error;

/// The parameters of an address.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Keeps these parameters and ignores all others: social networks and newsletters add their
    /// own (`fbclid`, `utm_source`, ...) to every link that is shared.
    ///
    /// # Errors
    ///
    /// When one of these parameters is given twice, so that its value is not clear.
    pub(super) fn only(mut self, known: &[&str]) -> Result<Self, Error> {
        self.0.retain(|(name, _)| known.contains(&name.as_str()));
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok(self),
            Some(pair) => Err(Error::BadRequest(format!(
                "The address contains “{}” twice. Please remove one of them.",
                pair[0]
            ))),
        }
    }

    /// A parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(given, _)| given == name);
        values.next().map(|(_, value)| value.as_str())
    }

    /// Where in a list of photos the page begins.
    pub(super) fn cursor(&self) -> Result<Cursor, Error> {
        Cursor::parse(self.get("before"), self.get("after"))
            .map_err(|error| Error::BadRequest(error.to_string()))
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        ))
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
                    "The form did not arrive completely. Please send it again.".to_owned(),
                ),
            })?;
        pairs(&body).map(Self)
    }
}

/// Reads `application/x-www-form-urlencoded`. Refuses a name that is given twice: no form of the site
/// has two fields of one name.
fn pairs(text: &[u8]) -> Result<HashMap<String, String>, Error> {
    let mut read = HashMap::new();
    for (name, value) in form_urlencoded::parse(text) {
        if read.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Error::BadRequest(
                "The form contains a field twice. Please send it again.".to_owned(),
            ));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    #[test]
    fn parameters_of_others_are_ignored_however_often_they_are_given() {
        let read = query("fbclid=1&before=7&fbclid=2&utm_source=a").only(&["before", "after"]);
        assert_eq!(
            read.unwrap().cursor().unwrap(),
            Cursor::Before(domain::PhotoId(7))
        );
        let twice = query("before=7&before=7").only(&["before"]);
        assert!(matches!(twice, Err(Error::BadRequest(sentence)) if sentence.contains("before")));
    }

    #[test]
    fn a_form_with_a_field_twice_is_refused() {
        assert_eq!(pairs(b"a=1&b=2").unwrap().len(), 2);
        let twice = pairs(b"name=ann&name=bob");
        assert!(matches!(twice, Err(Error::BadRequest(_))), "{twice:?}");
    }
}
