//! The lab: the site while it works, the userid index, and the buttons.

pub(crate) mod count;
mod drawing;
mod events;
mod histogram;
mod hosts;
mod panels;
mod picture;
mod plans;
mod result;
mod told;

use std::convert::Infallible;
use std::time::Duration;

use accelerator::Policy;
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::urls::pattern;
use ladder::lab::{Action, Reading};
use picture::Picture;
use tokio::time::Instant;

use super::error::{Error, see_other};
use super::forms::Form;
use super::page::Page;
use super::session::Visit;
use crate::web::state::Lab;

pub(super) use hosts::under_own_names_only;

/// How long a stream lasts before the browser has to ask again: an open lab must not hold up a stop of
/// the site, which waits for requests in flight.
const STREAM_LASTS: Duration = Duration::from_secs(4);

/// How soon the browser asks again.
const RETRY: Duration = Duration::from_millis(100);

/// Tells nginx to pass on at once what would wait in its buffers for more.
const UNBUFFERED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);

#[derive(Template)]
#[template(path = "lab.html")]
struct LabPage<'a> {
    visit: &'a Visit,
    picture: String,
    live_url: &'a str,
    lives: bool,
}

/// The page; the picture in it is up to date without a script as well.
pub(super) async fn show(State(lab): State<Lab>, visit: Visit) -> Result<Page, Error> {
    let drawn = lab.live.elsewhere(pattern::LAB_PICTURE).await;
    let (picture, lives) = match drawn {
        Some(picture) => (picture, true),
        None => {
            let scene = lab.live.snapshot().await;
            (Picture::of(&scene).render_whole()?, scene.lives)
        }
    };
    let template = LabPage {
        visit: &visit,
        picture,
        live_url: pattern::LAB_LIVE,
        lives,
    };
    Page::show(&visit, &template)
}

/// The picture of each second, for some seconds; then the browser comes back.
pub(super) async fn live(State(lab): State<Lab>) -> Response {
    let until = Instant::now() + STREAM_LASTS;
    let pictures = futures::stream::unfold(lab, move |lab| async move {
        if Instant::now() >= until {
            return None;
        }
        let picture = next_picture(&lab).await.ok()?;
        Some((Ok::<_, Infallible>(event(&picture)), lab))
    });
    (
        [
            UNBUFFERED,
            (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        ],
        Extension(Policy::NoStore),
        Body::from_stream(pictures),
    )
        .into_response()
}

/// A server-sent event (HTML, 9.2.6): its data line by line, and how soon to come back. By hand, because
/// axum's writes a caching header, and those come from one place.
fn event(data: &str) -> String {
    let mut event = format!("retry: {}\n", RETRY.as_millis());
    for line in data.lines() {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    event
}

async fn next_picture(lab: &Lab) -> Result<String, Error> {
    match lab.live.elsewhere(pattern::LAB_NEXT).await {
        Some(picture) => Ok(picture),
        None => Picture::of(&*lab.live.next_snapshot().await).render_whole(),
    }
}

/// Drops or creates the userid index; no other index can be named.
pub(super) async fn change_index(State(lab): State<Lab>, form: Form) -> Result<Response, Error> {
    if form.get("index") != "userid" {
        return Err(Error::Forbidden(
            "Only the userid index can be dropped and created here.",
        ));
    }
    match Action::named(form.get("action")) {
        Some(action @ (Action::Drop | Action::Create)) => Ok(ask_for(&lab, action).await),
        _ => Err(Error::BadRequest(
            "The index can be dropped or created.".to_owned(),
        )),
    }
}

/// Runs the benchmark, or ends it early.
pub(super) async fn benchmark(State(lab): State<Lab>, form: Form) -> Result<Response, Error> {
    match Action::named(form.get("action")) {
        Some(action @ (Action::Benchmark | Action::Stop)) => Ok(ask_for(&lab, action).await),
        _ => Err(Error::BadRequest(
            "The benchmark can be run or stopped.".to_owned(),
        )),
    }
}

/// Measures the photostream as things are.
pub(super) async fn measure(State(lab): State<Lab>) -> Response {
    ask_for(&lab, Action::Measure).await
}

/// Has it done by the process that draws, where it will be seen how it goes.
async fn ask_for(lab: &Lab, action: Action) -> Response {
    let form = format!("action={}", action.name());
    if !lab.live.acts_elsewhere(pattern::LAB_ACT, &form).await {
        lab.live.act(action).await;
    }
    see_other(pattern::LAB)
}

// What follows is told to the siblings of this process only, on its own socket.

/// The counters of this process.
pub(super) async fn pulse(State(lab): State<Lab>) -> Json<Reading> {
    Json(lab.live.request_counters().read())
}

/// The picture as it is.
pub(super) async fn picture(State(lab): State<Lab>) -> Result<String, Error> {
    Picture::of(&*lab.live.snapshot().await).render_whole()
}

/// The picture of the next second.
pub(super) async fn next(State(lab): State<Lab>) -> Result<String, Error> {
    Picture::of(&*lab.live.next_snapshot().await).render_whole()
}

/// Does what a sibling was asked for.
pub(super) async fn act(State(lab): State<Lab>, form: Form) -> Result<String, Error> {
    let action = Action::named(form.get("action"));
    let action = action.ok_or_else(|| Error::BadRequest("There is no such action.".to_owned()))?;
    lab.live.act(action).await;
    Ok(String::new())
}
