//! The whole site on one screen.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use domain::urls::pattern as at;

use super::{
    account, archive, error, explore, lab, origin, people, photo, photostream, pictures, probes,
    robots, state::AppState, statics, upload, visit,
};

/// How many bytes the form of a page may have; an upload may have more.
const FORM_BYTES_MAX: usize = 64 << 10;

/// How many bytes an upload may have, its form included: as in nginx.conf.
pub(super) const UPLOAD_BYTES_MAX: usize = 64 << 20;

/// How many bytes of it a picture may have, so that the other fields have room; script checks this before it sends.
pub(super) const PICTURE_BYTES_MAX: usize = UPLOAD_BYTES_MAX - FORM_BYTES_MAX;

/// Every address of the site.
pub fn router(state: AppState) -> Router {
    let mut files = Router::new()
        .route(at::STATIC, get(statics::show))
        .route(at::PICTURE, get(pictures::show))
        .route(at::ROBOTS, get(robots::show));
    if state.probes {
        files = files
            .route(at::HEALTHZ, get(probes::healthz))
            .route(at::METRICS, get(probes::metrics));
    }

    let mut pages = Router::new()
        .route(at::EXPLORE, get(explore::show))
        .route(at::PEOPLE, get(people::show))
        .route(at::PERSON, get(photostream::show))
        .route(at::ARCHIVE, get(archive::newest))
        .route(at::ARCHIVE_MONTH, get(archive::show))
        .route(at::PHOTO, get(photo::show))
        .route(at::PHOTO_VISIBILITY, post(photo::change_visibility))
        .route(at::PHOTO_DELETE, post(photo::delete))
        .route(at::OWN_PICTURE, get(pictures::show_own))
        .route(
            at::REGISTER,
            get(account::register_form).post(account::register),
        )
        .route(at::LOGIN, get(account::login_form).post(account::login))
        .route(at::LOGOUT, post(account::logout))
        .route(
            at::UPLOAD,
            get(upload::form)
                .post(upload::post)
                .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
        );
    if state.lab.is_shown {
        let seen = Router::new()
            .route(at::LAB, get(lab::show))
            .route(at::LAB_INDEX, post(lab::change_index))
            .route(at::LAB_LIVE, get(lab::live))
            .route(at::LAB_BENCHMARK, post(lab::benchmark))
            .route(at::LAB_MEASURE, post(lab::measure))
            .route_layer(from_fn_with_state(state.clone(), lab::under_own_names_only));
        pages = pages.merge(seen);
        if state.lab.live.has_siblings() {
            pages = pages
                .route(at::LAB_PULSE, get(lab::pulse))
                .route(at::LAB_PICTURE, get(lab::picture))
                .route(at::LAB_NEXT, get(lab::next))
                .route(at::LAB_ACT, post(lab::act));
        }
    }

    files
        .merge(
            pages
                .fallback(error::nothing_here)
                .method_not_allowed_fallback(error::wrong_method),
        )
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(origin::same_origin_only))
        .layer(from_fn_with_state(state.clone(), visit::recognise))
        .layer(from_fn(upload::in_turn))
        .layer(from_fn(error::to_canonical))
        .with_state(state)
}
