//! The whole site on one screen.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use domain::urls::pattern as at;

use super::limits::UPLOAD_BYTES_MAX;
use super::state::AppState;
use super::{
    account, archive, error, explore, lab, people, photo, photostream, pictures, probes, robots,
    statics, upload,
};

/// Files, the same for every visitor.
pub(crate) fn files() -> Router<AppState> {
    Router::new()
        .route(at::STATIC, get(statics::show))
        .route(at::PICTURE, get(pictures::show))
}

/// Addresses for machines.
pub(crate) fn machines(state: &AppState) -> Router<AppState> {
    let machines = Router::new().route(at::ROBOTS, get(robots::show));
    if !state.probes {
        return machines;
    }
    machines
        .route(at::HEALTHZ, get(probes::healthz))
        .route(at::METRICS, get(probes::metrics))
}

/// Pages, and the answer to every path that is none.
pub(crate) fn pages() -> Router<AppState> {
    Router::new()
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
        )
        .fallback(error::nothing_here)
        .method_not_allowed_fallback(error::wrong_method)
}

/// The lab, if it is shown; and what its processes tell each other, if there are several.
pub(crate) fn lab(state: &AppState) -> Router<AppState> {
    if !state.lab.is_shown {
        return Router::new();
    }
    let mut lab = Router::new()
        .route(at::LAB, get(lab::show))
        .route(at::LAB_INDEX, post(lab::change_index))
        .route(at::LAB_LIVE, get(lab::live))
        .route(at::LAB_BENCHMARK, post(lab::benchmark))
        .route(at::LAB_MEASURE, post(lab::measure))
        .route_layer(from_fn_with_state(state.clone(), lab::under_own_names_only));
    if state.lab.live.has_siblings() {
        lab = lab
            .route(at::LAB_PULSE, get(lab::pulse))
            .route(at::LAB_PICTURE, get(lab::picture))
            .route(at::LAB_NEXT, get(lab::next))
            .route(at::LAB_ACT, post(lab::act));
    }
    lab.method_not_allowed_fallback(error::wrong_method)
}
