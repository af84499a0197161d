//! The only place that maps errors to a status and a sentence.

use askama::Template;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::page::Page;
use super::visit::Visit;
use crate::images::StoreError;
use crate::site::{AccountError, refusals};
use crate::urls;

/// What can go wrong with a request. The visitor gets a sentence, the log gets the cause.
#[derive(Debug)]
pub(super) enum Error {
    /// There is no such thing, or not for this visitor: the two cannot be told apart from outside.
    NotFound(&'static str),
    /// The address or form says something that makes no sense.
    BadRequest(String),
    /// The visitor may not do that.
    Forbidden(&'static str),
    /// The visitor has to log in first.
    LogInFirst {
        /// Where to go on afterwards; may be empty.
        next: String,
    },
    /// The address answers to other methods.
    Method,
    /// More bytes than we take.
    TooLarge,
    /// The account has as many uploads under way as it may.
    UploadsUnderWay,
    /// Too many uploads are under way for everybody.
    UploadsBusy,
    /// Everybody wants something at the same moment.
    Busy,
    /// It is our fault.
    Internal(anyhow::Error),
}

/// What the error page says, carried in the response until the page is rendered.
#[derive(Debug, Clone)]
struct Said {
    title: &'static str,
    sentence: String,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    visit: &'a Visit,
    status: u16,
    title: &'a str,
    sentence: &'a str,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title, sentence) = match self {
            Self::NotFound(what) => (StatusCode::NOT_FOUND, "Not here", what.to_owned()),
            Self::BadRequest(why) => (StatusCode::BAD_REQUEST, "That makes no sense to us", why),
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, "Not allowed", why.to_owned()),
            Self::LogInFirst { next } => {
                let next = Some(next.as_str()).filter(|next| !next.is_empty());
                return see_other(&urls::login(next));
            }
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Not this way",
                "This address does not answer to such a request.".to_owned(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too large",
                "That is more than we take. A picture may have up to 64 MB.".to_owned(),
            ),
            Self::UploadsUnderWay => {
                return later(
                    StatusCode::TOO_MANY_REQUESTS,
                    "Your other uploads are still under way. Please try again in a few seconds.",
                );
            }
            Self::UploadsBusy => {
                return later(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Many pictures are being uploaded at this moment. Please try again in a few seconds.",
                );
            }
            Self::Busy => return busy(),
            Self::Internal(cause) => {
                tracing::error!(error = format!("{cause:#}"), "a request failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "That went wrong",
                    "The fault is ours. It has been written down; please try again in a moment."
                        .to_owned(),
                )
            }
        };
        said(status, title, sentence)
    }
}

fn said(status: StatusCode, title: &'static str, sentence: String) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Said { title, sentence });
    response
}

fn later(status: StatusCode, sentence: &str) -> Response {
    refusals::log(|| tracing::info!(%status, "refused an upload: too many are under way"));
    let mut response = said(status, "One moment", sentence.to_owned());
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn busy() -> Response {
    let sentence =
        "The site is very busy at this moment, or is just getting up again. Please try again in a second.".to_owned();
    let mut response = said(StatusCode::SERVICE_UNAVAILABLE, "One moment", sentence);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// Sends the visitor to another page, to be fetched by GET.
pub(super) fn see_other(to: &str) -> Response {
    match HeaderValue::try_from(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(error) => Error::Internal(error.into()).into_response(),
    }
}

/// Turns a response that only says what went wrong into a page.
pub(super) fn page(mut response: Response, visit: &Visit) -> Response {
    let Some(said) = response.extensions_mut().remove::<Said>() else {
        return response;
    };
    let status = response.status();
    let mut visit = visit.clone();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        // After logging in it would be as wrong.
        visit.back = None;
    }
    let visit = &visit;
    let template = ErrorPage {
        visit,
        status: status.as_u16(),
        title: said.title,
        sentence: &said.sentence,
    };
    let Ok(page) = Page::with_status(status, visit, &template) else {
        return response;
    };
    let mut page = page.into_response();
    if let Some(seconds) = response.headers_mut().remove(RETRY_AFTER) {
        page.headers_mut().insert(RETRY_AFTER, seconds);
    }
    page
}

/// Answers addresses that nobody listens to.
pub(super) async fn nothing_here() -> Error {
    Error::NotFound("There is no page at this address.")
}

/// Answers a method that an address does not have.
pub(super) async fn wrong_method(method: Method) -> Error {
    tracing::debug!(%method, "not allowed here");
    Error::Method
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // Everybody waits for the database, or it restarts at this moment: come back in a second.
        let restarts = match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
            // Class 57P: the server shuts down, crashed or starts (PostgreSQL's Appendix A).
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| code.starts_with("57P"))
            }
            _ => false,
        };
        if restarts {
            tracing::warn!(%error, "the database is away");
            return Self::Busy;
        }
        Self::Internal(error.into())
    }
}

impl From<AccountError> for Error {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Database(error) => error.into(),
            AccountError::Hashing(error) => Self::Internal(error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Unknown => Self::Busy,
            StoreError::Gone => Self::NotFound("This picture is no longer here."),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}
