//! Posting a picture.

mod entrance;
mod form;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, HeaderMap};
use axum::response::{IntoResponse as _, Response};

pub(crate) use self::entrance::in_turn;
use db::session::SignedIn;
use domain::urls;
use domain::{Title, Visibility};
use images::Refusal;
use images::disk::UploadRoom;
use site::Site;
use site::upload::{Details, NotAdmitted, Place, PostError};

use self::form::FormError;
use super::error::{Error, see_other};
use super::limits::UPLOAD_BYTES_MAX;
use super::page::Page;
use super::session::Visit;

const NO_ROOM: &str = "The disk of this site is nearly full, so it takes no new photos for now. Please try again later.";

#[derive(Template)]
#[template(path = "upload.html")]
struct Upload<'a> {
    visit: &'a Visit,
    title: &'a str,
    visibility: Visibility,
    mistake: Option<String>,
}

/// Shows the form; a disk that is nearly full is named before a picture is chosen.
pub(super) async fn form(State(site): State<Site>, visit: Visit) -> Result<Page, Error> {
    visit.signed_in()?;
    let no_room = site.disk.may_take_upload(0).is_err();
    let template = Upload {
        visit: &visit,
        title: "",
        visibility: Visibility::Public,
        mistake: no_room.then(|| NO_ROOM.to_owned()),
    };
    Page::show(&visit, &template)
}

pub(super) async fn post(
    State(site): State<Site>,
    visit: Visit,
    mut request: Request,
) -> Result<Response, Error> {
    let viewer = visit.signed_in()?;
    let bytes = announced_bytes(request.headers());
    if bytes > UPLOAD_BYTES_MAX as u64 {
        return Err(Error::TooLarge);
    }
    let room = site.disk.may_take_upload(bytes)?;
    let place = site.uploads.admit(viewer.id).await?;
    entrance::looked_up(&mut request);
    let answer = posted(&site, &visit, viewer, (&place, room), request).await;
    place.give_back().await;
    answer
}

/// How many bytes the body of an upload will have: as announced, and the most where it is sent in chunks.
fn announced_bytes(headers: &HeaderMap) -> u64 {
    headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(UPLOAD_BYTES_MAX as u64)
}

async fn posted(
    site: &Site,
    visit: &Visit,
    viewer: &SignedIn,
    (place, room): (&Place, UploadRoom),
    request: Request,
) -> Result<Response, Error> {
    let again = |title: &str, visibility: Visibility, mistake: String| {
        let template = Upload {
            visit,
            title,
            visibility,
            mistake: Some(mistake),
        };
        let page = Page::with_status(StatusCode::UNPROCESSABLE_ENTITY, visit, &template)?;
        Ok(page.into_response())
    };
    let posted = match form::read(&site.uploads, place, room, request).await {
        Ok(posted) => posted,
        Err(FormError::Refused(refusal)) => {
            return again("", Visibility::Private, said(&refusal));
        }
        Err(FormError::Other(error)) => return Err(error),
    };
    let visibility = posted.visibility.parse().unwrap_or(Visibility::Private);
    let again = |mistake: String| again(&posted.title, visibility, mistake);
    if let Err(error) = posted.visibility.parse::<Visibility>() {
        return again(error.to_string());
    }
    let title = match Title::parse(&posted.title) {
        Ok(title) => title,
        Err(error) => return again(error.to_string()),
    };
    let Some(picture) = posted.picture else {
        return again("Please choose a picture.".to_owned());
    };
    let details = Details { title, visibility };
    match site.uploads.post(place, picture, details).await {
        Ok(photo) => Ok(see_other(&urls::photo(&viewer.name, photo))),
        Err(PostError::Refused(refusal)) => again(said(&refusal)),
        Err(error) => Err(error.into()),
    }
}

/// The sentence for the visitor; the cause goes to the log.
fn said(refusal: &Refusal) -> String {
    tracing::info!(?refusal, "refused an upload");
    refusal.to_string()
}

impl From<NotAdmitted> for Error {
    fn from(error: NotAdmitted) -> Self {
        match error {
            NotAdmitted::Account => Self::UploadsUnderWay,
            NotAdmitted::Process => Self::UploadsBusy,
            NotAdmitted::Database(error) => error.into(),
        }
    }
}

impl From<PostError> for Error {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Busy => Self::UploadsBusy,
            PostError::Database(error) => error.into(),
            error => anyhow::Error::from(error).into(),
        }
    }
}
