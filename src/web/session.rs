//! The session of a request to a page: looked up once, before the handler.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use db::session::SignedIn;
use domain::rung::Rung;
use domain::urls::{self, pattern};
use domain::{Secret, UserId};

use super::csrf;
use super::error::Error;
use super::state::AppState;

/// The cookie that holds a session's secret.
pub(super) const SESSION_COOKIE: &str = "session";

/// The longest path and query that a visitor is led back to. It is written into headers, where each of
/// its bytes may become three, and nginx takes 16 KB of them.
const BACK_BYTES_MAX: usize = 1000;

/// The request to a page, as its handler and template see it.
#[derive(Debug, Clone, Default)]
pub(super) struct Visit {
    /// The account that is logged in.
    pub viewer: Option<SignedIn>,
    /// Whether the lab is shown.
    pub lab: bool,
    /// The version of the ladder that answers, which the lab tells.
    pub rung: Rung,
    /// Path and query of the request.
    pub here: String,
    /// Scheme and host of the page, for links that other sites follow.
    pub origin: Option<String>,
    /// Where logging in leads back to: this page, unless a GET would not show it.
    pub back: Option<String>,
}

impl Visit {
    /// The viewer's id.
    pub(super) fn viewer_id(&self) -> Option<UserId> {
        self.viewer.as_ref().map(|viewer| viewer.id)
    }

    /// The viewer, or the way to log in and come back to this address.
    ///
    /// # Errors
    ///
    /// When the visitor is not logged in.
    pub(super) fn signed_in(&self) -> Result<&SignedIn, Error> {
        self.signed_in_or_back_to(&self.here)
    }

    /// The viewer, or the way to log in and come to a page. Of a form that is its page: its own address
    /// may answer a POST only.
    ///
    /// # Errors
    ///
    /// When the visitor is not logged in.
    pub(super) fn signed_in_or_back_to(&self, page: &str) -> Result<&SignedIn, Error> {
        self.viewer.as_ref().ok_or_else(|| Error::LogInFirst {
            next: within_bounds(page).unwrap_or_default().to_owned(),
        })
    }

    /// Where a visitor logs in, to come back to this page.
    pub(super) fn login_url(&self) -> String {
        let back = self.back.as_deref().and_then(within_bounds);
        // Explore is where one comes to anyway, and of these two no one comes back.
        let is_shown_again = |back: &&str| {
            let path = back.split('?').next().unwrap_or_default();
            *back != pattern::EXPLORE && path != pattern::LOGIN && path != pattern::REGISTER
        };
        urls::login(back.filter(is_shown_again))
    }
}

/// The path and query of a page, if it is short enough to be handed about in headers.
fn within_bounds(page: &str) -> Option<&str> {
    Some(page).filter(|page| page.len() <= BACK_BYTES_MAX)
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Looks up the session before the handler, and leaves the visit for it and for the [error pages](super::error::pages).
pub(crate) async fn session(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let viewer = match viewer(&state, request.headers()).await {
        Ok(viewer) => viewer,
        Err(error) => return Error::from(error).into_response(),
    };
    let here = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, |here| here.as_str().to_owned());
    let matched = request.extensions().get::<MatchedPath>();
    // A private picture is no page to come back to.
    let is_picture = matched.is_some_and(|matched| matched.as_str() == pattern::OWN_PICTURE);
    let shows = matches!(*request.method(), Method::GET | Method::HEAD) && !is_picture;
    let visit = Visit {
        back: shows.then(|| here.clone()),
        viewer,
        lab: state.lab.is_shown,
        rung: state.rung,
        here,
        origin: csrf::own(request.headers()),
    };
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(visit);
    response
}

/// Asks the database for the session, on every page: the fault that versions 0.2 to 0.4 share with
/// the talk. The remedy, a store off the database, is a switch of its own.
async fn viewer(state: &AppState, headers: &HeaderMap) -> Result<Option<SignedIn>, db::Error> {
    match session_secret(headers) {
        Some(secret) => db::session::find(&state.site.db, &secret.hash()).await,
        None => Ok(None),
    }
}

/// The secret in the session cookie, if there is a well-formed one.
pub(super) fn session_secret(headers: &HeaderMap) -> Option<Secret> {
    secret_of(SESSION_COOKIE, headers)
}

/// The secret in the cookie of that name, if there is a well-formed one.
pub(super) fn secret_of(cookie: &str, headers: &HeaderMap) -> Option<Secret> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == cookie)
        .and_then(|(_, secret)| secret.parse().ok())
}
