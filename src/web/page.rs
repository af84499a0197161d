//! The only renderer: a template becomes a response here and nowhere else.

use accelerator::Policy;
use askama::Template;
use axum::Extension;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::error::Error;
use super::session::Visit;

/// What browsers may do with a page: load our own files only, run no inline script or style, show it in no frame.
pub(super) const SECURITY: [(HeaderName, HeaderValue); 2] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// A page of the site. No page may be kept by anybody: what a signed-in visitor sees is theirs
/// alone, and what strangers see is made anew for each.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    policy: Policy,
    retry_after_s: Option<i64>,
    html: String,
}

impl Page {
    /// Renders a page.
    ///
    /// # Errors
    ///
    /// When the template fails, which no template of ours does.
    pub(super) fn show(visit: &Visit, template: &impl Template) -> Result<Self, Error> {
        Self::with_status(StatusCode::OK, visit, template)
    }

    /// Renders a page that is not simply right, such as a form with a mistake in it.
    ///
    /// # Errors
    ///
    /// As [`Page::show`].
    pub(super) fn with_status(
        status: StatusCode,
        visit: &Visit,
        template: &impl Template,
    ) -> Result<Self, Error> {
        let html = template
            .render()
            .map_err(|error| Error::Internal(error.into()))?;
        let policy = match visit.viewer {
            Some(_) => Policy::Private,
            None => Policy::NoStore,
        };
        Ok(Self {
            status,
            policy,
            retry_after_s: None,
            html,
        })
    }

    /// A form once more, which may be sent again after so many seconds.
    pub(super) fn retry_after(self, seconds: i64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let retry_after = self
            .retry_after_s
            .map(|seconds| [(RETRY_AFTER, HeaderValue::from(seconds))]);
        let mut response = (
            self.status,
            [(CONTENT_TYPE, HTML)],
            SECURITY,
            Extension(self.policy),
            self.html,
        )
            .into_response();
        response
            .headers_mut()
            .extend(retry_after.into_iter().flatten());
        response
    }
}
