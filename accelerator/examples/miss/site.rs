//! The compared sites: the same files, with the layer and without.

use std::error::Error;

use accelerator::{Accelerator, Options, Policy, gzipped};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use tokio::net::UnixListener;

/// How many bytes a picture has: those of a thumbnail of the site.
const PICTURE_LEN: usize = 12 << 10;
/// How many rules the text has: about as many bytes as the picture.
const RULES: u32 = 240;

/// The kind of file that is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Picture,
    Text,
    /// Text without gzip, which a site with the layer never sends: shows the cost of gzip.
    PlainText,
}

/// The middleware between handler and socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Alone,
    AloneAgain,
    Layer,
    Push,
}

impl Body {
    /// The files requested from each site.
    pub(crate) const ALL: [Self; 2] = [Self::Picture, Self::Text];

    /// A path that was not requested before, if names are unique.
    pub(crate) fn path(self, name: &str, n: u64) -> String {
        match self {
            Self::Picture => format!("/i/{name}/{n}.webp"),
            Self::Text => format!("/static/{name}.{n:016x}.css"),
            Self::PlainText => format!("/plain/{name}.{n:016x}.css"),
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Picture => "a picture",
            Self::Text => "a text, gzipped",
            Self::PlainText => "a text, not gzipped",
        }
    }
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [Self::Alone, Self::AloneAgain, Self::Layer, Self::Push];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::AloneAgain => "again",
            Self::Layer => "layer",
            Self::Push => "push",
        }
    }

    pub(crate) fn words(self, body: Body) -> &'static str {
        match (self, body) {
            (Self::Alone, Body::Text) => "no layer; the handler gzips",
            (Self::AloneAgain, Body::Text) => "the same once more",
            (Self::Alone, _) => "no layer",
            (Self::AloneAgain, _) => "no layer, once more",
            (Self::Layer, _) => "layer, no memcached",
            (Self::Push, _) => "layer with push",
        }
    }
}

#[derive(Clone)]
struct Files {
    picture: Bytes,
    text: Bytes,
    /// Without the layer another middleware has to gzip.
    gzips: bool,
}

/// Serves until it is killed, as an app process does: one thread.
pub(crate) fn serve(
    socket: &str,
    mode: &str,
    memcached: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let has_layer = [Mode::Layer, Mode::Push]
        .iter()
        .any(|with| with.word() == mode);
    let memcached = memcached.map(str::parse).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let files = Files {
            picture: noise(),
            text: rules(),
            gzips: !has_layer,
        };
        let mut router = Router::new()
            .route("/i/{*path}", get(picture))
            .route("/static/{*path}", get(text))
            .route("/plain/{*path}", get(plain_text))
            .with_state(files);
        if has_layer {
            router = router.layer(Accelerator::new(Options::new(memcached)).layer());
        }
        Ok(axum::serve(UnixListener::bind(socket)?, router).await?)
    })
}

async fn picture(State(files): State<Files>) -> impl IntoResponse {
    (
        Extension(Policy::Purgeable),
        [(CONTENT_TYPE, "image/webp")],
        files.picture,
    )
}

async fn text(State(files): State<Files>, request: Request) -> Response {
    let typed = [(CONTENT_TYPE, "text/css; charset=utf-8")];
    if !files.gzips {
        return (Extension(Policy::Immutable), typed, files.text).into_response();
    }
    let (path, plain) = (request.uri().path().to_owned(), files.text.clone());
    let squeezed = tokio::task::spawn_blocking(move || gzipped(&path, &plain)).await;
    match squeezed {
        Ok(Some(squeezed)) => (typed, [(CONTENT_ENCODING, "gzip")], squeezed).into_response(),
        _ => (typed, files.text).into_response(),
    }
}

async fn plain_text(State(files): State<Files>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], files.text)
}

fn noise() -> Bytes {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(PICTURE_LEN).collect()
}

/// CSS rules that compress like handwritten ones.
fn rules() -> Bytes {
    let rule = |n: u32| {
        let colour = n.wrapping_mul(2_654_435_761) >> 8;
        format!(
            ".name-{n} {{ color: #{colour:06x}; margin: {}px }}\n",
            colour % 97
        )
    };
    (0..RULES).map(rule).collect::<String>().into()
}
