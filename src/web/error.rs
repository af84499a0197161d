//! The only place that maps errors to a status and a sentence.

use askama::Template;
use axum::extract::Request;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use db::pool;
use db::transient_error::TransientError;
use domain::urls;
use images::StoreError;
use images::disk::{NoRoom, is_disk_full};
use site::picture::PictureError;
use site::{AccountError, log_throttle};

use super::page::Page;
use super::session::Visit;

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
    /// The process has as many uploads under way as it takes.
    UploadsBusy,
    /// Too many requests wait for the same resource.
    Busy,
    /// The request took longer than it may.
    Late {
        /// Whether it was an upload, which may take longer than others.
        is_upload: bool,
    },
    /// The database connection was closed: a request that only reads is answered once more (`visit`).
    Cut,
    /// The disk is nearly full: what would take room is refused before it is begun.
    NoRoom,
    /// The disk is full: what was to be written could not be.
    DiskFull,
    /// It is our fault.
    Internal(anyhow::Error),
}

/// Marks a response that failed because its database connection was closed.
#[derive(Debug, Clone, Copy)]
struct WasCut;

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
            Self::NotFound(what) => (StatusCode::NOT_FOUND, "Page not found", what.to_owned()),
            Self::BadRequest(why) => (StatusCode::BAD_REQUEST, "Bad request", why),
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, "Not allowed", why.to_owned()),
            Self::LogInFirst { next } => {
                let next = Some(next.as_str()).filter(|next| !next.is_empty());
                return see_other(&urls::login(next));
            }
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Not allowed",
                "This page cannot be used in this way. Please go back and try again.".to_owned(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "File too large",
                "A picture may have up to 64 MB, every other form up to 64 KB. Go back to change what \
                 you sent."
                    .to_owned(),
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
            Self::Late { is_upload } => return late(is_upload),
            Self::Cut => {
                let mut response = busy();
                response.extensions_mut().insert(WasCut);
                return response;
            }
            Self::NoRoom => return no_room(),
            Self::DiskFull => return disk_full(),
            Self::Internal(cause) => {
                tracing::error!(error = format!("{cause:#}"), "a request failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong",
                    "This is our fault, and it has been logged. Please try again in a moment."
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
    log_throttle::log(|| tracing::info!(%status, "refused an upload: too many are under way"));
    let mut response = said(status, "One moment", sentence.to_owned());
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn busy() -> Response {
    let sentence = "The site is busy or restarting. Please try again in a few seconds.".to_owned();
    come_back(
        StatusCode::SERVICE_UNAVAILABLE,
        2,
        "Temporarily unavailable",
        sentence,
    )
}

fn late(is_upload: bool) -> Response {
    let sentence = match is_upload {
        true => {
            "The upload took longer than three minutes, so it was ended. A smaller picture, or a faster \
            line, needs less time."
        }
        false => "This took too long, so it was ended. Please try again in a few seconds.",
    };
    let title = "Temporarily unavailable";
    come_back(
        StatusCode::SERVICE_UNAVAILABLE,
        5,
        title,
        sentence.to_owned(),
    )
}

fn no_room() -> Response {
    let sentence =
        "The disk of this site is nearly full, so it takes no new photos and no new accounts \
        for now. Nothing was stored. Everything else works as usual; please try again later."
            .to_owned();
    come_back(
        StatusCode::INSUFFICIENT_STORAGE,
        300,
        "No room left",
        sentence,
    )
}

fn disk_full() -> Response {
    let sentence =
        "The disk of this site is full, so this could not be stored and nothing has changed. \
        Photos can still be looked at; please try again in a minute."
            .to_owned();
    come_back(
        StatusCode::SERVICE_UNAVAILABLE,
        30,
        "No room left",
        sentence,
    )
}

/// A page that says when to come back.
fn come_back(status: StatusCode, seconds: u32, title: &'static str, sentence: String) -> Response {
    let mut response = said(status, title, sentence);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Sends the visitor to another page, to be fetched by GET.
pub(super) fn see_other(to: &str) -> Response {
    match HeaderValue::try_from(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(error) => Error::Internal(error.into()).into_response(),
    }
}

/// Sends a GET of a misspelled path to the page's one address, before any work is done for it.
pub(crate) async fn to_canonical(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let uri = request.uri();
    match urls::canonical(uri.path(), uri.query()) {
        Some(url) if reads => moved(&url),
        _ => next.run(request).await,
    }
}

fn moved(to: &str) -> Response {
    let mut response = see_other(to);
    if response.status() == StatusCode::SEE_OTHER {
        *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    }
    response
}

/// Whether a request failed because its database connection was closed.
pub(super) fn was_cut(response: &Response) -> bool {
    response.extensions().get::<WasCut>().is_some()
}

/// Turns responses that only say what went wrong into pages for their visitor.
pub(crate) async fn pages(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let visit = response.extensions_mut().remove::<Visit>();
    page(response, &visit.unwrap_or_default())
}

/// Turns a response that only says what went wrong into a page.
fn page(mut response: Response, visit: &Visit) -> Response {
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

/// Answers a request that took longer than it may, outside of the routes: whose it is, is not known there.
pub fn took_too_long(is_upload: bool) -> Response {
    page(Error::Late { is_upload }.into_response(), &Visit::default())
}

/// Answers a request that failed outside of the routes, and logs the cause.
pub fn failed(cause: &str) -> Response {
    let error = Error::Internal(anyhow::anyhow!("{cause}"));
    page(error.into_response(), &Visit::default())
}

/// Answers requests for a path without a route.
pub(super) async fn nothing_here() -> Error {
    Error::NotFound("There is no page at this address.")
}

/// Answers a method for which a route has no handler.
pub(super) async fn wrong_method(method: Method) -> Error {
    tracing::debug!(%method, "not allowed here");
    Error::Method
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        if pool::was_cut(&error) {
            tracing::warn!(%error, "a database connection was closed");
            return Self::Cut;
        }
        match TransientError::of(&error) {
            Some(TransientError::Unavailable) => {
                tracing::warn!(%error, "the database is away");
                Self::Busy
            }
            Some(TransientError::DiskFull) => {
                tracing::warn!(%error, "the disk of the database is full");
                Self::DiskFull
            }
            Some(TransientError::Cancelled) => {
                tracing::warn!(%error, "the database ended a statement");
                Self::Busy
            }
            None => Self::Internal(error.into()),
        }
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

impl From<PictureError> for Error {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::NotPublic => {
                Self::NotFound("This picture does not exist, or it has been deleted.")
            }
            PictureError::Store(StoreError::Busy | StoreError::Unknown) => Self::Busy,
            PictureError::Store(StoreError::Gone) => {
                Self::NotFound("This picture has been deleted.")
            }
            PictureError::Database(error) => error.into(),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<NoRoom> for Error {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        let error = match error.downcast::<db::Error>() {
            Ok(error) => return error.into(),
            Err(error) => error,
        };
        if is_disk_full(&error) {
            tracing::warn!(error = format!("{error:#}"), "the disk is full");
            return Self::DiskFull;
        }
        Self::Internal(error)
    }
}
