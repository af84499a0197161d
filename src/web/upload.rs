//! Posting a picture.

use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use time::OffsetDateTime;
use tokio::task::spawn_blocking;

use super::error::{Error, see_other};
use super::page::Page;
use super::site::Site;
use super::visit::Visit;
use crate::db;
use crate::db::photo_write::NewPhoto;
use crate::domain::{Frame, Title, Tone, UserId, Visibility};
use crate::images::{Facts, Refusal, inspect};
use crate::urls;

#[derive(Template)]
#[template(path = "upload.html")]
struct Upload<'a> {
    visit: &'a Visit,
    title: &'a str,
    visibility: Visibility,
    mistake: Option<String>,
}

/// What the form brought.
#[derive(Default)]
struct Posted {
    picture: Bytes,
    title: String,
    visibility: String,
}

pub(super) async fn form(visit: Visit) -> Result<Page, Error> {
    visit.signed_in()?;
    let template = Upload {
        visit: &visit,
        title: "",
        visibility: Visibility::Public,
        mistake: None,
    };
    Page::show(&visit, &template)
}

pub(super) async fn post(
    State(site): State<Site>,
    visit: Visit,
    form: Multipart,
) -> Result<Response, Error> {
    let viewer = visit.signed_in()?.clone();
    let posted = read(form).await?;
    let visibility = posted.visibility.parse().unwrap_or(Visibility::Private);
    let again = |mistake: String| -> Result<Response, Error> {
        let template = Upload {
            visit: &visit,
            title: &posted.title,
            visibility,
            mistake: Some(mistake),
        };
        Ok(Page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &visit, &template)?.into_response())
    };
    if let Err(error) = posted.visibility.parse::<Visibility>() {
        return again(error.to_string());
    }
    let title = match Title::parse(&posted.title) {
        Ok(title) => title,
        Err(error) => return again(error.to_string()),
    };
    if posted.picture.is_empty() {
        return again("Please choose a picture.".to_owned());
    }
    let bytes = posted.picture.clone();
    let facts = match spawn_blocking(move || inspect(&bytes))
        .await
        .map_err(anyhow::Error::from)?
    {
        Ok(facts) => facts,
        Err(refusal) => return again(said(&refusal)),
    };
    let photo = keep(
        &site,
        viewer.id,
        posted.picture.clone(),
        facts,
        title,
        visibility,
    )
    .await?;
    Ok(see_other(&urls::photo(&viewer.name, photo)))
}

/// Writes the original down and then the row that names it; if the row fails, the file goes again.
async fn keep(
    site: &Site,
    owner: UserId,
    picture: Bytes,
    facts: Facts,
    title: Title,
    visibility: Visibility,
) -> Result<crate::domain::PhotoId, Error> {
    let originals = site.originals.clone();
    let filename = spawn_blocking(move || originals.keep(&picture, facts.format))
        .await
        .map_err(anyhow::Error::from)?
        .map_err(anyhow::Error::from)?;
    let frame = Frame {
        width: i32::try_from(facts.width).unwrap_or(i32::MAX),
        height: i32::try_from(facts.height).unwrap_or(i32::MAX),
    };
    let new = NewPhoto {
        owner,
        filename: filename.to_string(),
        title,
        frame,
        tone: Tone(facts.tone.into()),
        visibility,
        taken_at: facts.taken_at.unwrap_or_else(OffsetDateTime::now_utc),
    };
    let written = async {
        let mut tx = site.db.begin().await?;
        let photo = db::photo_write::insert(&mut tx, &new).await?;
        tx.commit().await?;
        Ok::<_, sqlx::Error>(photo)
    };
    match written.await {
        Ok(photo) => Ok(photo),
        Err(error) => {
            let originals = site.originals.clone();
            let deleted = spawn_blocking(move || originals.delete(filename)).await;
            tracing::debug!(
                ?deleted,
                "took back the original of a photo that was not posted"
            );
            Err(error.into())
        }
    }
}

async fn read(mut form: Multipart) -> Result<Posted, Error> {
    let mut posted = Posted::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("picture") => posted.picture = field.bytes().await.map_err(broken)?,
            Some("title") => posted.title = field.text().await.map_err(broken)?,
            Some("visibility") => posted.visibility = field.text().await.map_err(broken)?,
            _ => {}
        }
    }
    Ok(posted)
}

#[allow(clippy::needless_pass_by_value, reason = "given to map_err")]
fn broken(error: MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::BadRequest(
            "The form did not arrive completely. Please send it again.".to_owned(),
        ),
    }
}

/// The sentence for the visitor; the cause goes to the log.
fn said(refusal: &Refusal) -> String {
    tracing::info!(?refusal, "refused an upload");
    refusal.to_string()
}
